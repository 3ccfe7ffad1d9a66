// Every query of docs/STORES.md, run as it stands on two crawls of a shop.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { openStores } from '../../src/records/stores.ts';
import { recordOf } from '../support/stores/odd-records.ts';
import { needsPostgres, startTestPostgres } from '../support/stores/postgres.ts';

const text = readFileSync(new URL('../../docs/STORES.md', import.meta.url), 'utf8');
const queries = [...text.matchAll(/^([^\n`|]+):\n\n```sql\n(.*?)```$/gms)].map(([, what = '', sql = '']) => ({
  what: what.split('\n').at(-1) ?? '',
  sql,
}));

test('each of the ten queries gives rows, as it stands', needsPostgres, async (t) => {
  const postgres = await startTestPostgres();
  const stores = openStores({ dataDir: '/nowhere', store: postgres.url });
  t.after(async () => {
    await stores.close();
    await postgres.stop();
  });
  const store = stores.at(postgres.plainUrl);
  const error = { code: 'E_HTTP_4XX', layer: 'http', message: 'It refused.' } as const;
  const items = [{ handler: 'product', item: { name: 'Lamp', price: 12.5 } }];
  const first = [
    recordOf(0, { items }),
    recordOf(1, { finalUrl: 'http://h.example/else' }),
    recordOf(2, { status: 404, ok: false, error, sha256: 'cd'.repeat(32) }),
    recordOf(3, { title: null, links: null }),
  ].map((record) => ({ ...record, crawl: 'shop' }));
  const second = [recordOf(0), recordOf(3, { sha256: 'ef'.repeat(32) }), recordOf(4)].map((record) => ({
    ...record,
    crawl: 'shop.2',
  }));
  for (const record of [...first, ...second]) await store.write(record, 0, `${record.crawl}-token`);
  assert.equal(queries.length, 10);
  const rows = new Map<string, string>();
  for (const { what, sql } of queries) rows.set(what, await postgres.sql(sql, 'drover'));
  for (const [what, found] of rows) assert.notEqual(found, '', what);
  assert.equal(
    rows.get('Broken links with the pages that link to them'),
    'http://h.example/2\t404\thttp://h.example/1',
  );
  assert.equal(
    rows.get('What two crawls of a site have in common and what changed'),
    'http://h.example/3\tchanged\nhttp://h.example/4\tnew',
  );
  assert.equal(rows.get('Items as a table, the newest of each page'), 'http://h.example/0\tLamp\t12.5');
});
