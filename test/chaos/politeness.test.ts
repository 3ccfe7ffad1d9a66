import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { figuresOf } from '../../bench/politeness/figures.ts';
import { behavioursOf, listOf, type PoliteHost, settingsOf, spread } from '../../bench/politeness/hosts.ts';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { askedAgain } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const URLS = 800;
const now = () => performance.timeOrigin + performance.now();
/** Half of a pause: what else the machine does may hold up the consumer that has to tell the others of it. */
const EVENTS_MS = 1000;

const hosts: readonly PoliteHost[] = [
  { delayMs: 0, concurrency: 1, latencyMs: 100 },
  { delayMs: 0, concurrency: 8, latencyMs: 400 },
  { delayMs: 0, concurrency: 4, latencyMs: 200, refuses: { every: 20, retryAfterSeconds: 2 } },
  { delayMs: 0, concurrency: 2, latencyMs: 50, max: 5, durationMs: 1000 },
  { delayMs: 50, concurrency: 2, latencyMs: 60, refuses: { every: 15, retryAfterSeconds: 2 } },
  { delayMs: 200, concurrency: 1, latencyMs: 20 },
  { delayMs: 200, concurrency: 3, latencyMs: 100, refuses: { every: 10, retryAfterSeconds: 2 } },
  { delayMs: 1000, concurrency: 2, latencyMs: 50 },
];

test('three consumers, one killed with kill -9 and replaced: no host sees more than its limits, and nothing is lost', async (t) => {
  const counts = spread(hosts, URLS);
  const site = await startSite({
    ...{ pages: Math.max(...counts), linksPerPage: 5, bytes: 2000, punctual: true },
    ...{ hosts: hosts.length, behaviours: behavioursOf(hosts) },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const cwd = runner.dir;
  await writeFile(runner.path('drover.config.json'), JSON.stringify(settingsOf(hosts)));
  const list = listOf(site.urls, counts);
  await writeFile(runner.path('list.txt'), list);
  const enqueued = await runner.run(['enqueue', 'list.txt', '--crawl', 'polite', '--depth', '0'], { cwd });
  assert.equal(enqueued.code, 0, enqueued.stderr);

  const consume = () => runner.start(['consume', '--quiet', '-c', '20'], { cwd });
  const [victim, ...others] = [consume(), consume(), consume()];
  await until(async () => (await site.ended()) >= URLS / 2, {
    what: 'half of the pages',
    deadlineMs: 60_000,
    everyMs: 50,
  });
  const at = now();
  victim.kill('SIGKILL');
  const gone = once(victim.child, 'exit').then(now);
  others.push(consume());
  await until(async () => (await runner.status('polite')).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 60_000,
    everyMs: 500,
  });
  for (const consumer of others) consumer.kill('SIGTERM');
  for (const consumer of others) assert.equal((await consumer.exit).code, 0, consumer.stderr());

  const log = await site.log();
  const violations = figuresOf(log, hosts, {
    kills: [{ at, goneAt: await gone }],
    knownAfterMs: EVENTS_MS,
  }).flatMap((host) => host.violations);
  assert.deepEqual(violations, []);

  const records = await runner.results('polite');
  assert.deepEqual(records.map(({ url }) => url).toSorted(), list.trimEnd().split('\n').toSorted());
  assert.deepEqual(
    records.filter(({ ok }) => !ok),
    [],
  );
  assertAddsUp(await runner.status('polite'));

  // Only the consumer's death makes a page be asked for again once it was served, or began to be; a 429 is no
  // attempt.
  assert.ok(log.filter(({ status }) => status === 429).length > 10);
  const interrupted = new Set(askedAgain(log.filter(({ status }) => status !== 429)));
  const again = records.filter(({ attempts }) => attempts > 1).map(({ url }) => url.replace('http://', ''));
  assert.deepEqual(
    again.filter((url) => !interrupted.has(url)),
    [],
  );
});
