// Pages that have not changed go through handlers again, from the body that the former run has kept: what a
// handler emits and enqueues is always that of its present code.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { crawlAgain } from '../support/fleets/again.ts';
import { openFleets } from '../support/fleets.ts';
import { startValidatingSite } from '../support/site/validating.ts';

const fleets = openFleets();
const pathOf = ({ url }: Pick<CrawlRecord, 'url'>) => new URL(url).pathname;
const handlers = (emitted: string) => `import { defineHandler } from 'drover';
const list = defineHandler({ name: 'list', match: { url: '/list' }, follow: false,
  run({ page, enqueue }) { enqueue('a.item', { label: 'item' }); } });
const item = defineHandler({ name: 'item', match: { label: 'item' }, blocking: true,
  run({ page, emit }) { emit({ at: new URL(page.url).pathname, status: page.status, name: ${emitted} }); } });
export default [list, item];
`;

test('handlers get pages that are not changed: what they enqueue is reached, what they emit is new', async (t) => {
  const item = (name: string) => ({
    etag: `"${name}"`,
    body: `<h1>${name}</h1><a href="/more/${name}">more</a>`,
  });
  const latin = { 'content-type': 'text/html; charset=iso-8859-1' };
  const site = await startValidatingSite({
    '/': { etag: '"/"', body: '<a href="/list">list</a>' },
    '/list': {
      etag: '"list"',
      body: '<a class="item" href="/i/1">1</a><a class="item" href="/i/2">2</a><a href="/never">no</a>',
    },
    '/i/1': item('one'),
    '/i/2': { etag: '"two"', headers: latin, body: Buffer.from('<h1>zwölf</h1>', 'latin1') },
    '/more/one': { etag: '"more"', body: 'more' },
    '/never': { body: 'not followed' },
  });
  t.after(() => site.close());
  const opened = await fleets.open();
  const { runner } = opened;
  const file = runner.path('handlers.ts');
  const args = [`${site.url}/`, '--handler', file];
  await writeFile(file, handlers(`page.$('h1').text()`));
  const first = await runner.run(['crawl', ...args, '--crawl', 'c', '--quiet']);
  assert.equal(first.code, 0, first.stderr);
  site.taken();
  await writeFile(file, handlers(`'new ' + page.$('h1').text()`));
  const id = await crawlAgain(opened, 'c', args);

  const asked = site.taken().map(({ path, status }) => `${status} ${path}`);
  // Its bytes cannot be made from the text that its record has.
  assert.deepEqual(asked.sort(), ['200 /i/2', '304 /', '304 /i/1', '304 /list', '304 /more/one']);
  const records = await runner.results(id);
  const items = records.flatMap(({ items }) => items ?? []).map(({ item }) => JSON.stringify(item));
  assert.deepEqual(items.sort(), [
    '{"at":"/i/1","status":200,"name":"new one"}',
    '{"at":"/i/2","status":200,"name":"new zwölf"}',
  ]);
  assert.deepEqual(
    records.filter(({ unchanged }) => unchanged === null).map(pathOf),
    [],
    'an equal digest counts too',
  );
  assert.deepEqual((await runner.status(id)).items, { item: 2 });
  const former = new Map((await runner.results('c')).map((record) => [record.id, contentOf(record)]));
  for (const record of records) assert.deepEqual(contentOf(record), former.get(record.id));

  // Nobody handles: the items of the former run stay with their pages.
  const third = await crawlAgain(opened, 'c', [`${site.url}/`]);
  const kept = (await runner.results(third)).find((record) => pathOf(record) === '/list');
  assert.deepEqual([kept?.status, kept?.items], [304, []]);
  assert.ok(site.taken().some(({ path }) => path === '/never'));
});

const contentOf = ({ sha256, bytes, title, links, body }: CrawlRecord) => ({
  ...{ sha256, bytes, title, links, body },
});

test('with --requisites, what pages need is found again in pages that have not changed', async (t) => {
  const png = { 'content-type': 'image/png' };
  const site = await startValidatingSite({
    '/': { etag: '"/"', body: '<link rel="stylesheet" href="/a.css"><img src="/i.png">' },
    '/a.css': {
      etag: '"css"',
      headers: { 'content-type': 'text/css' },
      body: '@import "b.css"; p { color: red }',
    },
    '/b.css': { etag: '"b"', headers: { 'content-type': 'text/css' }, body: 'p { background: url(j.png) }' },
    '/i.png': { etag: '"i"', headers: png, body: Buffer.from([137, 80, 255]) },
    '/j.png': { etag: '"j"', headers: png, body: Buffer.from([137, 80, 254]) },
  });
  t.after(() => site.close());
  const opened = await fleets.open();
  const args = [`${site.url}/`, '--requisites'];
  const first = await opened.runner.run(['crawl', ...args, '--crawl', 'c', '--quiet']);
  assert.equal(first.code, 0, first.stderr);
  const all = site.taken().map(({ path }) => `304 ${path}`);
  assert.equal(all.length, 5);
  await crawlAgain(opened, 'c', args);
  assert.deepEqual(
    site
      .taken()
      .map(({ path, status }) => `${status} ${path}`)
      .sort(),
    all.sort(),
  );
});
