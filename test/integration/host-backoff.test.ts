// What failing pages and refusals do to a host and to its requests, and how drover tells that a host is held
// back; from the server's log and from what drover prints.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { HostState } from '../../src/frontier/hosts.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { listOptions, openSite, writeList } from '../support/politeness/backoff-sites.ts';
import { until } from '../support/signals.ts';
import type { Site } from '../support/site/site.ts';

/**
 * On a busy machine, a pause is known everywhere after this time. Requests that were on their way by then
 * still come.
 */
const KNOWN_AFTER_MS = 300;

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
  const crawl = await runner.run([
    'crawl',
    await writeList(runner, [site.url], 250),
    ...listOptions,
    '--per-host',
    '8',
  ]);
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
  const crawl = await runner.run([
    'crawl',
    await writeList(runner, [site.url], 260),
    ...listOptions,
    '--per-host',
    '4',
  ]);
  assert.equal(crawl.code, 0, crawl.stderr);
  const log = (await site.log()).toSorted((a, b) => a.start - b.start);
  const refusals = log.filter(({ status }) => status === 429);
  assert.equal(refusals.length, 4);
  for (const { end } of refusals) {
    const next = log.find(({ start }) => start > end + KNOWN_AFTER_MS);
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
    await writeList(runner, [site.url], 20_000),
    ...listOptions,
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
  const crawl = runner.start(['crawl', await writeList(runner, [site.url], 4000), ...listOptions, ...blunt]);
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
  const path = await writeList(runner, [site.url], 30);
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
  const pausedSince = Date.now();
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
  // The crawl looks once a second: a pause that ends before is none that its summary must know.
  await until(() => Date.now() > pausedSince + 2500, { what: 'two looks of the crawl', everyMs: 50 });
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

test('progress, explain and the summary say that a host is slowed, and what ends it', async (t) => {
  const site = await openSite(t, { behaviours: { '/p/*': { status: 500 } } });
  const runner = await openCommandRunner();
  const path = await writeList(runner, [site.url], 200);
  const shown = ['--depth', '0', '--crawl', 'c', '--attempts', '1'];
  const crawl = runner.start(['crawl', path, ...shown]);
  const slowed = /slowed to one start each [\d.]+ m?s since [\d:]+: \d+ % of its last answers were failures/;
  await crawl.line(slowed, 30_000);
  const explained = await runner.run(['explain', `${site.url}/p/199`]);
  assert.match(explained.stdout.replace(/\s+/g, ' '), /slowed to one start each .* of its last answers were/);
  crawl.kill('SIGINT');
  assert.equal((await crawl.exit).code, 130);
  const summary = crawl.stderr().slice(crawl.stderr().indexOf('Held back')).replace(/\s+/g, ' ');
  assert.match(
    summary,
    /still slowed to one start each .*what ends it: wait until the host is well again, or/,
  );
});
