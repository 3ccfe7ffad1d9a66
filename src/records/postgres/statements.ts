// The statement that writes a batch of records, and where readers may read up to.
import type { Query, Statement } from './connect.ts';
import { COLUMNS, type OutgoingRow } from './rows.ts';

/** A row with the key of its crawl. */
export interface KeyedRow {
  key: number;
  row: OutgoingRow;
}

/**
 * The upper 16 bits of the advisory lock that each writer holds while its batch is not committed. The other
 * 48 bits are the last number of S.record_order before the writer takes its own: a reader that stays below
 * all these locks misses nothing that is committed later.
 */
const WRITING = 0x4452;
const names = Object.keys(COLUMNS).join(', ');
const updates = [...Object.keys(COLUMNS), 'written_order', 'exact']
  .filter((name) => name !== 'id')
  .map((name) => `${name} = excluded.${name}`)
  .join(', ');
const shape = Object.entries({
  ...COLUMNS,
  k: 'integer',
  body_at: 'integer',
  body_length: 'integer',
  exact_at: 'integer',
  exact_length: 'integer',
})
  .map(([name, type]) => `${name} ${type}`)
  .join(', ');

/**
 * One statement, so one transaction: a record is there with its body and its items, or not at all. Of two
 * records of one request the higher claim stays, and of equal claims the first, so writing again is harmless.
 * $1: the rows as JSON. $2: bodies and exact records, one behind the other; the rows say where.
 */
const plain = `
  with writing as materialized (
    select pg_advisory_xact_lock_shared((${WRITING}::bigint << 48) | last_value) from S.record_order
  ), given as materialized (
    select g.* from json_to_recordset($1::json) as g(${shape}), writing
  ), won as (
    insert into S.records (crawl_key, ${names}, exact)
    select k, ${names}, case when exact_length is null then null else substring($2::bytea from exact_at for exact_length) end
    from given order by k, id
    on conflict (crawl_key, id) do update set ${updates} where excluded.claim > records.claim
    returning crawl_key, id
  ), bodied as (
    insert into S.bodies (crawl_key, id, body)
    select k, given.id, substring($2::bytea from body_at for body_length)
    from given join won on won.crawl_key = k and won.id = given.id where body_length is not null
    on conflict (crawl_key, id) do update set body = excluded.body
  )`;
/** For rows with items, and for those that may take the place of others. */
const more = `, unbodied as (
    delete from S.bodies using given, won
    where bodies.crawl_key = won.crawl_key and bodies.id = won.id
      and given.k = won.crawl_key and given.id = won.id and given.body_length is null
  ), emitted as (
    insert into S.items (crawl_key, id, number, url, handler, item)
    select k, given.id, number, url, item->>'handler', item->'item'
    from given join won on won.crawl_key = k and won.id = given.id,
      json_array_elements(coalesce(items, '[]')) with ordinality as each(item, number)
    on conflict (crawl_key, id, number) do update
      set url = excluded.url, handler = excluded.handler, item = excluded.item
  ), unemitted as (
    delete from S.items using given, won
    where items.crawl_key = won.crawl_key and items.id = won.id
      and given.k = won.crawl_key and given.id = won.id
      and items.number > json_array_length(coalesce(given.items, '[]'))
  )`;
const end = ' select count(*) from won';

/** The statement for a batch in which no request comes twice. */
export function writeStatement(schema: string, rows: readonly KeyedRow[]): Statement {
  const pieces: Buffer[] = [];
  let length = 0;
  const place = (name: string, bytes: Buffer | null) => {
    if (bytes === null) return '';
    const at = length + 1;
    pieces.push(bytes);
    length += bytes.length;
    return `,"${name}_at":${at},"${name}_length":${bytes.length}`;
  };
  const texts = rows.map(
    ({ key, row }) => `${row.json},"k":${key}${place('body', row.body)}${place('exact', row.exact)}}`,
  );
  const isPlain = rows.every(({ row }) => row.claim === 0 && !row.hasItems);
  return {
    name: isPlain ? 'drover-write' : 'drover-write-more',
    text: textOf(schema, isPlain),
    values: [`[${texts.join(',')}]`, Buffer.concat(pieces, length)],
  };
}

const texts = new Map<string, string>();

function textOf(schema: string, isPlain: boolean): string {
  const key = `${schema} ${isPlain}`;
  let text = texts.get(key);
  if (text === undefined) {
    text = `${plain}${isPlain ? '' : more}${end}`.replaceAll('S.', `${schema}.`);
    texts.set(key, text);
  }
  return text;
}

/**
 * The number of the last record in S.record_order up to which all are there: whatever is committed later has
 * a higher one. The order of the two questions matters: a writer that holds no lock yet at the second one
 * takes its numbers later, so they are higher than the answer to the first.
 */
export async function settledOrder(query: Query, schema: string): Promise<number> {
  const [last] = await query(`select last_value from ${schema}.record_order`);
  const [writing] = await query(
    `select min(((classid::bigint & 65535) << 32) | objid::bigint) as least from pg_locks
     where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = ${WRITING}
       and database = (select oid from pg_database where datname = current_database())`,
  );
  const least = writing?.least;
  return least == null ? Number(last?.last_value) : Math.min(Number(last?.last_value), Number(least));
}
