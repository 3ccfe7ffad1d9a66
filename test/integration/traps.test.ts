import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, before, type TestContext } from 'node:test';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';

let redis: TestRedis;
before(async () => {
  // Traps are long rows of pages one after the other: nothing is killed here, and no page need wait for the
  // disk.
  redis = await startTestRedis({ args: ['--appendfsync', 'no'] });
});
after(() => redis.stop());

/** Commands of one fleet of the test's own. */
const fleet = (): Promise<CommandRunner> =>
  openCommandRunner({ REDIS_URL: redis.url, DROVER_NAMESPACE: randomBytes(4).toString('hex') });

interface TrapSite {
  url: string;
  port: number;
  /**
   * How often each was asked for: `/path?query`, or `host/path?query` of a host other than 127.0.0.1.
   * robots.txt is left out.
   */
  asked: Map<string, number>;
}

/** Every page is made on the fly: `linksOf` gives its hrefs, null for 404. */
async function startTraps(t: TestContext, linksOf: (url: URL) => string[] | null): Promise<TrapSite> {
  const asked = new Map<string, number>();
  const server = createServer(({ url: target = '/', headers: { host } }, response) => {
    const url = new URL(target, `http://${host}`);
    const links = url.pathname === '/robots.txt' ? null : linksOf(url);
    const name = url.hostname === '127.0.0.1' ? target : `${url.hostname}${target}`;
    if (target !== '/robots.txt') asked.set(name, (asked.get(name) ?? 0) + 1);
    response.writeHead(links === null ? 404 : 200, { 'content-type': 'text/html' });
    response.end(links?.map((href) => `<a href="${href}">${href}</a>\n`).join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked };
}

/** The pages below these paths, and how often each was asked for. */
function askedBelow({ asked }: TrapSite, prefix: string): Record<string, number> {
  return Object.fromEntries([...asked].filter(([path]) => path.startsWith(prefix)));
}

function onceEach(paths: string[]): Record<string, number> {
  return Object.fromEntries(paths.map((path) => [path, 1]));
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const fast = ['--per-host', '20', '--no-adaptive', '--quiet', '--body', 'none'];

/** A month is counted from the year 0. */
const monthOf = (month: number) =>
  `/calendar/${Math.floor(month / 12)}/${String((month % 12) + 1).padStart(2, '0')}`;
const calendar = ([, , year, month]: string[]) => {
  const at = Number(year) * 12 + Number(month) - 1;
  return [monthOf(at - 1), monthOf(at + 1), '/'];
};

/** Thirty real pages among traps of every kind. */
function museum({ pathname, searchParams }: URL): string[] {
  const session = randomBytes(16).toString('hex');
  const [, room, number] = pathname.split('/');
  switch (room) {
    case '':
      return [
        ...['/real/0', '/calendar/2026/11', '/relative/', '/shop/0', '/grow?q=x'],
        'http://elsewhere.example/',
      ];
    case 'real':
      return ['/', `/real/${(Number(number) + 1) % 30}`, `/real/${(Number(number) + 7) % 30}`];
    case 'calendar':
      return calendar(pathname.split('/'));
    case 'relative':
      return pathname.endsWith('a/') ? ['b/'] : ['a/'];
    case 'shop':
      return [
        `/shop/${(Number(number) + 1) % 10};jsessionid=${session}`,
        `/shop/${(Number(number) + 3) % 10}?PHPSESSID=${session}`,
        `/(S(${session.slice(0, 24)}))/shop/${(Number(number) + 4) % 10}`,
        `/shop/${(Number(number) + 5) % 10}?sid=${session}`,
      ];
    default:
      return [`/grow?q=${searchParams.get('q')}${'x'.repeat(400)}`];
  }
}

test('a site of traps: the crawl ends by itself, every real page is fetched once, each refusal is counted and shown', async (t) => {
  const site = await startTraps(t, museum);
  const runner = await fleet();
  const chain = 25;
  const args = ['crawl', `${site.url}/`, '--crawl', 'c', ...fast, '--max-chain', String(chain)];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  assert.deepEqual(askedBelow(site, '/real/'), onceEach(upTo(30).map((page) => `/real/${page}`)));
  assert.deepEqual(askedBelow(site, '/shop/'), onceEach(upTo(10).map((page) => `/shop/${page}`)));
  assert.deepEqual(askedBelow(site, '/(S'), {});
  // The first month is a link away from the seed already.
  const months = upTo(2 * chain - 1).map((step) => monthOf(2026 * 12 + 11 - chain + step));
  assert.deepEqual(askedBelow(site, '/calendar/'), onceEach(months.sort()));
  const rooms = ['/', ...upTo(6).map((depth) => `/${'a/b/'.repeat(3).slice(0, 2 * (depth + 1))}`)];
  assert.deepEqual(askedBelow(site, '/relative/'), onceEach(rooms.map((path) => `/relative${path}`)));
  assert.equal(Object.keys(askedBelow(site, '/grow')).length, 20);

  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.waiting, counts.dead], ['finished', 0, 0]);
  assert.equal(site.asked.size, counts.recorded);
  // The last month of either end has two links that lead on, one of them back.
  assert.deepEqual(counts.leftOut, { E_CHAIN: 4, E_PATH_REPEATS: 1, E_SCOPE: 1, E_URL_TOO_LONG: 1 });
  const { stdout } = await runner.run(['status', 'c']);
  for (const [why, count] of Object.entries(counts.leftOut))
    assert.match(stdout, new RegExp(`^ {2}links left out ${why}: ${count}$`, 'm'));
});

test('a calendar with views that lead to one another ends too', async (t) => {
  // The days of a month, the months, and the weeks, of which one in four reaches into the next month.
  const site = await startTraps(t, ({ pathname }) => {
    const [, view, text] = pathname.split('/');
    const at = Number(text);
    switch (view) {
      case 'month':
        return [`/month/${at + 1}`, `/week/${at * 4}`, `/week/${at * 4 + 4}`];
      case 'week':
        return [`/week/${at + 1}`, `/month/${Math.ceil(at / 4)}`, `/day/${at * 7 + 6}`];
      default:
        return [`/month/${Math.ceil(at / 28)}`, `/week/${Math.ceil(at / 7)}`];
    }
  });
  const runner = await fleet();
  const args = [`${site.url}/month/1000`, '--crawl', 'c', ...fast, '--max-chain', '20'];
  const { code, stderr } = await runner.run(['crawl', ...args, '--limit', '2000']);
  assert.equal(code, 0, stderr);
  const counts = await runner.status('c');
  t.diagnostic(`${counts.recorded} pages`);
  assert.deepEqual([counts.state, Object.keys(counts.leftOut)], ['finished', ['E_CHAIN']]);
  assert.ok(Object.keys(askedBelow(site, '/month/')).length >= 20, 'as many as --max-chain lets through');
});

test('an archive of 300 pages, each leading to the next, is fetched whole by default', async (t) => {
  const site = await startTraps(t, ({ pathname, searchParams }) => {
    const page = Number(searchParams.get('page') ?? 1);
    if (pathname !== '/archive') return [];
    const items = [`/item/${page}`, `/item/${page}/comments`];
    return page < 300 ? [...items, `/archive?page=${page + 1}`] : items;
  });
  const runner = await fleet();
  const { code, stderr } = await runner.run(['crawl', `${site.url}/archive`, '--crawl', 'c', ...fast]);
  assert.equal(code, 0, stderr);
  const items = upTo(300).flatMap((page) => [`/item/${page + 1}`, `/item/${page + 1}/comments`]);
  const pages = upTo(300).map((page) => (page === 0 ? '/archive' : `/archive?page=${page + 1}`));
  assert.deepEqual(Object.fromEntries(site.asked), onceEach([...pages, ...items]));
  assert.deepEqual((await runner.status('c')).leftOut, {});
});

test('a page with 100,000 links: all of them become requests', async (t) => {
  const links = upTo(100_000).map((leaf) => `/leaf/${leaf}`);
  const site = await startTraps(t, ({ pathname }) => (pathname === '/' ? links : []));
  const runner = await fleet();
  const crawl = runner.start(['crawl', `${site.url}/`, '--crawl', 'c', ...fast]);
  await until(async () => (await runner.status('c').catch(() => null))?.accepted === 100_001, {
    what: 'all links to be accepted',
    deadlineMs: 60_000,
    everyMs: 200,
  });
  crawl.kill('SIGINT');
  assert.equal((await crawl.exit).code, 130, crawl.stderr());
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.leftOut, counts.dead], [{}, 0]);
  const again = site.asked.values().some((times) => times > 1);
  assert.ok(!again && site.asked.size === counts.recorded, `${site.asked.size} of ${counts.recorded}`);
});

test('--limit and --depth bound what a page with 100,000 links brings, and the rest is counted', async (t) => {
  const links = upTo(100_000).map((leaf) => `/leaf/${leaf}`);
  const site = await startTraps(t, ({ pathname }) => (pathname === '/' ? links : []));
  const runner = await fleet();
  const crawl = async (name: string, ...args: string[]) => {
    const { code, stderr } = await runner.run(['crawl', `${site.url}/`, '--crawl', name, ...fast, ...args]);
    assert.equal(code, 0, stderr);
    const { accepted, recorded, leftOut } = await runner.status(name);
    return { accepted, recorded, leftOut };
  };
  assert.deepEqual(await crawl('limit', '--limit', '100'), {
    ...{ accepted: 100, recorded: 100, leftOut: { E_LIMIT: 99_901 } },
  });
  assert.deepEqual(await crawl('depth', '--depth', '0'), {
    ...{ accepted: 1, recorded: 1, leftOut: { E_DEPTH: 100_000 } },
  });
  assert.deepEqual(await crawl('host', '--max-per-host', '50'), {
    ...{ accepted: 50, recorded: 50, leftOut: { E_HOST_LIMIT: 99_951 } },
  });
});

test('subdomains without end: --max-per-host bounds each, --max-chain how many lead to one another', async (t) => {
  const site = await startTraps(t, ({ hostname, pathname, port }) => {
    const number = Number(/\d+/.exec(hostname)?.[0]);
    if (pathname !== '/') return [];
    return [`http://s${number + 1}.trap.localhost:${port}/`, ...upTo(9).map((page) => `/${page}`)];
  });
  const runner = await fleet();
  const args = [
    '--scope',
    'any',
    '--max-per-host',
    '4',
    '--max-chain',
    '12',
    '--allow-private',
    '127.0.0.0/8',
  ];
  const seed = `http://s1.trap.localhost:${site.port}/`;
  const { code, stderr } = await runner.run(['crawl', seed, '--crawl', 'c', ...fast, ...args]);
  assert.equal(code, 0, stderr);
  const hosts = upTo(12).map((step) => `s${step + 1}.trap.localhost`);
  const pages = hosts.flatMap((host) => [`${host}/`, ...upTo(3).map((page) => `${host}/${page}`)]);
  assert.deepEqual(Object.fromEntries(site.asked), onceEach([...pages, 's13.trap.localhost/']));
  assert.deepEqual((await runner.status('c')).leftOut, { E_CHAIN: 1 + 9, E_HOST_LIMIT: 6 * 12 });
});
