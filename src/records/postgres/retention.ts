// What goes of a crawl's records in PostgreSQL: all of them, or their bodies; and how much space they take.
import { isWithoutTables } from './failures.ts';
import type { ReaderParts } from './reader.ts';
import { decompressed, recompressed } from './rows.ts';

/** Rows that are deleted at a time, so that no statement takes long. */
const DELETED_AT_ONCE = 20_000;
/** Rows that are rewritten at a time. */
const REWRITTEN_AT_ONCE = 100;

function nothingThere(error: unknown): never[] {
  if (isWithoutTables(error)) return [];
  throw error;
}

const keyOf = (schema: string) => `select crawl_key from ${schema}.crawls where records_folder = $1`;

/** As RecordStore.remove. */
export async function removeRecordsOf(parts: ReaderParts, recordsFolder: string): Promise<void> {
  for (const table of ['items', 'bodies', 'records', 'crawls']) await clear(parts, table, recordsFolder);
}

async function clear({ database, schema }: ReaderParts, table: string, recordsFolder: string): Promise<void> {
  const text = `with gone as (delete from ${schema}.${table} where ctid = any(array(
      select ctid from ${schema}.${table} where crawl_key in (${keyOf(schema)}) limit ${DELETED_AT_ONCE}
    )) returning 1) select count(*) as count from gone`;
  const deleteSome = () => database.query({ text, values: [recordsFolder] }).catch(nothingThere);
  while (Number((await deleteSome())[0]?.count) === DELETED_AT_ONCE);
}

/** As RecordStore.size: rows and bodies, without the indexes. */
export async function sizeOf({ database, schema }: ReaderParts, recordsFolder: string): Promise<number> {
  const sum = (table: string) =>
    `(select coalesce(sum(pg_column_size(t.*)), 0) from ${schema}.${table} t where crawl_key in (${keyOf(schema)}))`;
  const text = `select ${['records', 'bodies', 'items'].map(sum).join(' + ')} as bytes`;
  const [row] = await database.query({ text, values: [recordsFolder] }).catch(nothingThere);
  return Number(row?.bytes ?? 0);
}

/** As RecordStore.dropBodies. Each batch is a transaction. */
export async function dropBodiesOf(parts: ReaderParts, recordsFolder: string): Promise<boolean> {
  await clear(parts, 'bodies', recordsFolder);
  const { database, schema } = parts;
  const where = `crawl_key in (${keyOf(schema)}) and id`;
  for (let after = ''; ; ) {
    const rows = await database
      .query({
        text: `select id, exact from ${schema}.records where ${where} > $2 and exact is not null
          order by id limit ${REWRITTEN_AT_ONCE}`,
        values: [recordsFolder, after],
      })
      .catch(nothingThere);
    for (const { id, exact } of rows) {
      const record = JSON.parse(decompressed(exact as Buffer));
      if (record.body === null) continue;
      const text = `update ${schema}.records set exact = $3 where ${where} = $2 and exact = $4`;
      const values = [recordsFolder, id, await recompressed({ ...record, body: null }), exact];
      await database.query({ text, values });
    }
    if (rows.length < REWRITTEN_AT_ONCE) return true;
    after = String(rows.at(-1)?.id);
  }
}
