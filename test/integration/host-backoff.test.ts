// What failing pages, refusals and named times do to a host and to its requests, in all the forms in which servers say it; from the
// server's log and from what drover tells.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import type { HostState } from '../../src/frontier/hosts.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import {
  type Behaviour,
  type Behaviours,
  type LogEntry,
  type Site,
  type SiteOptions,
  startSite,
} from '../support/site/site.ts';

const LIST = ['--depth', '0', '--quiet', '--crawl', 'c', '--ignore-robots'];
/** The news of a pause takes so long on a busy machine, and what was on its way by then still comes. */
const NEWS_MS = 300;

async function openSite(context: TestContext, options: Partial<SiteOptions> = {}): Promise<Site> {
  const site = await startSite({ pages: 1000, bytes: 500, linksPerPage: 1, latencyMs: 5, ...options });
  context.after(() => site.stop());
  return site;
}

async function list(runner: CommandRunner, urls: readonly string[], count: number): Promise<string> {
  const lines = Array.from({ length: count }, (_, page) => urls.map((url) => `${url}/p/${page}\n`));
  await writeFile(runner.path('list.txt'), lines.flat().join(''));
  return runner.path('list.txt');
}

const ofHost = (log: readonly LogEntry[], index: number) =>
  log.filter(({ host }) => host.startsWith(`127.0.0.${index + 1}:`)).toSorted((a, b) => a.start - b.start);

/** A host each: every way in which an answer that is no success names a second. */
const named: [string, Behaviour][] = [
  ['429', { status: 429, retryAfter: 1 }],
  ['503', { status: 503, retryAfter: 1 }],
  ['500', { status: 500, retryAfter: 1 }],
  ['502', { status: 502, retryAfter: 1 }],
  ['504', { status: 504, retryAfter: 1 }],
  ['403', { status: 403, retryAfter: 1 }],
  ['413', { status: 413, retryAfter: 1 }],
  ['404', { status: 404, retryAfter: 1 }],
  ['301', { status: 301, retryAfter: 1, headers: { location: '/p/3' } }],
  ['403 by quota', { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' } }],
  ['503 by quota', { status: 503, headers: { ratelimit: '"a";r=0;t=1' } }],
  [
    '429 by quota with a unit',
    { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000ms' } },
  ],
  [
    '429 by reset-after',
    { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.0' } },
  ],
];

test('an answer that names a time pauses its host for it and comes again in the same attempt, whatever its status', async (t) => {
  const behaviours: Behaviours = Object.fromEntries(
    named.map(([, behaviour], host) => [`//127.0.0.${host + 1}/p/2`, { ...behaviour, failTimes: 1 }]),
  );
  const site = await openSite(t, { hosts: named.length, behaviours });
  const runner = await openCommandRunner();
  const crawl = await runner.run(['crawl', await list(runner, site.urls, 6), ...LIST, '--per-host', '1']);
  assert.equal(crawl.code, 0, crawl.stderr);
  const log = await site.log();
  for (const [index, [name]] of named.entries()) {
    const own = ofHost(log, index);
    const told = own.findIndex(({ path, status }) => path === '/p/2' && status !== 200);
    const next = own[told + 1];
    const gapMs = (next?.start ?? 0) - (own[told]?.end ?? 0);
    assert.ok(gapMs >= 990 && gapMs < 5000, `${name}: the next start came after ${gapMs} ms`);
  }
  const records = await runner.results('c');
  assert.equal(records.length, named.length * 6);
  for (const { ok, attempts, url } of records) assert.ok(ok && attempts === 1, url);
  // The redirect was not asked again: it went on from where it led.
  const redirects = log.filter(({ status }) => status === 301);
  assert.equal(redirects.length, 1);
});

test('a page that was served, and a 404 with a spent quota, are recorded, and their host waits', async (t) => {
  const spent = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' };
  const site = await openSite(t, {
    hosts: 3,
    behaviours: {
      '//127.0.0.1/p/2': { headers: spent },
      '//127.0.0.2/p/2': { status: 404, headers: spent },
      '//127.0.0.3/p/2': { retryAfter: 1 },
    },
  });
  const runner = await openCommandRunner();
  await runner.run(['crawl', await list(runner, site.urls, 6), ...LIST, '--per-host', '1']);
  const log = await site.log();
  for (const index of [0, 1, 2]) {
    const own = ofHost(log, index);
    assert.equal(own.length, 6);
    const told = own.findIndex(({ path }) => path === '/p/2');
    const gapMs = (own[told + 1]?.start ?? 0) - (own[told]?.end ?? 0);
    assert.ok(gapMs >= 990, `host ${index}: ${gapMs} ms`);
  }
  const statuses = (await runner.results('c'))
    .filter(({ url }) => url.endsWith('/p/2'))
    .map(({ status }) => status);
  assert.deepEqual(statuses.toSorted(), [200, 200, 404]);
});

test('what a server names again and again ends with --max-postponed, as E_RATE_LIMITED, and every pause with --max-pause', async (t) => {
  const site = await openSite(t, { behaviours: { '/p/0': { status: 403, retryAfter: 3600 } } });
  const runner = await openCommandRunner();
  const crawl = [
    'crawl',
    await list(runner, [site.url], 1),
    ...LIST,
    '--max-pause',
    '1s',
    '--max-postponed',
    '3s',
  ];
  assert.equal((await runner.run(crawl)).code, 1);
  const [record] = await runner.results('c');
  assert.equal(record?.error?.code, 'E_RATE_LIMITED');
  const log = await site.log();
  assert.ok(log.length >= 2 && log.length <= 4, `${log.length} times`);
  for (const [index, { start }] of log.slice(1).entries())
    assert.ok(start - (log[index]?.end ?? 0) >= 990, 'within a pause');
});

test('5xx without a time are their own URL’s matter: nobody waits for them', async (t) => {
  const failing = [500, 502, 503, 504];
  const behaviours = Object.fromEntries(
    failing.flatMap((status, n) => [
      [`/p/${10 + n * 60}`, { status, failTimes: 1 }],
      [`/p/${40 + n * 60}`, { status, failTimes: 2 }],
    ]),
  );
  const site = await openSite(t, { behaviours });
  const runner = await openCommandRunner();
  const crawl = await runner.run(['crawl', await list(runner, [site.url], 250), ...LIST, '--per-host', '8']);
  assert.equal(crawl.code, 0, crawl.stderr);
  const log = (await site.log()).toSorted((a, b) => a.start - b.start);
  const failed = new Set(log.filter(({ status }) => status >= 500).map(({ path }) => path));
  assert.equal(failed.size, 8);
  // Nowhere between the first attempts is there a hole as a pause makes it.
  const firsts = [...new Map(log.toReversed().map((entry) => [entry.path, entry])).values()].map(
    ({ start }) => start,
  );
  firsts.sort((a, b) => a - b);
  const widest = Math.max(...firsts.slice(1).map((start, index) => start - (firsts[index] ?? start)));
  assert.ok(widest < 450, `${widest} ms between two first attempts`);
  for (const { path } of log.filter(({ status }) => status >= 500)) {
    const own = log.filter((entry) => entry.path === path);
    assert.ok((own[1]?.start ?? 0) - (own[0]?.end ?? 0) >= 490, `${path} came again too soon`);
  }
  const attempts = (await runner.results('c')).filter(({ attempts }) => attempts > 1);
  assert.equal(attempts.length, 8);
});

test('a 429 without a time pauses its host for a short while, no longer for it happening now and then', async (t) => {
  const behaviours = Object.fromEntries(
    [20, 80, 140, 200].map((page) => [`/p/${page}`, { status: 429, failTimes: 1 }]),
  );
  const site = await openSite(t, { behaviours });
  const runner = await openCommandRunner();
  const crawl = await runner.run(['crawl', await list(runner, [site.url], 260), ...LIST, '--per-host', '4']);
  assert.equal(crawl.code, 0, crawl.stderr);
  const log = (await site.log()).toSorted((a, b) => a.start - b.start);
  const refusals = log.filter(({ status }) => status === 429);
  assert.equal(refusals.length, 4);
  for (const { end } of refusals) {
    const next = log.find(({ start }) => start > end + NEWS_MS);
    const gapMs = (next?.start ?? 0) - end;
    assert.ok(gapMs >= 490 && gapMs < 2000, `${gapMs} ms`);
  }
  for (const { attempts } of await runner.results('c')) assert.equal(attempts, 1);
});

const hostOf = async (runner: CommandRunner, site: Site) => {
  const [state] = await runner.json<HostState>(['hosts', 'list', '--json', site.url]);
  assert.ok(state);
  return state;
};

test('two consumers slow a host that only fails to about one start a second, say why, and let go of it when it is well', async (t) => {
  const site = await openSite(t, { pages: 20_000 });
  const runner = await openCommandRunner();
  const offer = [
    'enqueue',
    await list(runner, [site.url], 20_000),
    ...LIST,
    '--per-host',
    '8',
    '--attempts',
    '2',
  ];
  assert.equal((await runner.run(offer)).code, 0);
  for (let consumer = 0; consumer < 2; consumer++) runner.start(['consume', '--quiet', '-c', '10']);
  await until(async () => (await site.ended()) > 200, { what: 'the crawl to run' });
  await site.behave('/p/*', { status: 503 });
  const slowed = await until(
    async () => {
      const [hold] = (await hostOf(runner, site)).holds;
      return hold?.why === 'failures' && (hold.intervalMs ?? 0) > 300 && hold;
    },
    { what: 'the host to be slowed', deadlineMs: 15_000 },
  );
  assert.equal(slowed.kind, 'slowed');
  assert.match(slowed.reason, /^\d+ % of its last answers were failures$/);
  assert.match(slowed.change, /drover hosts resume .*--no-adaptive/);
  assert.ok(Date.now() - Date.parse(slowed.since ?? '') < 20_000);
  const before = await site.ended();
  const since = Date.now();
  await until(() => Date.now() > since + 3000, { what: 'three seconds', everyMs: 50 });
  const starts = (await site.ended()) - before;
  assert.ok(starts <= 20, `${starts} starts in three seconds`);
  await site.behave('/p/*', null);
  await until(async () => (await hostOf(runner, site)).holds.length === 0, {
    what: 'the host to be let go',
    deadlineMs: 15_000,
  });
});

test('with --no-adaptive nothing is slowed for failures, and a named pause is kept', async (t) => {
  const site = await openSite(t, { pages: 4000, behaviours: { '/p/*': { status: 500 } } });
  const runner = await openCommandRunner();
  const blunt = ['--per-host', '8', '--attempts', '1', '--no-adaptive'];
  const crawl = runner.start(['crawl', await list(runner, [site.url], 4000), ...LIST, ...blunt]);
  await until(async () => (await site.ended()) >= 300, {
    what: 'three hundred failures',
    deadlineMs: 20_000,
  });
  assert.deepEqual((await hostOf(runner, site)).holds, []);
  await site.behave('/p/*', { status: 503, retryAfter: 30 });
  const paused = await until(async () => (await hostOf(runner, site)).holds[0], { what: 'the pause' });
  assert.deepEqual([paused.kind, paused.why], ['paused', 'named']);
  const untilMs = Date.parse(paused.until ?? '') - Date.now();
  assert.ok(untilMs > 10_000 && untilMs <= 30_000, String(untilMs));
  assert.match(paused.change, /^wait, or drover hosts resume 127\.0\.0\.1:\d+$/);
  const before = await site.ended();
  const since = Date.now();
  await until(() => Date.now() > since + 1000, { what: 'a second', everyMs: 50 });
  assert.equal(await site.ended(), before);
  await site.behave('/p/*', null);
  assert.equal((await runner.run(['hosts', 'resume', site.url])).code, 0);
  await until(async () => (await site.ended()) > before + 20, { what: 'the crawl to go on' });
  crawl.kill('SIGKILL');
});

test('explain, hosts and the summary of crawl say that a host is paused, why, until when, and what ends it', async (t) => {
  const site = await openSite(t, { behaviours: { '/p/1': { status: 429, retryAfter: 60, failTimes: 1 } } });
  const runner = await openCommandRunner();
  const { host } = new URL(site.url);
  const path = await list(runner, [site.url], 30);
  const crawl = runner.start([
    'crawl',
    path,
    '--depth',
    '0',
    '--crawl',
    'c',
    '--per-host',
    '1',
    '--delay',
    '50ms',
  ]);
  await until(async () => (await hostOf(runner, site)).holds.some(({ kind }) => kind === 'paused'), {
    what: 'the pause',
    deadlineMs: 20_000,
  });
  const ends = new RegExp(
    `it said when to come again \\(Retry-After\\)(?:;| \\() ?wait, or npm run drover -- hosts resume ${host}`,
  );
  const [explained, hosts] = await Promise.all([
    runner.run(['explain', `${site.url}/p/25`]),
    runner.run(['hosts', site.url]),
  ]);
  assert.match(
    explained.stdout.replace(/\s+/g, ' '),
    new RegExp(`paused since \\S+ until \\S+: ${ends.source}`),
  );
  assert.match(hosts.stdout, new RegExp(`paused since [\\d:]+ until [\\d:]+: ${ends.source}`));
  // What it says of what would change it is true.
  assert.equal((await runner.run(['hosts', 'resume', host])).code, 0);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  const summary = crawl.stderr().replace(/\s+/g, ' ');
  assert.match(
    summary,
    new RegExp(
      `Held back ${host} paused for [\\d.]+ s in all: it said when to come again \\(Retry-After\\) Next`,
    ),
  );
});

test('a robots.txt that names a time is asked again then, and its pages with it', async (t) => {
  const robots = [
    { status: 429, retryAfter: 1, failTimes: 1 },
    { status: 503, retryAfter: 1, failTimes: 1 },
    { status: 403, retryAfter: 1, failTimes: 1 },
  ];
  const site = await openSite(t, {
    hosts: robots.length,
    robots: 'User-agent: *\nDisallow: /p/1\n',
    behaviours: Object.fromEntries(robots.map((one, host) => [`//127.0.0.${host + 1}/robots.txt`, one])),
  });
  const runner = await openCommandRunner();
  const path = await list(runner, site.urls, 3);
  await runner.run(['crawl', path, '--depth', '0', '--quiet', '--crawl', 'c']);
  const log = await site.log();
  for (const index of robots.keys()) {
    const [first, second, ...pages] = ofHost(log, index);
    assert.deepEqual([first?.path, second?.path], ['/robots.txt', '/robots.txt']);
    assert.ok((second?.start ?? 0) - (first?.end ?? 0) >= 990, 'asked again within its pause');
    assert.deepEqual(pages.map(({ path }) => path).toSorted(), ['/p/0', '/p/2']);
  }
});
