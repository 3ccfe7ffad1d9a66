// Limits of hosts from wherever they come, proven from the server's log.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import {
  type AuditedLimits,
  byHost,
  mostInFlight,
  smallestGapMs,
  violationsOf,
} from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { type LogEntry, type Site, type SiteOptions, startSite } from '../support/site/site.ts';

const LIST = ['--depth', '0', '--quiet', '--crawl', 'c', '--no-adaptive'];
/** What the server's clock may make of a gap. */
const TOLERANCE_MS = 5;

async function openSite(context: TestContext, options: SiteOptions): Promise<Site> {
  const site = await startSite({ ...options, punctual: true });
  context.after(() => site.stop());
  return site;
}

function holds(log: readonly LogEntry[], limits: AuditedLimits, host = ''): void {
  assert.deepEqual(violationsOf(log, limits, [], TOLERANCE_MS), [], host);
}

async function list(runner: CommandRunner, urls: readonly string[], count: number): Promise<string> {
  const lines = urls.flatMap((url) => Array.from({ length: count }, (_, index) => `${url}/p/${index}\n`));
  await writeFile(runner.path('list.txt'), lines.join(''));
  return runner.path('list.txt');
}

const pagesOf = (log: readonly LogEntry[]) => log.filter(({ path }) => path !== '/robots.txt');

test('limits by pattern in the config hold for the hosts that match, the most exact pattern first', async (t) => {
  const site = await openSite(t, { pages: 8, hosts: 3, behaviours: { '/p/*': { delayMs: 60 } } });
  const runner = await openCommandRunner();
  const hosts = {
    '127.0.0.1': { delay: '80ms', concurrency: 1 },
    [`127.0.0.2:${site.port}`]: { max: 5, durationMs: 1000, concurrency: 4 },
    '*.0.0.2': { delay: '1h' },
    '*': { concurrency: 3 },
  };
  await writeFile(runner.path('drover.config.json'), JSON.stringify({ hosts }));
  const args = ['crawl', await list(runner, site.urls, 8), ...LIST, '--per-host', '8'];
  const { code, stderr } = await runner.run(args, { cwd: runner.dir });
  assert.equal(code, 0, stderr);
  const logs = byHost(await site.log());
  const [first, second, third] = site.urls.map((url) => logs.get(new URL(url).host) ?? []) as [
    LogEntry[],
    LogEntry[],
    LogEntry[],
  ];
  holds(first, { concurrency: 1, delayMs: 80 });
  holds(second, { concurrency: 4, delayMs: 0, max: 5, durationMs: 1000 });
  assert.equal(mostInFlight(third), 3);
});

test('a limit set at run time is seen by every consumer within a second, and so is its end', async (t) => {
  const site = await openSite(t, { pages: 4000, behaviours: { '/p/*': { delayMs: 20 } }, bytes: 500 });
  const runner = await openCommandRunner();
  const path = await list(runner, [site.url], 4000);
  const offer = ['enqueue', path, ...LIST, '--per-host', '8', '--ignore-robots'];
  assert.equal((await runner.run(offer)).code, 0);
  for (const _ of [1, 2]) runner.start(['consume', '--quiet', '-c', '10']);
  await until(async () => (await site.log()).length > 50, { what: 'the crawl to run' });

  const host = new URL(site.url).host;
  const set = await runner.run([
    'hosts',
    'set',
    site.url,
    '--delay',
    '300ms',
    '--concurrency',
    '1',
    '--json',
  ]);
  assert.equal(set.code, 0, set.stderr);
  assert.deepEqual(JSON.parse(set.stdout).set, { concurrency: 1, delayMs: 300, max: null, durationMs: null });
  const setAt = Date.now();
  await until(() => Date.now() > setAt + 3500, { what: 'three seconds', everyMs: 100 });
  const slow = (await site.log()).filter(({ start }) => start > setAt + 1000);
  assert.ok(slow.length >= 3);
  holds(slow, { concurrency: 1, delayMs: 300 });

  assert.equal((await runner.run(['hosts', 'set', host, '--reset'])).code, 0);
  const resetAt = Date.now();
  await until(async () => (await site.log()).filter(({ start }) => start > resetAt).length > 60, {
    what: 'the crawl to be fast again',
    deadlineMs: 3000,
  });
  const listed = await runner.run(['hosts', '--json']);
  const [state] = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(state.key, host);
  assert.equal(state.concurrency, 8);
  assert.ok(state.waiting > 0 && state.waiting < 4000);
});

test('a host that the operator pauses is not asked until it is resumed, others are', async (t) => {
  const site = await openSite(t, {
    pages: 3000,
    hosts: 2,
    behaviours: { '/p/*': { delayMs: 20 } },
    bytes: 500,
  });
  const runner = await openCommandRunner();
  const offer = [
    'enqueue',
    await list(runner, site.urls, 3000),
    ...LIST,
    '--per-host',
    '4',
    '--ignore-robots',
  ];
  assert.equal((await runner.run(offer)).code, 0);
  runner.start(['consume', '--quiet', '-c', '10']);
  const [one = '', two = ''] = site.urls.map((url) => new URL(url).host);
  const startsOf = async (host: string, since: number) =>
    (await site.log()).filter((entry) => entry.host === host && entry.start > since).length;
  await until(async () => (await startsOf(one, 0)) > 20, { what: 'the crawl to run' });
  assert.equal((await runner.run(['hosts', 'pause', one])).code, 0);
  const pausedAt = Date.now() + 100;
  await until(async () => (await startsOf(two, pausedAt)) > 100, { what: 'the other host to go on' });
  assert.equal(await startsOf(one, pausedAt), 0);
  assert.equal((await runner.run(['hosts', 'resume', one])).code, 0);
  const resumedAt = Date.now();
  await until(async () => (await startsOf(one, resumedAt)) > 20, {
    what: 'the host to go on',
    deadlineMs: 3000,
  });
});

test('Crawl-delay is obeyed from the first page on, robots.txt included, up to the maximum', async (t) => {
  const robots = 'User-agent: *\nCrawl-delay: 0.4\n';
  const site = await openSite(t, { pages: 6, hosts: 2, robots });
  const runner = await openCommandRunner();
  const path = await list(runner, site.urls, 6);
  assert.equal((await runner.run(['crawl', path, ...LIST, '--per-host', '4'])).code, 0);
  for (const [host, log] of byHost(await site.log())) {
    assert.equal(log.length, 7);
    holds(log, { concurrency: 4, delayMs: 400 }, host);
  }
  await site.clearLog();
  const lower = ['crawl', path, ...LIST, '--max-crawl-delay', '100ms', '--namespace', 'other'];
  assert.equal((await runner.run(lower)).code, 0);
  for (const [host, log] of byHost(await site.log())) {
    holds(log, { concurrency: 4, delayMs: 100 }, host);
    assert.ok(smallestGapMs(log) < 300, `${host}: gap ${smallestGapMs(log)}`);
  }
});

test('the names of one server share its ceiling, by domain and by address', async (t) => {
  const site = await openSite(t, { pages: 10, behaviours: { '/p/*': { delayMs: 100 } } });
  const runner = await openCommandRunner();
  // Names below localhost are this machine; a.shop.localhost and b.shop.localhost are one registrable domain,
  // x.localhost another.
  const names = ['a.shop.localhost', 'b.shop.localhost', 'c.shop.localhost', 'x.localhost'];
  const path = await list(
    runner,
    names.map((name) => `http://${name}:${site.port}`),
    10,
  );
  const crawl = ['crawl', path, ...LIST, '--ignore-robots', '--per-host', '4', '--per-server', '5'];
  assert.equal((await runner.run(crawl)).code, 0);
  const byDomain = await site.log();
  assert.equal(byDomain.length, 40);
  const shop = byDomain.filter(({ host }) => host.includes('.shop.'));
  assert.equal(mostInFlight(shop), 5);
  for (const [host, log] of byHost(byDomain)) assert.ok(mostInFlight(log) <= 4, host);
  assert.ok(mostInFlight(byDomain) > 5, 'another domain has a ceiling of its own');
  await site.clearLog();
  const again = [...crawl, '--server-by', 'address', '--namespace', 'other'];
  assert.equal((await runner.run(again)).code, 0);
  const byAddress = await site.log();
  assert.equal(byAddress.length, 40);
  assert.equal(mostInFlight(byAddress), 5);
});

test('a quota in the header slows its host down before it is used up', async (t) => {
  const site = await openSite(t, { pages: 40 });
  await site.behave('/p/*', {
    status: 200,
    headers: { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '10', 'x-ratelimit-reset': '2' },
  });
  const runner = await openCommandRunner();
  const crawl = ['crawl', await list(runner, [site.url], 12), ...LIST, '--ignore-robots', '--per-host', '1'];
  assert.equal((await runner.run(crawl)).code, 0);
  const log = pagesOf(await site.log()).sort((a, b) => a.start - b.start);
  // 10 left for 2 s: 200 ms apart, from the second or third on.
  holds(log.slice(2), { concurrency: 1, delayMs: 200 });
});

test('a host that limits the rate for a minute goes on at once when the operator resumes it, what was postponed too', async (t) => {
  const site = await openSite(t, { pages: 12, bytes: 500 });
  await site.behave('/p/*', { status: 429, retryAfter: 60, failTimes: 1 });
  const runner = await openCommandRunner();
  const offer = [
    'enqueue',
    await list(runner, [site.url], 12),
    ...LIST,
    '--ignore-robots',
    '--per-host',
    '4',
  ];
  assert.equal((await runner.run(offer)).code, 0);
  runner.start(['consume', '--quiet', '-c', '10']);
  await until(async () => (await site.log()).length >= 1, { what: 'the host to limit the rate' });
  await site.behave('/p/*', null);
  const state = async () => (await runner.status('c')).state;
  assert.equal((await runner.run(['hosts', 'resume', site.url])).code, 0);
  await until(async () => (await state()) === 'finished', { what: 'all to be fetched', deadlineMs: 6000 });
  for (const { ok, attempts } of await runner.results('c')) assert.ok(ok && attempts === 1);
});
