// Connections to PostgreSQL. Only this file imports pg, when a connection is first needed: most commands need
// none.
import { readFileSync } from 'node:fs';
import type { PostgresAddress } from '../../config/store-address.ts';
import { storeFailure } from './failures.ts';

type Pg = Awaited<ReturnType<typeof load>>;
type Pool = InstanceType<Pg['Pool']>;
type Client = InstanceType<Pg['Client']> & { release(destroy: boolean): void };

const load = async () => (await import('pg')).default;

const CONNECT_MS = 10_000;
/** The server ends a statement after this time. */
const STATEMENT_MS = 60_000;
/** Somewhat later this process gives up on a server that has gone silent. */
const SILENT_MS = STATEMENT_MS + 10_000;
const IDLE_MS = 30_000;

export interface Statement {
  /** With a name, the server parses it once for each connection. */
  name?: string;
  text: string;
  values?: readonly unknown[];
}

export type Row = Record<string, unknown>;
/** Runs one statement. */
export type Query = (statement: Statement | string) => Promise<Row[]>;

export interface Database {
  /** On any free connection. Throws errors of layer store. */
  query: Query;
  /** Several statements on one connection, which is closed afterwards when `work` throws. */
  withConnection<T>(work: (query: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const [INT8, JSON_TEXT, JSONB, TIMESTAMPTZ] = [20, 114, 3802, 1184];
const asText = (text: string) => text;
const parsers = new Map<number, (text: string) => unknown>([
  [INT8, Number],
  [JSON_TEXT, asText],
  [JSONB, asText],
  [TIMESTAMPTZ, asText],
]);
const typesOf = (pg: Pg) => ({
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format ?? 'text'),
});

/** Nothing is connected before the first statement. `name` is the address without a password. */
export function openDatabase(address: PostgresAddress, name: string, most: number): Database {
  const named = (error: unknown) => storeFailure(error, name);
  let pool: Promise<Pool> | null = null;
  let closing: Promise<void> | null = null;

  async function connect(): Promise<Client> {
    try {
      pool ??= openPool(address, most);
      return (await (await pool).connect()) as unknown as Client;
    } catch (error) {
      throw named(error);
    }
  }

  async function withConnection<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = await connect();
    const onError = () => undefined; // the statement that runs fails with it
    client.on('error', onError);
    let failed = true;
    try {
      const result = await work((statement) =>
        client.query(statement as { text: string }).then(
          ({ rows }) => rows as Row[],
          (error: unknown) => Promise.reject(named(error)),
        ),
      );
      failed = false;
      return result;
    } finally {
      client.off('error', onError);
      client.release(failed);
    }
  }

  return {
    query: (statement) => withConnection((query) => query(statement)),
    withConnection,
    close() {
      closing ??= pool === null ? Promise.resolve() : pool.then((open) => open.end());
      return closing;
    },
  };
}

async function openPool(address: PostgresAddress, most: number): Promise<Pool> {
  const pg = await load();
  const { host, port, database, user, password } = address;
  const pool = new pg.Pool({
    ...{ host, port, database, types: typesOf(pg), ssl: tlsOf(address) },
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { password }),
    max: most,
    application_name: 'drover',
    keepAlive: true,
    allowExitOnIdle: true,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: SILENT_MS,
  });
  pool.on('error', () => undefined); // an idle connection has ended; the next statement makes another
  return pool;
}

/** As libpq reads sslmode: `require` encrypts, `verify-ca` checks who signed, `verify-full` the name too. */
function tlsOf({ tls: { mode, ca, certificate, key } }: PostgresAddress) {
  if (mode === 'disable') return false;
  return {
    rejectUnauthorized: mode !== 'require' || ca !== null,
    ...(ca === null ? {} : { ca: readFileSync(ca) }),
    ...(certificate === null ? {} : { cert: readFileSync(certificate) }),
    ...(key === null ? {} : { key: readFileSync(key) }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
}
