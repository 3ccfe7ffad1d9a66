// Sessions in crawls of the program: the server's own log shows who came with which cookies and headers.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();

interface Visit {
  path: string;
  /** The cookie that it had before. */
  id: string | null;
  who: string;
}

/** Gives each visitor an id of its own. /p/13 blocks whoever comes first. */
async function startVisited(t: TestContext): Promise<{ url: string; visits: Visit[] }> {
  const visits: Visit[] = [];
  let ids = 0;
  const server = createServer(({ url: path = '', headers }, response) => {
    if (path === '/robots.txt') return response.writeHead(404).end();
    const id = /id=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? null;
    visits.push({ path, id, who: String(headers['x-who'] ?? '') });
    if (id === null) response.setHeader('set-cookie', `id=v${++ids}; Path=/`);
    if (path === '/sitemap.xml')
      return response
        .writeHead(200, { 'content-type': 'application/xml' })
        .end(`<urlset><url><loc>http://${headers.host}/listed</loc></url></urlset>`);
    if (path === '/p/13') return response.writeHead(403).end('no');
    const links = Array.from({ length: 30 }, (_, i) => `<a href="/p/${i}">${i}</a>`).join('');
    return response.writeHead(200, { 'content-type': 'text/html' }).end(path === '/' ? links : 'page');
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, visits };
}

test('--sessions: each has its own cookies and headers, and one that is blocked is replaced by a new one', async (t) => {
  const site = await startVisited(t);
  const sets = [{ 'x-who': 'one' }, { 'x-who': 'two' }, { 'x-who': 'three' }];
  const { runner, fleet } = await fleets.open({ DROVER_SESSION_HEADERS: JSON.stringify(sets) });
  const args = ['crawl', site.url, '--crawl', 'c', '--sessions', '3', '--per-host', '1', '--quiet'];
  assert.equal((await runner.run(args)).code, 0);
  const records = new Map(
    (await runner.results('c')).map((record) => [new URL(record.url).pathname, record]),
  );
  assert.equal(records.size, 31);
  const visitors = new Map<string, { ids: Set<string | null>; who: Set<string>; fresh: number }>();
  for (const { path, id, who } of site.visits) {
    const session = records.get(path)?.session ?? '';
    const known = visitors.get(session) ?? { ids: new Set(), who: new Set(), fresh: 0 };
    visitors.set(session, known);
    known.who.add(who);
    if (id === null) known.fresh++;
    else known.ids.add(id);
  }
  const blocked = records.get('/p/13')?.session ?? '';
  assert.deepEqual([...visitors.keys()].toSorted(), [...['1', '2', '3'], `${blocked}.2`].toSorted());
  for (const [session, { ids, who, fresh }] of visitors) {
    assert.ok(ids.size <= 1 && who.size === 1 && fresh === 1, session);
    const [name = 1, generation = 1] = session.split('.').map(Number);
    assert.deepEqual([...who], [sets[(name + generation - 2) % 3]?.['x-who']]);
  }
  const jars = await fleet.redis.zrange(fleet.keys.jars('c'), '0', '-1');
  assert.ok(!jars.includes(`${blocked}@127.0.0.1`) && jars.length === 3, `${jars}`);
});

test('--session-uses: a session is replaced after so many pages', async (t) => {
  const site = await startVisited(t);
  const { runner } = await fleets.open();
  const args = [
    'crawl',
    site.url,
    '--crawl',
    'c',
    '--sessions',
    '1',
    '--session-uses',
    '10',
    '--exclude',
    '**/13',
  ];
  assert.equal((await runner.run([...args, '--per-host', '1', '--quiet'])).code, 0);
  const uses = Map.groupBy(await runner.results('c'), ({ session }) => session);
  assert.deepEqual([...uses].map(([session, { length }]) => [session, length]).toSorted(), [
    ['1', 10],
    ['1.2', 10],
    ['1.3', 10],
  ]);
});

test('a request names its session, its links and what it lists are fetched in it too, and a handler may retire it', async (t) => {
  const site = await startVisited(t);
  const { runner } = await fleets.open();
  const sitemap = { url: `${site.url}sitemap.xml`, session: 'cid', sitemap: {} };
  const seeds = [{ url: site.url, session: 'ann' }, sitemap].map((seed) => JSON.stringify(seed));
  await writeFile(runner.path('seeds.ndjson'), seeds.join('\n'));
  await writeFile(
    runner.path('h.ts'),
    `import { defineHandler } from 'drover';
    export default defineHandler({ name: 'h', run({ page, session, emit, enqueue }) {
      emit(session.name);
      if (page.url.endsWith('/p/5')) enqueue('/bob', { session: 'bob' });
      if (page.url.endsWith('/bob')) { session.retire(); enqueue('/bob2'); }
    } });`,
  );
  const args = ['crawl', runner.path('seeds.ndjson'), '--depth', '5', '--crawl', 'c', '--quiet'];
  const { code, stderr } = await runner.run([
    ...args,
    '--handler',
    runner.path('h.ts'),
    '--exclude',
    '**/13',
    '--per-host',
    '1',
  ]);
  assert.equal(code, 0, stderr);
  const sessions = new Map((await runner.results('c')).map((each) => [new URL(each.url).pathname, each]));
  assert.deepEqual(
    [...sessions.values()].every(
      ({ url, session, items }) => url.endsWith('.xml') || items?.[0]?.item === session,
    ),
    true,
  );
  assert.equal(sessions.get('/p/7')?.session, 'ann');
  assert.equal(sessions.get('/listed')?.session, 'cid', 'so are the pages that a sitemap lists');
  assert.equal(sessions.get('/bob')?.session, 'bob');
  assert.equal(sessions.get('/bob2')?.session, 'bob.2');
  const idOf = (path: string) => site.visits.find((visit) => visit.path === path)?.id;
  assert.equal(idOf('/bob'), null, 'bob has none of the cookies of ann');
  assert.equal(idOf('/bob2'), null, 'nor has bob.2 those of bob');
});
