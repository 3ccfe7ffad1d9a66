// The store in PostgreSQL, which all consumers and readers of a fleet share over the network.
import { type PostgresAddress, plainStore } from '../../config/store-address.ts';
import type { RecordStore, StoreListener } from '../store.ts';
import { openDatabase } from './connect.ts';
import { RecordFinder } from './finder.ts';
import { type DatabaseFacts, migrate, readDatabaseFacts } from './migrations.ts';
import { findLinkingIn, findOne, readAll, readPageOf } from './reader.ts';
import { dropBodiesOf, removeRecordsOf, sizeOf } from './retention.ts';
import { type BatchWriter, openWriter } from './writer.ts';

/** Two for writing; the others for those who read at the same time. */
const MOST_CONNECTIONS = 8;

/** `place`: the address as the crawl keeps it. Nothing is connected before the first use. */
export function openPostgresStore(
  address: PostgresAddress,
  place: string,
  listener: StoreListener,
): RecordStore {
  const { schema } = address;
  const name = plainStore(address);
  const database = openDatabase(address, name, MOST_CONNECTIONS);
  const parts = { database, schema };
  let prepared: Promise<void> | null = null;
  const prepare = Object.assign(
    () => {
      prepared ??= migrate(database, schema, name);
      return prepared;
    },
    {
      forget() {
        prepared = null;
      },
    },
  );
  let writer: BatchWriter | null = null;
  const finder = new RecordFinder(parts);
  return {
    name,
    place,
    whereIs: () => name,
    prepare: () =>
      prepare().catch((error: unknown) => {
        prepare.forget();
        throw error;
      }),
    write(record, claim, recordsFolder) {
      writer ??= openWriter({ ...parts, ...listener, name, prepare });
      return writer.write(record, claim, recordsFolder);
    },
    async close() {
      await writer?.close();
      await database.close();
    },
    read: (recordsFolder, options = {}) => readAll(parts, recordsFolder, options),
    page: (recordsFolder, cursor, limit, filter) => readPageOf(parts, recordsFolder, cursor, limit, filter),
    async find(recordsFolder, id, { hasEnded = false } = {}) {
      const record = await (hasEnded ? finder.find(recordsFolder, id) : findOne(parts, recordsFolder, id));
      return record && { file: name, offset: null, record };
    },
    findLinking: (recordsFolder, link) => findLinkingIn(parts, recordsFolder, link),
    remove: (recordsFolder) => removeRecordsOf(parts, recordsFolder),
    size: (recordsFolder) => sizeOf(parts, recordsFolder),
    dropBodies: (recordsFolder) => dropBodiesOf(parts, recordsFolder),
  };
}

/** What `drover doctor` tells of a database. Changes nothing. Throws errors of layer store. */
export async function checkPostgresStore(address: PostgresAddress): Promise<DatabaseFacts & { ms: number }> {
  const name = plainStore(address);
  const database = openDatabase(address, name, 1);
  try {
    const facts = await database.withConnection((query) => readDatabaseFacts(query, address.schema, name));
    const began = performance.now();
    await database.query('select 1');
    return { ...facts, ms: performance.now() - began };
  } finally {
    await database.close();
  }
}
