// The address of a store of records: reads what a user gives, and makes the form without a password, which a
// crawl keeps and messages show.
import { resolve } from 'node:path';
import { plainS3, readS3Address, type S3Address } from './s3-address.ts';

/** Files in a directory; null for the data directory of the process. */
export interface FileAddress {
  kind: 'file';
  directory: string | null;
}

export interface PostgresAddress {
  kind: 'postgres';
  /** A name, an address, or the directory of a socket. */
  host: string;
  port: number;
  database: string;
  /** Null: PGUSER or the user of the process. */
  user: string | null;
  /** Null: PGPASSWORD or ~/.pgpass. */
  password: string | null;
  /** The schema of drover's tables. */
  schema: string;
  tls: { mode: TlsMode; ca: string | null; certificate: string | null; key: string | null };
}

/** The store of a crawl that names none: files in the data directory. */
export const FILES = 'file:';

/** Whether a store is one of files: in the data directory of each consumer, or in a directory of its own. */
export const isInFiles = (address: string): boolean => address.startsWith(FILES);

export type StoreAddress = FileAddress | PostgresAddress | S3Address;
export type TlsMode = (typeof TLS_MODES)[number];

const TLS_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
const OPTIONS = ['host', 'port', 'schema', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
const DEFAULT_PORT = 5432;
const DEFAULT_SCHEMA = 'drover';

export const STORE_FORM =
  'expected file:, file:/path, s3://bucket/prefix or postgres://user@host:port/database (its password: PGPASSWORD, ~/.pgpass or in the URL)';

/** Throws an Error whose message says what is wrong, without the address, which may hold a password. */
export function readStoreAddress(text: string): StoreAddress {
  const path = /^file:(?:\/\/)?(.*)$/is.exec(text)?.[1];
  if (path !== undefined) return { kind: 'file', directory: path === '' ? null : resolve(decoded(path)) };
  if (/^s3:/i.test(text)) return readS3Address(text);
  if (!/^postgres(ql)?:\/\//i.test(text)) throw new Error(STORE_FORM);
  return readPostgres(text);
}

function readPostgres(text: string): PostgresAddress {
  if (text.includes('#')) throw new Error('write # in the password as %23');
  const parts = /^postgres(?:ql)?:\/\/(?:(.*)@)?([^@/?]*)(?:\/([^@?]*))?(?:\?(.*))?$/is.exec(text);
  if (!parts) throw new Error('write @, / and ? in the password as %40, %2F and %3F');
  const [, login = null, place = '', database = '', query = ''] = parts;
  const options = optionsOf(query);
  const { host, port } = placeOf(place, options);
  if (database === '') throw new Error('name the database: postgres://user@host:port/database');
  const schema = options.get('schema') ?? DEFAULT_SCHEMA;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new Error('schema: expected a-z, 0-9 and _');
  const mode = (options.get('sslmode') ?? 'disable') as TlsMode;
  if (!TLS_MODES.includes(mode)) throw new Error(`sslmode: expected one of ${TLS_MODES.join(', ')}`);
  const colon = login?.indexOf(':') ?? -1;
  const user = login === null ? '' : decoded(colon < 0 ? login : login.slice(0, colon));
  return {
    ...{ kind: 'postgres', host, port, database: decoded(database), schema },
    user: user === '' ? null : user,
    password: login === null || colon < 0 ? null : decoded(login.slice(colon + 1)),
    tls: {
      mode,
      ca: options.get('sslrootcert') ?? null,
      certificate: options.get('sslcert') ?? null,
      key: options.get('sslkey') ?? null,
    },
  };
}

function placeOf(place: string, options: ReadonlyMap<string, string>): { host: string; port: number } {
  const [, name = '', digits = ''] = /^(\[[0-9a-f:.]*\]|[^:]*)(?::(\d*))?$/i.exec(place) ?? [];
  if (name === '' && place !== '' && !place.startsWith(':')) throw new Error('the host cannot be read');
  const host = (options.get('host') ?? decoded(name)).replace(/^\[|\]$/g, '');
  if (host === '') throw new Error('name the host: postgres://user@host:port/database');
  const port = Number(options.get('port') ?? (digits || DEFAULT_PORT));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('the port is no port');
  return { host: host.startsWith('/') ? host : host.toLowerCase(), port };
}

function optionsOf(query: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const part of query.split('&').filter(Boolean)) {
    const [name = '', value = ''] = part.split('=', 2);
    if (!OPTIONS.includes(name))
      throw new Error(`there is no option of that name; known: ${OPTIONS.join(', ')}`);
    options.set(name, decoded(value));
  }
  return options;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('write % in the password as %25');
  }
}

/** The address without its password, always in the same form. It holds no secret. */
export function plainStore(address: StoreAddress): string {
  if (address.kind === 'file') return `file:${address.directory ?? ''}`;
  if (address.kind === 's3') return plainS3(address);
  const { host, port, database, user, schema, tls } = address;
  const isSocket = host.startsWith('/');
  const name = isSocket ? '' : host.includes(':') ? `[${host}]` : host;
  const given: [string, string | null][] = [
    ['host', isSocket ? host : null],
    ['schema', schema === DEFAULT_SCHEMA ? null : schema],
    ['sslmode', tls.mode === 'disable' ? null : tls.mode],
    ['sslrootcert', tls.ca],
    ['sslcert', tls.certificate],
    ['sslkey', tls.key],
  ];
  const query = given
    .flatMap(([option, value]) => (value === null ? [] : [`${option}=${encodeURIComponent(value)}`]))
    .join('&');
  const login = user === null ? '' : `${encodeURIComponent(user)}@`;
  const at = port === DEFAULT_PORT ? '' : `:${port}`;
  return `postgres://${login}${name}${at}/${encodeURIComponent(database)}${query && `?${query}`}`;
}

/** Whether both are the same files, or the same tables, whoever logs in. */
export function isSameStore(one: StoreAddress, other: StoreAddress): boolean {
  return placeText(one) === placeText(other);
}

function placeText(address: StoreAddress): string {
  if (address.kind !== 'postgres') return plainStore(address);
  const { host, port, database, schema } = address;
  return JSON.stringify([host, port, database, schema]);
}

/** The address that a crawl keeps, of the store that a user named or null: without a password. */
export function keptAddress(given: string | null): string {
  return given === null ? '' : plainStore(readStoreAddress(given));
}
