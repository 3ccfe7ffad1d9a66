// What hosts say of being asked too much, and what follows: pauses, forgiveness, a slower pace; from the
// server's log.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { byHost, startsDuring } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { type LogEntry, type Site, type SiteOptions, startSite } from '../support/site/site.ts';

const LIST = ['--depth', '0', '--quiet', '--crawl', 'c', '--ignore-robots'];
/** The key event of a pause takes so long to every consumer, and what was on its way by then still comes. */
const EVENTS_MS = 60;

async function openSite(context: TestContext, options: SiteOptions): Promise<Site> {
  const site = await startSite(options);
  context.after(() => site.stop());
  return site;
}

async function list(runner: CommandRunner, urls: readonly string[], count: number): Promise<string> {
  const lines = urls.flatMap((url) => Array.from({ length: count }, (_, index) => `${url}/p/${index}\n`));
  await writeFile(runner.path('list.txt'), lines.join(''));
  return runner.path('list.txt');
}

const sorted = (log: readonly LogEntry[]) => log.toSorted((a, b) => a.start - b.start);

test('a host that says 429 for seconds and then 200: all recorded in the first attempt, no start in a pause, other hosts undisturbed', async (t) => {
  const site = await openSite(t, { pages: 60, hosts: 2, bytes: 500, latencyMs: 10 });
  const [strict = '', other = ''] = site.urls.map((url) => new URL(url).host);
  await site.behave('//127.0.0.1/*', { status: 429, retryAfter: 1 });
  const runner = await openCommandRunner();
  const crawl = runner.start(['crawl', await list(runner, site.urls, 60), ...LIST, '--per-host', '4']);
  await until(async () => (await site.log()).filter(({ status }) => status === 429).length >= 8, {
    what: 'the host to have said 429 several times',
    deadlineMs: 20_000,
  });
  await site.behave('//127.0.0.1/*', null);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());

  const logs = byHost(await site.log());
  const told = (logs.get(strict) ?? []).filter(({ status }) => status === 429);
  const pauses = told.map(({ end }) => ({ fromMs: end + EVENTS_MS, untilMs: end + 1000 - 5 }));
  assert.deepEqual(startsDuring(logs.get(strict) ?? [], pauses), []);
  const results = await runner.results('c');
  assert.equal(results.length, 120);
  for (const { ok, attempts, url } of results) assert.ok(ok && attempts === 1, url);
  // The other host had all its pages while the first was paused for the first time.
  const lastOfOther = Math.max(...(logs.get(other) ?? []).map(({ end }) => end));
  assert.ok(lastOfOther < (told[0]?.end ?? 0) + 2000, 'the other host waited');
});

test('refusals without a time make the pauses longer; those of requests on their way count as one; a good answer forgets them', async (t) => {
  const site = await openSite(t, { pages: 800, bytes: 500, latencyMs: 10 });
  await site.behave('/p/*', { status: 429 });
  const runner = await openCommandRunner();
  const crawl = runner.start([
    'crawl',
    await list(runner, [site.url], 800),
    ...LIST,
    '--per-host',
    '4',
    '--no-adaptive',
  ]);
  const refusals = async () => (await site.log()).filter(({ status }) => status === 429);
  await until(async () => roundsOf(await refusals()).length >= 3, {
    what: 'three rounds',
    deadlineMs: 20_000,
  });
  await site.behave('/p/*', null);
  const good = async () => (await site.log()).some(({ status }) => status === 200);
  await until(good, { what: 'a good answer', deadlineMs: 20_000 });
  const earlier = (await refusals()).length;
  await site.behave('/p/*', { status: 429 });
  await until(async () => (await refusals()).length > earlier, { what: 'another refusal' });
  await site.behave('/p/*', null);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  const rounds = roundsOf(await refusals());
  const waits = rounds.slice(1).map((round, index) => round - (rounds[index] ?? 0));
  // From half of 1 s to 1 s, then of 2 s: however many were on their way.
  assert.ok((waits[0] ?? 0) >= 450 && (waits[0] ?? 0) < 1800, `first wait ${waits[0]}`);
  assert.ok((waits[1] ?? 0) >= 950 && (waits[1] ?? 0) < 3000, `second wait ${waits[1]}`);
  // The fourth in a row would pause for 4 s at least; after a good answer it is the first again.
  const last = Math.max(...(await refusals()).map(({ end }) => end));
  // What was on its way by then came within 300 ms.
  const later = (await site.log()).map(({ start }) => start - last).filter((ms) => ms > 300);
  assert.ok(Math.min(...later) < 3000, `after a good answer ${Math.min(...later)} ms`);
  for (const { attempts } of await runner.results('c')) assert.equal(attempts, 1);
});

/** When each group of starts began that lie less than 300 ms apart. */
function roundsOf(log: readonly LogEntry[]): number[] {
  const rounds: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { start } of sorted(log)) {
    if (start - last > 300) rounds.push(start);
    last = start;
  }
  return rounds;
}

test('a Retry-After that is negative, unreadable, in the past or absurdly long neither stops the crawl nor is passed over', async (t) => {
  const site = await openSite(t, { pages: 5, bytes: 500 });
  const odd = ['-5', 'soon', 'Sun, 06 Nov 1994 08:49:37 GMT', '999999999999', '0'];
  for (const [index, retryAfter] of odd.entries())
    await site.behave(`/p/${index}`, { status: 429, retryAfter, failTimes: 1 });
  const runner = await openCommandRunner();
  const crawl = ['crawl', await list(runner, [site.url], 5), ...LIST, '--per-host', '1', '--max-pause', '1s'];
  assert.equal((await runner.run(crawl)).code, 0);
  const log = sorted(await site.log());
  for (const [index, { status }] of log.entries()) {
    if (status !== 429) continue;
    const gap = (log[index + 1]?.start ?? Number.POSITIVE_INFINITY) - (log[index]?.end ?? 0);
    assert.ok(gap >= 450, `asked again after ${gap} ms`);
  }
});

test('a host that becomes slow is asked less, and more again when it has recovered', async (t) => {
  const site = await openSite(t, { pages: 6000, bytes: 500, latencyMs: 30 });
  const runner = await openCommandRunner();
  const offer = ['enqueue', await list(runner, [site.url], 6000), ...LIST, '--per-host', '6'];
  assert.equal((await runner.run(offer)).code, 0);
  runner.start(['consume', '--quiet', '-c', '10']);
  await until(async () => (await site.log()).length > 300, { what: 'the usual latency to be known' });
  await site.behave('/p/*', { delayMs: 600 });
  const slowSince = Date.now();
  const startsIn = async (from: number, to: number) =>
    (await site.log()).filter(({ start }) => start >= from && start < to).length;
  await until(() => Date.now() > slowSince + 5000, { what: 'five seconds', everyMs: 100 });
  // Six at a time would be ten a second; one at a time is about one and a half.
  const slow = (await startsIn(slowSince + 2500, slowSince + 5000)) / 2.5;
  assert.ok(slow > 0.5 && slow < 5, `${slow} starts a second while slow`);
  await site.behave('/p/*', null);
  await until(async () => (await startsIn(Date.now() - 1000, Date.now())) > 40, {
    what: 'the host to be asked as before',
    deadlineMs: 15_000,
    everyMs: 100,
  });
});

test('a host that answers 5xx is asked less', async (t) => {
  const site = await openSite(t, { pages: 400, bytes: 500, latencyMs: 10 });
  const runner = await openCommandRunner();
  const path = await list(runner, [site.url], 400);
  const rate = async (...args: string[]) => {
    await site.clearLog();
    await site.behave('/p/*', { status: 500 });
    const crawl = runner.start(['crawl', path, ...LIST, '--per-host', '4', '--attempts', '1', ...args]);
    const [first] = await until(async () => (await site.log()).length > 0 && site.log(), { what: 'a start' });
    await until(() => Date.now() > (first?.start ?? 0) + 4000, { what: 'four seconds', everyMs: 100 });
    crawl.kill('SIGKILL');
    return (await site.log()).length;
  };
  const [adaptive, blunt] = [await rate(), await rate('--no-adaptive', '--namespace', 'other')];
  assert.ok(adaptive * 2 < blunt, `${adaptive} starts against ${blunt} without --adaptive`);
});
