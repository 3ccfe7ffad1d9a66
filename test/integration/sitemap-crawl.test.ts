import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readCounts } from '../../src/crawl/crawl.ts';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import { fleetOf } from '../../src/fleet.ts';
import { keysOf, namespaceOf } from '../../src/keys.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { fingerprint } from '../../src/url/fingerprint.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner, recordsOf } from '../support/crawls.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';

let server: TestRedis;
let redis: Redis;
before(async () => {
  server = await startTestRedis({ args: ['--appendfsync', 'no'] });
  redis = connectRedis({ url: server.url }, 'script');
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

interface Hosts {
  port: number;
  /** All requests so far: `host/path?query`, without the port. */
  asked: string[];
  times(name: string): number;
}

/** Answers by `host/path?query`; a page without links where there is none, 404 for robots.txt and sitemap.xml. */
async function startHosts(
  t: TestContext,
  answerOf: (name: string, port: number, times: number) => Answer | undefined,
): Promise<Hosts> {
  const asked: string[] = [];
  const times = (name: string) => asked.filter((other) => other === name).length;
  const server = createServer(({ url: target = '/', headers: { host = '' } }, response) => {
    const name = `${host.replace(/:\d+$/, '')}${target}`;
    asked.push(name);
    const { port } = server.address() as AddressInfo;
    const isGuess = target === '/robots.txt' || target === '/sitemap.xml';
    const answer = answerOf(name, port, times(name)) ?? (isGuess ? { status: 404 } : {});
    const { status = 200, headers = {}, body = '<title>page</title>' } = answer;
    response.writeHead(status, { 'content-type': 'text/html', ...headers });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, asked, times };
}

const found = (body: string | Uint8Array): Answer => ({ body });
const redirect = (location: string): Answer => ({ status: 301, headers: { location } });
const urlset = (urls: readonly string[]) =>
  found(`<urlset>${urls.map((url) => `<url><loc>${url}</loc></url>`).join('\n')}</urlset>`);
const indexOf = (urls: readonly string[]) =>
  found(
    `<sitemapindex>${urls.map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join('\n')}</sitemapindex>`,
  );
const robots = (sitemaps: readonly string[]) => found(sitemaps.map((url) => `Sitemap: ${url}\n`).join(''));

interface Fleet {
  runner: CommandRunner;
  namespace: string;
  counts(crawl?: string): Promise<CrawlCounts>;
  /** Runs a crawl to its end and gives its records by `host/path?query`. */
  crawl(args: readonly string[], name?: string): Promise<Map<string, CrawlRecord>>;
}

/** Commands of one fleet of the test's own; any host of the test may be fetched. */
async function fleet(environment: Record<string, string> = {}): Promise<Fleet> {
  const prefix = `t${randomBytes(4).toString('hex')}`;
  const runner = await openCommandRunner({
    ...{ REDIS_URL: server.url, DROVER_NAMESPACE: prefix, DROVER_ALLOW_PRIVATE: '127.0.0.0/8' },
    ...{ DROVER_PER_HOST: '10', DROVER_ADAPTIVE: '0' },
    ...environment,
  });
  return {
    runner,
    namespace: namespaceOf(prefix),
    counts: (crawl = 'c') => readCounts(fleetOf(redis, namespaceOf(prefix)), crawl),
    async crawl(args, name = 'c') {
      const out = runner.path(`${name}.jsonl`);
      const { code, stderr } = await runner.run(['crawl', ...args, '--crawl', name, '-o', out, '--quiet']);
      assert.equal(code, 0, stderr);
      const records = await recordsOf(out);
      const byName = new Map(records.map((record) => [nameOf(record.url), record]));
      assert.equal(byName.size, records.length, 'each request once');
      return byName;
    },
  };
}

/** `host/path?query`. */
const nameOf = (url: string) => url.replace(/^https?:\/\/([^/:]+)(:\d+)?/, '$1');

async function warningsIn(runner: CommandRunner): Promise<string[]> {
  const log = await readFile(join(runner.dir, 'data', 'drover.log'), 'utf8');
  const lines = log.split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ msg, warning }) => (msg === 'sitemap' ? [warning] : []));
}

test('a sitemap in every form is seed enough: its pages at depth 0 with their lastmod, its own record without body', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const page = (form: string) => `http://a.localhost:${port}/${form}`;
    const forms = ['urls.xml', 'urls.xml.gz', 'urls.txt', 'rss.xml', 'atom.xml'].map(page);
    const set = (form: string) =>
      `<urlset><url><loc>${page(form)}</loc><lastmod>2026-10-07</lastmod></url></urlset>`;
    const date = 'Wed, 07 Oct 2026 12:00:00 GMT';
    const answers: Record<string, Answer> = {
      'a.localhost/index.xml': indexOf(forms),
      'a.localhost/urls.xml': found(set('xml')),
      'a.localhost/urls.xml.gz': {
        ...found(gzipSync(set('gzip'))),
        headers: { 'content-type': 'application/gzip' },
      },
      'a.localhost/urls.txt': { ...found(`${page('text')}\n`), headers: { 'content-type': 'text/plain' } },
      'a.localhost/rss.xml': found(
        `<rss><channel><item><link>${page('rss')}</link><pubDate>${date}</pubDate></item></channel></rss>`,
      ),
      'a.localhost/atom.xml': found(
        `<feed><entry><link href="${page('atom')}"/><updated>2026-10-07T12:00:00Z</updated></entry></feed>`,
      ),
      'a.localhost/xml': found('<a href="/linked">a link</a>'),
    };
    return answers[name];
  });
  const index = `http://a.localhost:${hosts.port}/index.xml`;
  const { runner, counts, crawl } = await fleet();
  const records = await crawl(['--sitemap', index, '--depth', '0', '--body', 'base64']);
  const told = (form: string) => {
    const { depth, ok, userData, referrer, body } = records.get(`a.localhost/${form}`) ?? {};
    return { depth, ok, userData, from: referrer && new URL(referrer).pathname, body: typeof body };
  };
  const day = { lastmod: '2026-10-07' };
  const noon = { lastmod: '2026-10-07T12:00:00Z' };
  const page = { depth: 0, ok: true, body: 'string' };
  assert.deepEqual(told('xml'), { ...page, userData: day, from: '/urls.xml' });
  assert.deepEqual(told('gzip'), { ...page, userData: day, from: '/urls.xml.gz' });
  assert.deepEqual(told('text'), { ...page, userData: null, from: '/urls.txt' });
  assert.deepEqual(told('rss'), { ...page, userData: noon, from: '/rss.xml' });
  assert.deepEqual(told('atom'), { ...page, userData: noon, from: '/atom.xml' });
  assert.equal(records.size, 11);
  for (const form of ['index.xml', 'urls.xml', 'urls.xml.gz', 'urls.txt', 'rss.xml', 'atom.xml']) {
    const { ok, depth, body, links, bytes } = records.get(`a.localhost/${form}`) ?? {};
    assert.deepEqual(
      { ok, depth, body, links, isRead: (bytes ?? 0) > 0 },
      {
        ...{ ok: true, depth: 0, body: null, links: null, isRead: true },
      },
    );
  }
  const end = await counts();
  assertAddsUp(end);
  assert.deepEqual([end.recorded, end.leftOut], [11, { E_DEPTH: 1 }]);
  assert.deepEqual(await warningsIn(runner), []);
});

test('entries of other hosts are left out and counted, unless --scope says otherwise; --include and --exclude are about pages', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [a, b] = [`http://a.localhost:${port}`, `http://b.localhost:${port}`];
    const answers: Record<string, Answer> = {
      'a.localhost/map/index.xml': indexOf([`${a}/map/1.xml`, `${b}/map/2.xml`]),
      'a.localhost/map/1.xml': urlset([
        `${a}/news/1`,
        `${a}/shop/1`,
        `${b}/news/2`,
        'http://[::',
        'mailto:x@y',
      ]),
      'b.localhost/map/2.xml': urlset([`${b}/news/3`]),
    };
    return answers[name];
  });
  const index = `http://a.localhost:${hosts.port}/map/index.xml`;
  const { runner, counts, crawl } = await fleet();
  const names = async (name: string, ...args: string[]) =>
    [...(await crawl(['--sitemap', index, ...args], name)).keys()].sort();
  const [own, first, second] = [
    'a.localhost/map/index.xml',
    'a.localhost/map/1.xml',
    'b.localhost/map/2.xml',
  ];
  assert.deepEqual(await names('host'), [first, own, 'a.localhost/news/1', 'a.localhost/shop/1']);
  const wrong = { E_URL_INVALID: 1, E_URL_SCHEME: 1 };
  assert.deepEqual((await counts('host')).leftOut, { ...wrong, E_SCOPE: 1, E_SITEMAP: 1 });
  assert.deepEqual(await warningsIn(runner), ['Sitemaps of other hosts: 1 left out.']);

  const news = ['a.localhost/news/1', 'b.localhost/news/2', 'b.localhost/news/3'];
  assert.deepEqual(await names('any', '--scope', 'any', '--exclude', '*/shop/*'), [
    first,
    own,
    news[0],
    second,
    ...news.slice(1),
  ]);
  assert.deepEqual(await names('include', '--include', '*/news/*', '--exclude', '*.xml'), [
    first,
    own,
    news[0],
  ]);
});

test('auto: what robots.txt names and /sitemap.xml, of the host of each seed; a 404 there is a record and no failure', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [a, b, cdn] = ['a', 'b', 'cdn'].map((host) => `http://${host}.localhost:${port}`);
    const answers: Record<string, Answer> = {
      'a.localhost/robots.txt': robots([`${a}/named.xml`, `${cdn}/of-a.xml`]),
      'a.localhost/named.xml': urlset([`${a}/1`]),
      'cdn.localhost/of-a.xml': indexOf([`${cdn}/of-a-1.xml`, `${b}/sitemap.xml`]),
      'cdn.localhost/of-a-1.xml': urlset([`${a}/2`, `${cdn}/3`, `${b}/4`]),
      'b.localhost/sitemap.xml': urlset([`${b}/5`]),
    };
    return answers[name];
  });
  const seeds = ['a', 'b'].map((host) => `http://${host}.localhost:${hosts.port}/`);
  const { runner, counts, crawl } = await fleet();
  const records = await crawl([...seeds, '--sitemap', 'auto']);
  assert.deepEqual(
    [...records.keys()].sort(),
    [
      ...[
        'a.localhost/',
        'a.localhost/1',
        'a.localhost/2',
        'a.localhost/named.xml',
        'a.localhost/sitemap.xml',
      ],
      ...['b.localhost/', 'b.localhost/5', 'b.localhost/sitemap.xml'],
      ...['cdn.localhost/of-a-1.xml', 'cdn.localhost/of-a.xml'],
    ].sort(),
  );
  const { ok, status, error } = records.get('a.localhost/sitemap.xml') ?? {};
  assert.deepEqual([ok, status, error?.code], [false, 404, 'E_HTTP_4XX']);
  assert.deepEqual((await counts()).leftOut, { E_SCOPE: 2, E_SITEMAP: 1 });
  assert.deepEqual(await warningsIn(runner), ['Sitemaps of other hosts: 1 left out.']);
  for (const host of ['a', 'b']) assert.equal(hosts.times(`${host}.localhost/robots.txt`), 1);
});

test('auto reads the sitemaps of robots.txt with --ignore-robots too, and its rules not', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const a = `http://a.localhost:${port}`;
    const answers: Record<string, Answer> = {
      'a.localhost/robots.txt': found(`User-agent: *\nDisallow: /\nSitemap: ${a}/named.xml\n`),
      'a.localhost/named.xml': urlset([`${a}/1`]),
      'a.localhost/sitemap.xml': urlset([`${a}/2`]),
    };
    return answers[name];
  });
  const seed = `http://a.localhost:${hosts.port}/`;
  const { crawl } = await fleet();
  const records = await crawl([seed, '--sitemap', 'auto', '--ignore-robots']);
  const names = ['', '1', '2', 'named.xml', 'robots.txt', 'sitemap.xml'].map((path) => `a.localhost/${path}`);
  assert.deepEqual([...records.keys()].sort(), names);
  assert.ok(records.values().every(({ ok }) => ok));
  assert.equal(hosts.asked.length, names.length);
});

test('a sitemap speaks for the host that it is redirected to, and a robots.txt for its site with and without www.', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const www = `http://www.a.localhost:${port}`;
    const answers: Record<string, Answer> = {
      'www.a.localhost/robots.txt': robots([`${www}/named.xml`]),
      'www.a.localhost/named.xml': urlset([`${www}/1`]),
      'www.a.localhost/map.xml': indexOf(['map/1.xml']),
      'www.a.localhost/map/1.xml': urlset([`${www}/2`]),
      'b.localhost/map.xml': redirect(`http://cdn.localhost:${port}/b.xml`),
      'cdn.localhost/b.xml': urlset([`http://b.localhost:${port}/3`, `http://www.b.localhost:${port}/4`]),
    };
    const bare = /^a\.localhost(\/.*)/.exec(name)?.[1];
    return bare === undefined ? answers[name] : redirect(`${www}${bare}`);
  });
  const [a, b] = ['a', 'b'].map((host) => `http://${host}.localhost:${hosts.port}`);
  const { counts, crawl } = await fleet();
  const auto = await crawl([`${a}/`, '--sitemap', 'auto'], 'auto');
  assert.deepEqual([...auto.keys()].sort(), [
    ...['a.localhost/', 'a.localhost/sitemap.xml', 'www.a.localhost/1', 'www.a.localhost/named.xml'],
  ]);
  const named = await crawl(['--sitemap', `${a}/map.xml`, '--sitemap', `${b}/map.xml`], 'named');
  assert.deepEqual([...named.keys()].sort(), [
    ...['a.localhost/map.xml', 'b.localhost/3', 'b.localhost/map.xml', 'www.a.localhost/2'],
    'www.a.localhost/map/1.xml',
  ]);
  assert.deepEqual((await counts('named')).leftOut, { E_SCOPE: 1 });
});

test('indexes within indexes are read to the third level, and a ring of them ends', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const level = Number(/^a\.localhost\/level\/(\d)$/.exec(name)?.[1] ?? -1);
    if (level < 0) return undefined;
    const all = [0, 1, 2, 3, 4].map((other) => `http://a.localhost:${port}/level/${other}`);
    return level < 3 ? indexOf([all[level + 1] ?? '', all[0] ?? '']) : indexOf([all[4] ?? '']);
  });
  const { runner, counts, crawl } = await fleet();
  const records = await crawl(['--sitemap', `http://a.localhost:${hosts.port}/level/0`]);
  const names = [0, 1, 2, 3].map((level) => `a.localhost/level/${level}`);
  assert.deepEqual([...records.keys()].sort(), names);
  assert.deepEqual(hosts.asked.filter((name) => name !== 'a.localhost/robots.txt').sort(), names);
  assert.deepEqual((await counts()).leftOut, { E_SITEMAP: 1 });
  assert.deepEqual(await warningsIn(runner), ['Sitemaps in an index too deep in others: 1 left out.']);
});

test('of a broken sitemap all that can be read is fetched; the log says what was wrong, and status how often', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const a = `http://a.localhost:${port}`;
    const answers: Record<string, Answer> = {
      'a.localhost/broken.xml': found(
        `<urlset><url><loc>${a}/1</loc><url><loc>${a}/2?x=1&y=2</loc></url></wrong><url><loc>${a}/3</loc></url><url><loc>${a}/4`,
      ),
      'a.localhost/page.xml': found('<!doctype html><html><body>Not found, politely</body></html>'),
    };
    return answers[name];
  });
  const { runner, counts, crawl } = await fleet();
  const maps = ['broken.xml', 'page.xml'].flatMap((map) => [
    '--sitemap',
    `http://a.localhost:${hosts.port}/${map}`,
  ]);
  const records = await crawl(maps);
  const names = ['1', '2?x=1&y=2', '3', 'broken.xml', 'page.xml'].map((path) => `a.localhost/${path}`);
  assert.deepEqual([...records.keys()].sort(), names);
  const warnings = await warningsIn(runner);
  for (const what of [
    /^It breaks off: at character \d+/,
    /^An element is not closed: /,
    /it is an HTML page\.$/,
  ])
    assert.ok(
      warnings.some((warning) => what.test(warning)),
      `${what} among ${warnings}`,
    );
  const { leftOut } = await counts();
  assert.deepEqual(leftOut, { E_SITEMAP: warnings.length });
  const { stdout } = await runner.run(['status', 'c']);
  assert.match(stdout, new RegExp(`^ {2}links left out E_SITEMAP: ${warnings.length}$`, 'm'));
});

test('a sitemap is tried again like any request; one that fails for good is a dead letter, and a replay reads it', async (t) => {
  const hosts = await startHosts(t, (name, port, times) => {
    const a = `http://a.localhost:${port}`;
    if (name === 'a.localhost/weak.xml') return times === 1 ? { status: 500 } : urlset([`${a}/1`]);
    if (name === 'a.localhost/busy.xml')
      return times === 1 ? { status: 429, headers: { 'retry-after': '1' } } : urlset([`${a}/2`]);
    if (name === 'a.localhost/sick.xml') return times <= 2 ? { status: 500 } : urlset([`${a}/3`]);
    return undefined;
  });
  const { runner } = await fleet();
  const maps = ['weak', 'busy', 'sick'].flatMap((map) => [
    '--sitemap',
    `http://a.localhost:${hosts.port}/${map}.xml`,
  ]);
  const args = ['crawl', ...maps, '--crawl', 'c', '--quiet', '--attempts', '2', '--backoff', '50'];
  assert.equal((await runner.run(args)).code, 1);
  const attempts = async () => {
    const records = (await runner.results('c')).map(({ url, ok, attempts }) => [
      new URL(url).pathname,
      ok,
      attempts,
    ]);
    return records.sort(([a = ''], [b = '']) => String(a).localeCompare(String(b)));
  };
  const well = [
    ['/1', true, 1],
    ['/2', true, 1],
    ['/busy.xml', true, 1],
  ];
  assert.deepEqual(await attempts(), [...well, ['/sick.xml', false, 2], ['/weak.xml', true, 2]]);
  assert.equal((await runner.run(['dead', 'replay', 'c'])).code, 0);
  assert.equal((await runner.run(args)).code, 0);
  assert.deepEqual(await attempts(), [
    ...[...well.slice(0, 2), ['/3', true, 1], ...well.slice(2)],
    ...[
      ['/sick.xml', true, 1],
      ['/weak.xml', true, 2],
    ],
  ]);
});

test('a page of a sitemap that is redirected to another host does not widen the scope of the crawl', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [a, b] = [`http://a.localhost:${port}`, `http://b.localhost:${port}`];
    const answers: Record<string, Answer> = {
      'a.localhost/map.xml': urlset([`${a}/out`]),
      'a.localhost/out': redirect(`${b}/`),
      'b.localhost/': found(`<a href="/1">on</a> <a href="${a}/2">back</a>`),
    };
    return answers[name];
  });
  const { counts, crawl } = await fleet();
  const records = await crawl(['--sitemap', `http://a.localhost:${hosts.port}/map.xml`]);
  assert.deepEqual([...records.keys()].sort(), ['a.localhost/2', 'a.localhost/map.xml', 'a.localhost/out']);
  assert.deepEqual((await counts()).leftOut, { E_SCOPE: 1 });
});

test('what cannot be a sitemap, and auto without a seed, is said before anything begins; exit code 2', async () => {
  const { runner } = await fleet();
  for (const [args, why] of [
    [['--sitemap', 'auto'], /give a seed/],
    [['--sitemap', 'http://'], /--sitemap/],
    [['--sitemap', 'sitemap.xml'], /--sitemap/],
  ] as const) {
    const { code, stderr } = await runner.run(['crawl', ...args, '--crawl', 'c']);
    assert.equal(code, 2, stderr);
    assert.match(stderr, why);
  }
  assert.equal((await runner.run(['status', '--json'])).stdout, '');
});

test('kill -9 of the consumer in the middle of a sitemap of 50,000 URLs: each is in the frontier once, none is missing', async (t) => {
  const ENTRIES = 50_000;
  const hosts = await startHosts(t, (name, port) => {
    if (name !== 'a.localhost/map.xml') return undefined;
    return urlset(Array.from({ length: ENTRIES }, (_, page) => `http://a.localhost:${port}/page/${page}`));
  });
  const { runner, namespace, counts } = await fleet({ DROVER_LOCK_DURATION: '1000' });
  const map = `http://a.localhost:${hosts.port}/map.xml`;
  // Few of the pages are fetched meanwhile: this is about the sitemap.
  const slowly = ['--per-host', '5', '--delay', '500ms', '--ignore-robots'];
  assert.equal((await runner.run(['enqueue', '--sitemap', map, '--crawl', 'c', ...slowly])).code, 0);
  const first = runner.start(['consume']);
  const goal = 2000 + Math.random() * (ENTRIES / 2);
  const isFarEnough = async () => (await counts()).accepted > goal;
  await until(isFarEnough, { what: 'some entries', deadlineMs: 30_000, everyMs: 1 });
  first.killGroup('SIGKILL');
  await first.exit;
  const { accepted } = await counts();
  assert.ok(accepted > goal && accepted < ENTRIES, `${accepted} accepted before the kill`);
  const consumer = runner.start(['consume']);
  const isOpen = () => redis.hexists(`${keysOf(namespace).crawl('c')}:open`, fingerprint({ url: map }));
  await until(async () => (await isOpen()) === 0, { what: 'the end of the sitemap', deadlineMs: 30_000 });
  consumer.kill('SIGTERM');
  await consumer.exit;
  assert.equal(hosts.times('a.localhost/map.xml'), 2);

  const end = await counts();
  assertAddsUp(end);
  assert.deepEqual([end.accepted, end.leftOut], [ENTRIES + 1, {}]);
  const pages = Array.from({ length: ENTRIES }, (_, page) => `http://a.localhost:${hosts.port}/page/${page}`);
  const byId = new Map([map, ...pages].map((url) => [fingerprint({ url }), url]));
  const lane = await redis.lrange(`${keysOf(namespace).crawl('c')}:l0:a.localhost:${hosts.port}`, 0, -1);
  const held = [
    ...lane.map((entry) => `http://a.localhost:${hosts.port}${/\/page\/\d+$/.exec(entry)?.[0]}`),
    ...(await redis.hkeys(`${keysOf(namespace).crawl('c')}:open`)).map((id) => byId.get(id)),
    ...(await runner.results('c')).map(({ url }) => url),
  ];
  assert.equal(held.length, byId.size);
  assert.deepEqual(new Set(held), new Set(byId.values()));
});

test('what robots.txt names is taken though /sitemap.xml fails for good or is disallowed', async (t) => {
  const hosts = await startHosts(t, (name, port) => {
    const [host = ''] = name.split('/');
    const own = `http://${host}:${port}`;
    const rule = host === 'a.localhost' ? '' : 'User-agent: *\nDisallow: /sitemap.xml\n';
    const answers: Record<string, Answer> = {
      'a.localhost/sitemap.xml': { status: 500 },
      [`${host}/robots.txt`]: found(`${rule}Sitemap: ${own}/named.xml\n`),
      [`${host}/named.xml`]: urlset([`${own}/1`]),
    };
    return answers[name];
  });
  const seeds = ['a', 'b'].map((host) => `http://${host}.localhost:${hosts.port}/`);
  const { runner } = await fleet();
  const args = ['crawl', ...seeds, '--sitemap', 'auto', '--crawl', 'c', '--quiet', '--attempts', '1'];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 1, stderr);
  for (const host of ['a', 'b']) assert.equal(hosts.times(`${host}.localhost/1`), 1);
  const { dead, refusals } = await runner.status('c');
  assert.deepEqual([dead, refusals], [1, { E_ROBOTS: 1 }]);
});
