// Why a proxy did not bring a connection to the server.
import type { ProxyAddress } from '../../config/proxy-address.ts';
import { type ErrorCode, type Failure, failure } from '../../errors.ts';

export class Undialled extends Error {
  readonly failure: Failure;
  /** The proxy could not reach this address of the server. It may reach another. */
  readonly isOfAddress: boolean;

  constructor(reason: Failure, isOfAddress = false) {
    super(reason.message);
    this.failure = reason;
    this.isOfAddress = isOfAddress;
  }
}

export function undialled(
  code: ErrorCode,
  { name }: ProxyAddress,
  why: string,
  isOfAddress = false,
): Undialled {
  return new Undialled(failure(code, `${name}: ${why}`), isOfAddress);
}
