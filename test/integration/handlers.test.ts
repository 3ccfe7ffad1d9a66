// Handlers of a user, run by the program: what they emit and enqueue, and how they share the process.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { startSite } from '../support/site/site.ts';

const pathOf = (url: string) => new URL(url).pathname;
const byPath = (records: CrawlRecord[]) => new Map(records.map((record) => [pathOf(record.url), record]));

async function handlerFile(runner: CommandRunner, code: string, name = 'handler.ts'): Promise<string> {
  const text = `import { defineHandler, Discard, Fatal, RetryAfter } from 'drover';\n${code}`;
  await writeFile(runner.path(name), text);
  return runner.path(name);
}

test('a sitemap goes to no handler, and the pages that it lists do', async (t) => {
  const site = await startSite({ pages: 3, linksPerPage: 0 });
  t.after(() => site.stop());
  const body = `<urlset><url><loc>${site.url}/p/1</loc></url></urlset>`;
  await site.behave('/map.xml', { status: 200, headers: { 'content-type': 'application/xml' }, body });
  const runner = await openCommandRunner();
  const file = await handlerFile(
    runner,
    `export default defineHandler({ name: 'all', run: ({ page, emit }) => emit(page.url) });`,
  );
  const args = ['--sitemap', `${site.url}/map.xml`, '--handler', file, '--crawl', 'c', '--quiet'];
  const { code, stderr } = await runner.run(['crawl', ...args]);
  assert.equal(code, 0, stderr);
  const items = (await runner.results('c')).map(({ url, items }) => [pathOf(url), items?.length ?? null]);
  assert.deepEqual(Object.fromEntries(items), { '/map.xml': null, '/p/1': 1 });
});

test('what a handler enqueues passes scope, depth, robots.txt and the seen set, with its label and user data', async (t) => {
  const site = await startSite({ pages: 10, linksPerPage: 3, robots: 'User-agent: *\nDisallow: /p/3\n' });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const file = await handlerFile(
    runner,
    `const list = defineHandler({
  name: 'list', match: { url: '/' }, follow: false,
  run({ enqueue, page }) {
    enqueue(['/p/1', '/p/1#again', '/p/3', 'http://other.example/', 'mailto:a@b.example'], { label: 'item', userData: { from: 'list' } });
    enqueue({ url: 'p/2', label: 'item', priority: 9 });
    enqueue('/p/4', { depth: 5 });
    enqueue('/p/5', { method: 'POST', body: 'a=1', label: 'item' });
  },
});
const item = defineHandler({
  name: 'item', match: { label: 'item', type: 'text/html' }, follow: false,
  run({ emit, request, page }) {
    emit({ url: request.url, data: request.userData, depth: request.depth, referrer: request.referrer, method: request.method });
  },
});
export default [list, item];
`,
  );
  const { code, stderr } = await runner.run([
    'crawl',
    `${site.url}/`,
    '--handler',
    file,
    '--crawl',
    'c',
    '--quiet',
    '--depth',
    '3',
  ]);
  assert.equal(code, 0, stderr);
  const records = byPath(await runner.results('c'));
  assert.deepEqual([...records.keys()].sort(), ['/', '/p/1', '/p/2', '/p/3', '/p/5']);
  assert.deepEqual(records.get('/')?.items, []);
  assert.equal(records.get('/p/3')?.error?.code, 'E_ROBOTS');
  const item = {
    url: `${site.url}/p/1`,
    data: { from: 'list' },
    depth: 1,
    referrer: `${site.url}/`,
    method: 'GET',
  };
  assert.deepEqual(records.get('/p/1')?.items, [{ handler: 'item', item }]);
  assert.equal(records.get('/p/5')?.method, 'POST');
  const { leftOut } = await runner.status('c');
  assert.deepEqual(leftOut, { E_DEPTH: 1, E_SCOPE: 1, E_URL_SCHEME: 1 });
});

test('a handler file that cannot be used ends the command before anything is offered', async () => {
  const runner = await openCommandRunner();
  const file = await handlerFile(runner, 'enum A { B }\nexport default A;\n');
  for (const command of [
    ['crawl', 'http://127.0.0.1:1/'],
    ['consume', '--processes', '2'],
  ]) {
    const { code, stderr } = await runner.run([...command, '--handler', file]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`${file}:2: .*enum.*\\(E_HANDLER_FILE\\)`, 's'));
  }
  assert.deepEqual(await runner.json(['status', '--json']), []);
});

test('handlers that never return hold no slot and no permit: all other requests end before their time is over', async (t) => {
  const HANGING = 20;
  const site = await startSite({ pages: 100 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const file = await handlerFile(
    runner,
    `export default defineHandler({
  name: 'hangs', timeoutMs: 10_000,
  run: ({ page }) => Number(page.url.split('/p/')[1]) < ${HANGING} && new Promise(() => {}),
});
`,
  );
  await writeFile(
    runner.path('urls.txt'),
    Array.from({ length: 100 }, (_, n) => `${site.url}/p/${n}`).join('\n'),
  );
  const args = [
    'crawl',
    runner.path('urls.txt'),
    '--depth',
    '0',
    '--handler',
    file,
    '--crawl',
    'c',
    '--quiet',
  ];
  const { code, stderr } = await runner.run([...args, '-c', '4', '--per-host', '4', '--attempts', '1']);
  assert.equal(code, 1, stderr);
  const records = await runner.results('c');
  const hung = records.filter(({ error }) => error?.code === 'E_HANDLER_TIMEOUT');
  const others = records.filter(({ ok }) => ok);
  assert.deepEqual([hung.length, others.length], [HANGING, 100 - HANGING]);
  const ends = (of: CrawlRecord[]) => of.map(({ fetchedAt }) => Date.parse(fetchedAt));
  assert.ok(Math.max(...ends(others)) < Math.min(...ends(hung)), 'the others waited for those that hang');
});

test('a handler that blocks the loop is named with its URL and time; what it does not catch costs its page and never the consumer', async (t) => {
  const site = await startSite({ pages: 30, linksPerPage: 30 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const file = await handlerFile(
    runner,
    `const spin = (ms: number) => { for (const end = performance.now() + ms; performance.now() < end; ); };
export default defineHandler({
  name: 'wild',
  async run({ page, emit }) {
    const path = new URL(page.url).pathname;
    if (path === '/p/1') spin(700);
    if (path === '/p/2') Promise.reject(new Error('nobody waits'));
    if (path === '/p/3') setTimeout(() => { throw new Error('in a timer'); }, 1);
    if (path === '/p/4') setTimeout(() => { throw new Error('too late'); }, 300);
    if (path === '/p/2' || path === '/p/3') await new Promise(() => {});
    emit(path);
  },
});
`,
  );
  const args = ['crawl', `${site.url}/`, '--handler', file, '--crawl', 'c', '--quiet', '--attempts', '1'];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 1, stderr);
  assert.match(
    stderr,
    /handler wild on http:\S+\/p\/1 blocked the event loop for \d{3,4} ms.* blocking: true/,
  );
  assert.match(
    stderr,
    /handler wild on http:\S+\/p\/4 failed after its page had ended: Error: too late, at .*handler\.ts:10:/,
  );
  const records = byPath(await runner.results('c'));
  assert.equal(records.size, 31);
  assert.match(records.get('/p/2')?.error?.message ?? '', /wild: Error: nobody waits, at .*handler\.ts:8:/);
  assert.match(records.get('/p/3')?.error?.message ?? '', /wild: Error: in a timer, at .*handler\.ts:9:/);
  for (const path of ['/p/1', '/p/4'])
    assert.deepEqual(records.get(path)?.items, [{ handler: 'wild', item: path }]);
});

test('what a handler changes of its page and request does not change the record', async (t) => {
  const site = await startSite({ pages: 3, linksPerPage: 2 });
  t.after(() => site.stop());
  await site.behave('/data', { status: 200, headers: { 'content-type': 'image/png' }, body: 'original' });
  const runner = await openCommandRunner();
  const file = await handlerFile(
    runner,
    `export default defineHandler({ name: 'changes', run({ page, request, emit }: any) {
  page.bytes.fill(0);
  page.headers.etag = 'mine';
  page.links.length = 0;
  if (request.userData) request.userData.row = 8;
  emit([page.text.length, request.userData]);
} });
`,
  );
  const seeds = ['/data', '/p/1'].map((path) =>
    JSON.stringify({ url: site.url + path, userData: { row: 7 } }),
  );
  seeds.push(JSON.stringify({ url: `${site.url}/p/2`, userData: 0 }));
  await writeFile(runner.path('seeds.ndjson'), seeds.join('\n'));
  const args = [
    'crawl',
    runner.path('seeds.ndjson'),
    '--handler',
    file,
    '--crawl',
    'c',
    '--quiet',
    '--body',
    'base64',
  ];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  const records = byPath(await runner.results('c'));
  assert.equal(Buffer.from(records.get('/data')?.body ?? '', 'base64').toString(), 'original');
  for (const record of records.values())
    assert.deepEqual(
      [record.headers?.etag, record.userData],
      [undefined, record.url.endsWith('/p/2') ? 0 : { row: 7 }],
    );
  assert.equal(records.get('/p/1')?.links?.length, 2);
  assert.deepEqual(
    records.get('/p/2')?.items?.map(({ item }) => (item as unknown[])[1]),
    [0],
  );
});
