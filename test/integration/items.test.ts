// What handlers emitted, read by the command, over the API and by its client.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { createClient } from '../../src/client/client.ts';
import type { ItemLine } from '../../src/records/export/items.ts';
import { startApi } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

const handlers = `export default [
  { name: 'first', match: { url: '/p/0' }, run({ emit }) { emit({ name: '=1+1', tags: ['a', 'b'] }); emit({ name: 'b', url: 'own' }); } },
  { name: 'second', match: { url: '/p/*' }, run({ emit, page }) { if (page.url.endsWith('1')) emit(7); } },
];
`;

test('items are printed as JSON lines and as CSV, and are the same over the API in pages, lines and CSV', async (t) => {
  const site = await startSite({ pages: 40 });
  t.after(() => site.stop());
  const fleet = await fleets.open();
  const { runner } = fleet;
  await writeFile(runner.path('handlers.mjs'), handlers);
  const seeds = Array.from({ length: 12 }, (_, page) => `${site.url}/p/${page}`);
  const args = ['--handler', runner.path('handlers.mjs'), '--crawl', 'c', '--depth', '0', '--quiet'];
  assert.equal((await runner.run(['crawl', ...seeds, ...args])).code, 0);
  const lines = await runner.json<ItemLine>(['items', 'c']);
  const sorted = (of: ItemLine[]) => of.map((line) => JSON.stringify(line)).sort();
  const wanted = [
    { url: `${site.url}/p/0`, handler: 'first', item: { name: '=1+1', tags: ['a', 'b'] } },
    { url: `${site.url}/p/0`, handler: 'first', item: { name: 'b', url: 'own' } },
    { url: `${site.url}/p/1`, handler: 'second', item: 7 },
    { url: `${site.url}/p/11`, handler: 'second', item: 7 },
  ];
  assert.deepEqual(sorted(lines), sorted(wanted));
  assert.deepEqual(
    sorted(await runner.json<ItemLine>(['items', 'c', '--of', 'second'])),
    sorted(wanted.slice(2)),
  );

  assert.deepEqual((await runner.status('c')).items, { first: 2, second: 2 });
  const { stdout: shown } = await runner.run(['status', 'c']);
  for (const handler of ['first', 'second']) assert.ok(shown.includes(`\n  items of ${handler}: 2\n`), shown);

  const file = runner.path('items.csv');
  const none = await runner.run(['items', 'c', '--of', 'frist']);
  assert.deepEqual([none.code, none.stdout], [0, '']);
  assert.match(
    none.stderr,
    /No handler frist has emitted items in crawl c; .* status c names those that have/,
  );
  const { stderr } = await runner.run(['items', 'c', '--format', 'csv', '-o', file, '--of', 'first']);
  assert.match(stderr, /2 items of crawl c in /);
  assert.equal(
    await readFile(file, 'utf8'),
    `url,handler,name,tags,item.url\r\n${site.url}/p/0,first,"'=1+1","[""a"",""b""]",\r\n${site.url}/p/0,first,b,,own\r\n`,
  );

  const api = await startApi(fleet, ['--processes', '0']);
  const client = createClient({ url: api.url });
  const overApi: ItemLine[] = [];
  for await (const line of client.crawls.items('c')) overApi.push(line);
  assert.deepEqual(overApi, lines);
  const ofSecond: ItemLine[] = [];
  for await (const line of client.crawls.items('c', { handler: 'second' })) ofSecond.push(line);
  assert.deepEqual(sorted(ofSecond), sorted(wanted.slice(2)));
  assert.deepEqual((await client.crawls.get('c')).items, { first: 2, second: 2 });
  const csv = await (await fetch(`${api.url}/v1/crawls/c/items?format=csv&handler=second`)).text();
  assert.deepEqual(csv.split('\r\n').slice(0, 2), ['url,handler,item', `${ofSecond[0]?.url},second,7`]);
  const as = async (accept: string) =>
    (await fetch(`${api.url}/v1/crawls/c/items`, { headers: { accept } })).text();
  assert.equal(await as('application/x-ndjson'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  assert.match(await as('text/csv'), /^url,handler,.*item/);
  const page = (await (await fetch(`${api.url}/v1/crawls/c/items?limit=3`)).json()) as { next: string };
  assert.equal(typeof page.next, 'string');
});
