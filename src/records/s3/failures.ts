// What an answer of S3, or none, means: the one table that makes an error with a code of what the server or
// the network says. Secrets never get into messages: only the code and the first words of an answer do.
import { DroverError, type ErrorCode } from '../../errors.ts';

/** What the server says, by its code, else by the status. The first row that matches counts. */
const rows: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^NoSuchBucket$/, 'E_STORE_DATABASE'],
  [
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken|TokenRefreshRequired|401)$/,
    'E_STORE_AUTH',
  ],
  [/^(QuotaExceeded|EntityTooLarge|InsufficientCapacity|507)$/, 'E_STORE_REFUSES'],
  [/^(SlowDown|Throttling|TooManyRequests|RequestLimitExceeded|429)$/, 'E_STORE_REFUSES'],
  [
    /^(RequestTimeTooSkewed|PermanentRedirect|AuthorizationHeaderMalformed|TemporaryRedirect)$/,
    'E_STORE_FAULT',
  ],
  [/^(AccessDenied|AllAccessDisabled|403)$/, 'E_STORE_RIGHTS'],
  [
    /^(RequestTimeout|BadDigest|InternalError|ServiceUnavailable|OperationAborted|408|409|5\d\d)$/,
    'E_STORE_DOWN',
  ],
];
const TLS = /does not support SSL|CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|^ERR_(SSL|TLS|OSSL)|EPROTO/;

/** What the server has answered. */
export interface S3Refusal {
  status: number;
  /** Of the XML; empty where there is none, as for HEAD. */
  code: string;
  message: string;
}

/** The DroverError for an answer that is no success. E_STORE_FAULT for what is in no table. */
export function refusalFailure(
  name: string,
  what: string,
  { status, code, message }: S3Refusal,
): DroverError {
  const by = (text: string) => (text === '' ? undefined : rows.find(([says]) => says.test(text))?.[1]);
  const says = [code, message].filter(Boolean).join(': ').replace(/\.+$/, '').slice(0, 300);
  return new DroverError(
    by(code) ?? by(String(status)) ?? 'E_STORE_FAULT',
    `${name}: ${what}: ${says || 'refused'} (${status}).`,
  );
}

/** The DroverError for a connection that failed. */
export function connectionFailure(name: string, error: unknown): DroverError {
  if (error instanceof DroverError) return error;
  const { message, code = '' } = error as NodeJS.ErrnoException;
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined)?.message : undefined;
  const said = (message || inner || code || String(error)).replace(/\.+$/, '');
  return new DroverError(TLS.test(code) ? 'E_STORE_TLS' : 'E_STORE_DOWN', `${name}: ${said}.`, {
    cause: error,
  });
}
