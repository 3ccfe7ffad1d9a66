// A server that is slow or away holds its callers back, and nothing is given up: it is tried until it works.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DroverError } from '../../errors.ts';
import { connectionFailure } from './failures.ts';

/** Waits between two tries while the server cannot be used. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3000;

export interface PatientTry {
  /** The name of the bucket. */
  readonly name: string;
  /** Told each time that it fails. */
  onTrouble(failure: DroverError): void;
  /** Whether it is tried no more. */
  isClosed(): boolean;
}

/** Resolves when `act` has worked. Throws its error, of layer store, only when nobody waits any more. */
export async function patiently<T>(
  { name, onTrouble, isClosed }: PatientTry,
  act: () => Promise<T>,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await act();
    } catch (error) {
      const failure = connectionFailure(name, error);
      onTrouble(failure);
      if (isClosed()) throw failure;
    }
    await sleep(waitMs);
  }
}
