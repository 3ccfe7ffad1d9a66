// What an error of PostgreSQL means: the one table that makes an error with a code of what the server, TLS or
// the network says. Passwords never get into messages: the server does not repeat them.
import { DroverError, type ErrorCode } from '../../errors.ts';

/** By SQLSTATE, or by the first two characters of it: its class. */
const byState: Readonly<Record<string, ErrorCode>> = {
  '28': 'E_STORE_AUTH',
  '3D': 'E_STORE_DATABASE',
  '42501': 'E_STORE_RIGHTS',
  // Somebody has removed the tables; they are made again.
  '42P01': 'E_STORE_TABLES',
  '3F': 'E_STORE_TABLES',
  '25006': 'E_STORE_REFUSES',
  '40': 'E_STORE_REFUSES',
  '53': 'E_STORE_REFUSES',
  '55': 'E_STORE_REFUSES',
  '58': 'E_STORE_REFUSES',
  '57': 'E_STORE_DOWN',
  '08': 'E_STORE_DOWN',
};

/** What pg says when the server asks for a password and it has none. */
const NO_PASSWORD = /password must be a/i;

/** What pg, TLS and the network say, in a code or in words alone. The first row that matches counts. */
const byWords: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^no password/, 'E_STORE_AUTH'],
  [/does not support SSL|CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|^ERR_(SSL|TLS|OSSL)|EPROTO/, 'E_STORE_TLS'],
  [/^(ECONN|ENOENT|EAI_|ENOTFOUND|ETIMEDOUT|EPIPE|EHOST|ENET|EACCES)/, 'E_STORE_DOWN'],
  [/terminated|timeout|timed out|Client has encountered a connection error/i, 'E_STORE_DOWN'],
];

/** The DroverError for an error of PostgreSQL; E_STORE_FAULT for what is in no table. */
export function storeFailure(error: unknown, name: string): DroverError {
  if (error instanceof DroverError) return error;
  const { message, code = '' } = error as NodeJS.ErrnoException;
  const inner =
    error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined;
  const text = (message || inner?.message || code || String(error)).replace(/\s+/g, ' ').replace(/\.+$/, '');
  const said = NO_PASSWORD.test(text) ? 'no password was given' : text;
  const state = /^[0-9A-Z]{5}$/.test(code) ? code : '';
  const found =
    byState[state] ??
    byState[state.slice(0, 2)] ??
    byWords.find(([says]) => says.test(code) || (state === '' && says.test(said)))?.[1] ??
    'E_STORE_FAULT';
  const cause = Object.assign(new Error(said), { code });
  return new DroverError(found, `${name}: ${said}${state && ` (${state})`}.`, {
    cause,
  });
}

/** Whether there are no tables yet: nothing has been written. */
export function isWithoutTables(error: unknown): boolean {
  return error instanceof DroverError && error.code === 'E_STORE_TABLES';
}

/** Whether the statement or its values are at fault, so that sending the same again would not help. */
export function isFaultOfValues(failure: DroverError): boolean {
  return failure.code === 'E_STORE_FAULT';
}
