// Redirects and the limits of the hosts that they lead to: each hop waits for its own host's time, and no hop
// waits for ever. From the server's log.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { pauseHost, resumeHost } from '../../src/frontier/hosts.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { type AuditedLimits, byHost, startsDuring, violationsOf } from '../support/politeness/auditor.ts';
import { type DroverProcess, until } from '../support/signals.ts';
import { type LogEntry, type Site, type SiteOptions, startSite } from '../support/site/site.ts';

const LIST = ['--depth', '0', '--quiet', '--crawl', 'c', '--no-adaptive'];
/** What the server's clock may make of a gap. */
const TOLERANCE_MS = 5;
/** The key event of a pause takes so long to every consumer, and what was on its way by then still comes. */
const EVENTS_MS = 60;

const fleets = openFleets();

/** `hosts` as in the config. */
const openFleet = (hosts: Record<string, object> = {}) =>
  fleets.open({ DROVER_HOSTS: JSON.stringify(hosts) });

async function openSite(
  context: TestContext,
  options: Partial<SiteOptions>,
): Promise<{ site: Site; hosts: [string, string] }> {
  const site = await startSite({ pages: 100, linksPerPage: 0, bytes: 500, punctual: true, ...options });
  context.after(() => site.stop());
  const [first = '', second = ''] = site.urls.map((url) => new URL(url).host);
  return { site, hosts: [first, second] };
}

const redirectTo = (location: string, delayMs = 0) => ({ status: 302, headers: { location }, delayMs });

async function list(runner: CommandRunner, urls: readonly string[]): Promise<string> {
  await writeFile(runner.path('list.txt'), urls.map((url) => `${url}\n`).join(''));
  return runner.path('list.txt');
}

const pages = (host: string, count: number) =>
  Array.from({ length: count }, (_, index) => `http://${host}/p/${index}`);

function holds(log: readonly LogEntry[], limits: AuditedLimits, host = ''): void {
  assert.deepEqual(violationsOf(log, limits, [], TOLERANCE_MS), [], host);
}

/** Fails when the crawl hangs, rather than to wait with it. */
async function endsWell(crawl: DroverProcess, deadlineMs = 15_000): Promise<void> {
  await until(() => crawl.child.exitCode !== null, { what: 'the crawl to end', deadlineMs });
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
}

async function enqueue(runner: CommandRunner, urls: readonly string[], ...args: string[]): Promise<void> {
  const { code, stderr } = await runner.run(['enqueue', await list(runner, urls), ...LIST, ...args]);
  assert.equal(code, 0, stderr);
}

const pathsOf = (log: readonly LogEntry[]) =>
  log.toSorted((a, b) => a.start - b.start).map(({ host, path }) => `${host}${path}`);

test('a page that redirects within a host whose delay is longer than a second is followed after that delay', async (t) => {
  const { site, hosts } = await openSite(t, { behaviours: { '/r': redirectTo('/p/1') } });
  const { runner } = await openFleet();
  const args = [...LIST, '--ignore-robots', '--delay', '1100ms'];
  await endsWell(runner.start(['crawl', await list(runner, [`${site.url}/r`]), ...args]));
  const log = await site.log();
  assert.deepEqual(pathsOf(log), [`${hosts[0]}/r`, `${hosts[0]}/p/1`]);
  holds(log, { concurrency: 1, delayMs: 1100 });
});

test('so is a robots.txt', async (t) => {
  const { site, hosts } = await openSite(t, { behaviours: { '/robots.txt': redirectTo('/rules.txt') } });
  await site.behave('/rules.txt', { body: 'User-agent: *\nAllow: /\n' });
  const { runner } = await openFleet();
  await endsWell(
    runner.start(['crawl', await list(runner, [`${site.url}/p/1`]), ...LIST, '--delay', '1100ms']),
  );
  const log = await site.log();
  assert.deepEqual(
    pathsOf(log),
    ['/robots.txt', '/rules.txt', '/p/1'].map((path) => hosts[0] + path),
  );
  holds(log, { concurrency: 1, delayMs: 1100 });
});

test('a robots.txt that takes two hops on another host, one at a time there, does not wait for its own slot', async (t) => {
  const { site, hosts } = await openSite(t, { hosts: 2 });
  const [first, second] = hosts;
  await site.behave('//127.0.0.1/robots.txt', redirectTo(`http://${second}/one`));
  await site.behave('//127.0.0.2/one', redirectTo(`http://${second}/two`));
  await site.behave('//127.0.0.2/two', { body: '' });
  const { runner } = await openFleet();
  const args = [...LIST, '--per-host', '1', '--allow-private', '127.0.0.0/8'];
  await endsWell(runner.start(['crawl', await list(runner, pages(first, 1)), ...args]));
  const log = await site.log();
  assert.deepEqual(pathsOf(log), [`${first}/robots.txt`, `${second}/one`, `${second}/two`, `${first}/p/0`]);
  for (const [host, entries] of byHost(log)) holds(entries, { concurrency: 1, delayMs: 0 }, host);
});

test('requests handed out ahead of their slots that are redirected to a host with a delay obey it', async (t) => {
  const slow = { '//127.0.0.1/r/*': { delayMs: 60 }, '//127.0.0.2/p/*': { delayMs: 150 } };
  const { site, hosts } = await openSite(t, { hosts: 2, behaviours: slow });
  const [first, second] = hosts;
  await site.behave('//127.0.0.1/r/*', redirectTo(`http://${second}/p/50`, 60));
  const limits = { delayMs: 300, concurrency: 1 };
  const { runner } = await openFleet({ [second]: { delay: '300ms', concurrency: 1 } });
  const hops = Array.from({ length: 40 }, (_, index) => `http://${first}/r/${index}`);
  await enqueue(runner, [...hops, ...pages(second, 20)], '--ignore-robots', '--per-host', '8');
  runner.start(['consume', '--quiet', '-c', '20']);
  const atSecond = async () => (await site.log()).filter(({ host }) => host === second);
  await until(async () => (await atSecond()).length >= 8, { what: 'eight pages of the host', everyMs: 50 });
  const log = await atSecond();
  assert.ok(
    log.some(({ path }) => path === '/p/50'),
    'a redirect was followed',
  );
  holds(log, limits);
});

test('a redirect within a host that says 429 meanwhile is followed after the pause', async (t) => {
  const { site } = await openSite(t, {
    behaviours: {
      '/r': redirectTo('/p/1', 600),
      '/p/2': { status: 429, retryAfter: 2, delayMs: 200, failTimes: 1 },
    },
  });
  const { runner } = await openFleet();
  const urls = ['/r', '/p/2'].map((path) => site.url + path);
  const crawl = ['crawl', await list(runner, urls), ...LIST, '--ignore-robots', '--per-host', '2'];
  await endsWell(runner.start(crawl));
  const log = await site.log();
  const told = log.find(({ status }) => status === 429);
  assert.ok(told);
  assert.ok((log.find(({ path }) => path === '/r')?.end ?? 0) > told.end, 'the redirect came in the pause');
  const pause = { fromMs: told.end + EVENTS_MS, untilMs: told.end + 2000 - TOLERANCE_MS };
  assert.deepEqual(startsDuring(log, [pause]), []);
  for (const { ok, attempts, url } of await runner.results('c')) assert.ok(ok && attempts === 1, url);
});

test('a redirect to a private host that a seed named, followed by a consumer that has not met it yet, stays within the limits of both', async (t) => {
  const { site, hosts } = await openSite(t, { hosts: 2, behaviours: { '/p/*': { delayMs: 300 } } });
  const [first, second] = hosts;
  await site.behave('//127.0.0.1/r', redirectTo(`http://${second}/p/50`, 200));
  const { runner, fleet } = await openFleet();
  await pauseHost(fleet, first, 600_000);
  const urls = [`http://${second}/p/1`, `http://${first}/r`, ...pages(first, 4)];
  await enqueue(runner, urls, '--ignore-robots', '--per-host', '1');
  const consumer = runner.start(['consume', '--quiet']);
  await until(async () => (await runner.status('c')).recorded === 1, { what: 'the page of the second host' });
  consumer.kill('SIGINT');
  await consumer.exit;
  await site.clearLog();

  await resumeHost(fleet, first);
  runner.start(['consume', '--quiet']);
  await until(async () => (await site.ended()) >= 6, { what: 'the other pages', everyMs: 50 });
  const logs = byHost(await site.log());
  assert.deepEqual(pathsOf(logs.get(second) ?? []), [`${second}/p/50`]);
  assert.equal(logs.get(first)?.length, 5, 'each was asked for once');
  for (const [host, log] of logs) holds(log, { concurrency: 1, delayMs: 0 }, host);
});
