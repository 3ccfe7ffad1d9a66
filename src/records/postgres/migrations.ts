// The tables of the store in PostgreSQL, made and changed step by step. A table of versions says which steps
// a database has had; an advisory lock lets one process at a time take them.
import { DroverError } from '../../errors.ts';
import type { Database, Query } from './connect.ts';

/** The oldest server with all that the statements use (materialized CTEs). */
const LEAST_SERVER = 12;
/** Any number that other programs do not use for their advisory locks. */
const LOCK = 4_453_812_371;

/**
 * The steps, oldest first; the number of a version is its place, from 1. What has been released never
 * changes: a change is a new step. `S` stands for the schema.
 */
const steps: readonly string[] = [
  `create table S.crawls (
     crawl_key integer generated always as identity primary key,
     records_folder text not null unique,
     crawl text not null,
     began_at timestamptz not null default now()
   );
   create index on S.crawls (crawl);
   create sequence S.record_order;
   select nextval('S.record_order');
   create table S.records (
     crawl_key integer not null,
     id text not null,
     claim bigint not null,
     written_order bigint not null default nextval('S.record_order'),
     url text not null,
     final_url text,
     method text,
     status integer,
     ok boolean not null,
     code text,
     layer text,
     message text,
     host text,
     attempts integer,
     depth integer,
     referrer text,
     label text,
     user_data json,
     fetched_at timestamptz,
     timings json,
     headers json,
     content_type text,
     charset text,
     bytes bigint,
     sha256 text,
     title text,
     links json,
     noindex boolean,
     usage json,
     items json,
     exact bytea,
     primary key (crawl_key, id)
   );
   create unique index on S.records (crawl_key, written_order);
   create index on S.records (crawl_key, code) where code is not null;
   create index on S.records (crawl_key, host);
   create index on S.records using hash (url);
   alter table S.records alter column exact set storage external;
   create table S.bodies (
     crawl_key integer not null,
     id text not null,
     body bytea not null,
     primary key (crawl_key, id)
   );
   alter table S.bodies alter column body set storage external;
   create table S.items (
     crawl_key integer not null,
     id text not null,
     number integer not null,
     url text not null,
     handler text not null,
     item jsonb,
     primary key (crawl_key, id, number)
   );`,
  'alter table S.records add column redirects json;',
  'alter table S.records add column unchanged json;',
  'alter table S.records add column revisit_ms bigint;',
  'alter table S.records add column proxy text;',
  'alter table S.records add column http text;',
  'alter table S.records add column rendered json;',
  'alter table S.records add column session text;',
];

export const NEWEST = steps.length;

export interface DatabaseFacts {
  /** As the server says it: '15.18 (Debian 15.18-0+deb12u1)'. */
  server: string;
  /** Version of the tables; 0 when there are none. */
  version: number;
  /** Whether this user may make the tables, and write them. */
  mayMake: boolean;
  mayWrite: boolean;
}

/** Changes nothing. Throws E_STORE_VERSION, E_STORE_FORMAT and other errors of layer store. */
export async function readDatabaseFacts(query: Query, schema: string, name: string): Promise<DatabaseFacts> {
  const [server] = await query(
    "select current_setting('server_version') as server, current_setting('server_version_num')::int / 10000 as major",
  );
  checkServer(Number(server?.major), String(server?.server), name);
  const version = await versionOf(query, schema);
  if (version > NEWEST)
    throw new DroverError(
      'E_STORE_FORMAT',
      `${name} has tables of version ${version}; this drover knows ${NEWEST}.`,
    );
  const [rights] = await query({
    text: `select case when to_regnamespace($1) is null
        then has_database_privilege(current_database(), 'create')
        else has_schema_privilege($1, 'create') end as make,
      to_regclass($1 || '.records') is null
        or (select bool_and(has_table_privilege(to_regclass($1 || '.records')::oid, privilege))
          from unnest(array['select', 'insert', 'update', 'delete']) as privilege) as write`,
    values: [schema],
  });
  const mayMake = rights?.make === true;
  return { server: String(server?.server), version, mayMake, mayWrite: rights?.write === true };
}

/** Throws E_STORE_VERSION for a server that is too old. */
export function checkServer(major: number, server: string, name: string): void {
  if (major >= LEAST_SERVER) return;
  throw new DroverError(
    'E_STORE_VERSION',
    `${name} is PostgreSQL ${server}; version ${LEAST_SERVER} or later is needed.`,
  );
}

async function versionOf(query: Query, schema: string): Promise<number> {
  const [found] = await query({ text: "select to_regclass($1 || '.migrations') as there", values: [schema] });
  if (found?.there == null) return 0;
  const [row] = await query(`select coalesce(max(version), 0) as version from ${schema}.migrations`);
  return Number(row?.version);
}

/**
 * Makes or changes the tables, if there is something to do. Atomic and idempotent; of several processes one
 * does it, and the others wait. Throws E_STORE_RIGHTS, E_STORE_VERSION, E_STORE_FORMAT and other errors of
 * layer store.
 */
export function migrate(database: Database, schema: string, name: string): Promise<void> {
  return database.withConnection(async (query) => {
    const facts = await readDatabaseFacts(query, schema, name);
    if (facts.version < NEWEST) {
      await query('begin');
      await query({ text: 'select pg_advisory_xact_lock($1)', values: [LOCK] });
      // `if not exists` asks for the right to make schemas even where there is one.
      // to_regnamespace may not know yet what the process before has made.
      const [there] = await query({ text: 'select from pg_namespace where nspname = $1', values: [schema] });
      if (!there) await query(`create schema ${schema}`);
      await query(
        `create table if not exists ${schema}.migrations (version integer primary key, at timestamptz not null default now())`,
      );
      for (let version = (await versionOf(query, schema)) + 1; version <= NEWEST; version++) {
        await query((steps[version - 1] as string).replaceAll('S.', `${schema}.`));
        await query({ text: `insert into ${schema}.migrations (version) values ($1)`, values: [version] });
      }
      await query('commit');
    }
    if (!facts.mayWrite)
      throw new DroverError(
        'E_STORE_RIGHTS',
        `${name}: this user may not write the tables in schema ${schema}.`,
      );
  });
}
