// Whole crawls through proxies: every page comes, the server sees the proxies' addresses alone, a proxy that
// dies in the middle loses nothing, and no password appears anywhere.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { assertAddsUp, type CommandRunner, openCommandRunner, recordsOf } from '../support/crawls.ts';
import { PROXY_ADDRESS, startOwnProxy } from '../support/proxies/own-proxy.ts';
import {
  needsLargeProxies,
  needsProxies,
  type RealKind,
  startRealProxy,
} from '../support/proxies/real-proxies.ts';
import { until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';

/** No variable of the machine counts. */
const plain = {
  http_proxy: '',
  https_proxy: '',
  all_proxy: '',
  no_proxy: '',
  HTTP_PROXY: '',
  HTTPS_PROXY: '',
  ALL_PROXY: '',
  NO_PROXY: '',
};
const openRunner = () => openCommandRunner(plain);
const crawlOf = (site: Site, out: string) => [
  ...['crawl', `${site.url}/`, '-o', out, '--crawl', 'c', '--per-host', '10', '--quiet', '--backoff', '200'],
];

async function assertWhole(runner: CommandRunner, site: Site, pages: number, from: readonly string[]) {
  const records = await recordsOf(runner.path('out.jsonl'));
  assert.equal(records.length, pages);
  assert.ok(records.every(({ ok }) => ok));
  assert.deepEqual([...new Set((await site.log()).map(({ remoteAddress }) => remoteAddress))].sort(), from);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.recorded, pages);
  return records;
}

/** tinyproxy's own file takes letters and digits alone. */
const login = { user: 'crawler', password: 'passw0rd' };
const ways: [RealKind, typeof login | null][] = [
  ['tinyproxy', null],
  ['tinyproxy', login],
  ['microsocks', null],
  ['microsocks', login],
  ['squid', null],
  ['squid', login],
  ['dante', null],
];
const needs = (kind: RealKind) => (kind === 'squid' || kind === 'dante' ? needsLargeProxies : needsProxies);

for (const [kind, who] of ways)
  test(
    `a crawl through ${kind} ${who ? 'with user and password' : 'that asks nobody'}: all pages, robots.txt too, and the server sees the proxy alone`,
    needs(kind),
    async (t) => {
      const site = await startSite({ pages: 120 });
      t.after(() => site.stop());
      const proxy = await startRealProxy(t, kind, { login: who });
      const runner = await openRunner();
      const { code, stderr } = await runner.run([
        ...crawlOf(site, runner.path('out.jsonl')),
        '--proxy',
        proxy.url,
      ]);
      assert.equal(code, 0, stderr);
      const records = await assertWhole(runner, site, 121, [proxy.from]);
      const name = proxy.url.replace(/\/\/.*@/, '//');
      assert.deepEqual([...new Set(records.map(({ proxy: used }) => used))], [name]);
      assert.ok((await site.log()).some(({ path }) => path === '/robots.txt'));
    },
  );

test('a crawl through tinyproxy in absolute form (--proxy-dns): all pages', needsProxies, async (t) => {
  const site = await startSite({ pages: 120 });
  t.after(() => site.stop());
  const proxy = await startRealProxy(t, 'tinyproxy', { login });
  const runner = await openRunner();
  const args = [...crawlOf(site, runner.path('out.jsonl')), '--proxy', proxy.url, '--proxy-dns'];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  await assertWhole(runner, site, 121, [proxy.from]);
});

for (const kind of ['tinyproxy', 'microsocks'] as const)
  test(
    `${kind} with a wrong password: dead letters that say so, and nothing goes around it`,
    needsProxies,
    async (t) => {
      const site = await startSite({ pages: 3 });
      t.after(() => site.stop());
      const proxy = await startRealProxy(t, kind, { login });
      const runner = await openRunner();
      const wrong = proxy.url.replace(/\/\/.*@/, '//crawler:wr0ng@');
      const args = [...crawlOf(site, runner.path('out.jsonl')), '--proxy', wrong, '--attempts', '2'];
      const { code, stderr } = await runner.run(args);
      assert.equal(code, 1, stderr);
      const [record] = await recordsOf(runner.path('out.jsonl'));
      assert.equal(record?.error?.code, 'E_PROXY_AUTH', record?.error?.message);
      assert.doesNotMatch(stderr, /wr0ng/);
      assert.deepEqual(await site.log(), []);
    },
  );

test(
  'of two real proxies one is killed in the middle: all pages, through the other',
  needsProxies,
  async (t) => {
    const site = await startSite({ pages: 300, latencyMs: 20 });
    t.after(() => site.stop());
    const first = await startRealProxy(t, 'tinyproxy', { from: '127.0.0.2' });
    const second = await startRealProxy(t, 'microsocks', { from: '127.0.0.3' });
    const runner = await openRunner();
    const args = [...crawlOf(site, runner.path('out.jsonl')), '--proxy', first.url, '--proxy', second.url];
    const crawl = runner.start(args);
    await until(async () => (await site.ended()) > 100, { what: '100 pages', deadlineMs: 30_000 });
    await first.kill();
    const { code } = await crawl.exit;
    assert.equal(code, 0, crawl.stderr());
    await assertWhole(runner, site, 301, [first.from, second.from]);
  },
);

test('the only proxy dies in the middle and comes back: requests wait for it without using up attempts, and nothing goes around it', async (t) => {
  const site = await startSite({ pages: 200, latencyMs: 20 });
  t.after(() => site.stop());
  const proxy = await startOwnProxy(t);
  const runner = await openRunner();
  const crawl = runner.start([...crawlOf(site, runner.path('out.jsonl')), '--proxy', proxy.url]);
  await until(async () => (await site.ended()) > 60, { what: '60 pages', deadlineMs: 30_000 });
  await proxy.kill();
  await until(() => /E_PROXY_CONNECT/.test(crawl.stderr()), { what: 'a word about the proxy' });
  const [told] = await until(
    async () => {
      const found = await runner.run(['proxies', '--json']);
      const all = found.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      return all[0]?.leftOutBy > 0 && all;
    },
    { what: 'drover proxies to tell' },
  );
  assert.equal(told.name, proxy.url);
  assert.equal(told.failure.code, 'E_PROXY_CONNECT');
  await startOwnProxy(t, { port: proxy.port });
  const { code } = await crawl.exit;
  assert.equal(code, 0, crawl.stderr());
  const records = await assertWhole(runner, site, 201, [PROXY_ADDRESS]);
  // Only what was in flight when it died has used an attempt.
  assert.ok(records.filter(({ attempts }) => attempts > 1).length <= 10);
});

test('redirects, sitemaps and the fetches of handlers, on the loop and on threads, go through the proxy', async (t) => {
  const site = await startSite({
    pages: 5,
    behaviours: { '/p/1': { status: 302, headers: { location: '/p/2' } } },
  });
  t.after(() => site.stop());
  const proxy = await startOwnProxy(t, { login: 'u:p@ss' });
  const runner = await openRunner();
  const handler = (name: string, blocking: boolean, path: string) =>
    `export default {
      name: '${name}',
      match: { url: '*${path}' },
      blocking: ${blocking},
      async run({ fetch, emit }) {
        const other = await fetch('${site.url}/from-${name}');
        emit({ status: other.status });
      },
    };\n`;
  await writeFile(runner.path('loop.ts'), handler('loop', false, '/p/0'));
  await writeFile(runner.path('thread.ts'), handler('thread', true, '/p/3'));
  const { code, stderr } = await runner.run([
    ...crawlOf(site, runner.path('out.jsonl')),
    ...['--proxy', proxy.url, '--sitemap', `${site.url}/sitemap.xml`],
    ...['--handler', runner.path('loop.ts'), '--handler', runner.path('thread.ts')],
  ]);
  assert.notEqual(code, 2, stderr);
  const log = await site.log();
  const paths = new Set(log.map(({ path }) => path));
  for (const path of ['/robots.txt', '/p/2', '/sitemap.xml', '/from-loop', '/from-thread'])
    assert.ok(paths.has(path), `${path} was asked for`);
  assert.deepEqual([...new Set(log.map(({ remoteAddress }) => remoteAddress))], [PROXY_ADDRESS]);
});

test('a password is nowhere: not on the terminal, in logs and records, in Redis, nor in what the commands print', async (t) => {
  const site = await startSite({ pages: 5 });
  t.after(() => site.stop());
  const dead = await startOwnProxy(t);
  await dead.kill();
  const proxy = await startOwnProxy(t, { login: 'us3r:s3cret' });
  const runner = await openRunner();
  const list = runner.path('proxies.txt');
  await writeFile(list, `# the proxies\n${proxy.url}\nhttp://us3r:s3cret@127.0.0.1:${dead.port}\n`);
  const args = [
    ...crawlOf(site, runner.path('out.jsonl')).filter((arg) => arg !== '--quiet'),
    '--proxy',
    list,
    '-v',
  ];
  const { code, stdout, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /fetches go through 2 proxies, each in turn/);
  const shown = await Promise.all(
    [['proxies'], ['proxies', '--json'], ['doctor'], ['explain', `${site.url}/p/1`], ['results', 'c']].map(
      (words) => runner.run(words, { env: { DROVER_PROXY: list } }),
    ),
  );
  assert.match(shown[3]?.stdout ?? '', /proxy +fetched through http:\/\/127\.0\.0\.1:\d+/);
  assert.match(
    shown[2]?.stdout ?? '',
    /proxies: fetches go through 2 proxies.*cannot be reached \(ECONNREFUSED\)/,
  );
  const texts = [stdout, stderr, ...shown.flatMap((one) => [one.stdout, one.stderr])];
  const data = runner.path('data');
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) texts.push(await readFile(join(entry.parentPath, entry.name), 'latin1'));
  assert.ok(texts.length > 10);
  assert.ok(texts.every((text) => !/s3cret|us3r|dXMzcj/.test(text)));
});

test('the variables of the system are obeyed and told: http_proxy, and no_proxy for what goes without', async (t) => {
  const site = await startSite({ pages: 3, hosts: 2 });
  t.after(() => site.stop());
  const proxy = await startOwnProxy(t);
  const runner = await openRunner();
  await writeFile(runner.path('list.txt'), site.urls.map((url) => `${url}/p/0`).join('\n'));
  const env = { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.2' };
  const { code, stderr } = await runner.run(
    ['crawl', runner.path('list.txt'), '--crawl', 'c', '-o', runner.path('out.jsonl')],
    { env },
  );
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /fetches by http go through the proxy \S+ \(HTTP_PROXY\), those by https without a proxy, but not to 127\.0\.0\.2 \(NO_PROXY\)/,
  );
  const records = await recordsOf(runner.path('out.jsonl'));
  assert.deepEqual(records.map(({ url, proxy: used }) => [new URL(url).hostname, used]).sort(), [
    ['127.0.0.1', proxy.url],
    ['127.0.0.2', null],
  ]);
  const switchedOff = await runner.run(
    ['crawl', `${site.url}/p/1`, '--depth', '0', '--crawl', 'd', '--noproxy', '*', '--quiet'],
    { env },
  );
  assert.equal(switchedOff.code, 0, switchedOff.stderr);
  assert.equal(proxy.asked.length, 1);
});

test('what cannot be used is said at once, without the password', async () => {
  const runner = await openRunner();
  const cases: [string[], Record<string, string>, RegExp][] = [
    [
      ['--proxy', 'socks4://u:s3cret@p.test:1'],
      {},
      /--proxy: expected a proxy that speaks http, https or socks5/,
    ],
    [['--proxy', 'missing.txt'], {}, /missing\.txt: there is no such file/],
    [['--proxy', 'socks5h://u:s3cret@127.0.0.1:1'], {}, /Write socks5, or give --proxy-dns/],
    [[], { HTTPS_PROXY: 'ftp://u:s3cret@p.test' }, /HTTPS_PROXY: expected a proxy that speaks/],
  ];
  for (const [args, env, says] of cases) {
    const { code, stderr } = await runner.run(['crawl', 'http://127.0.0.1:8/', ...args], { env });
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /s3cret/);
  }
});
