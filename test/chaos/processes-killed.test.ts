// A crawl in three consumer processes of one command. One is killed with kill -9.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { figuresOf } from '../../bench/politeness/figures.ts';
import { behavioursOf, listOf, type PoliteHost, settingsOf, spread } from '../../bench/politeness/hosts.ts';
import type { Summary } from '../../cli/terminal/summary.ts';
import { assertAddsUp, recordsOf } from '../support/crawls.ts';
import { isAlive } from '../support/embedded.ts';
import { consumerProcessesOf } from '../support/fleets/consumer-processes.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const URLS = 500;
const fleets = openFleets();
const now = () => performance.timeOrigin + performance.now();

const hosts: readonly PoliteHost[] = [
  { delayMs: 0, concurrency: 1, latencyMs: 100 },
  { delayMs: 0, concurrency: 6, latencyMs: 300 },
  { delayMs: 0, concurrency: 4, latencyMs: 200, refuses: { every: 20, retryAfterSeconds: 2 } },
  { delayMs: 0, concurrency: 2, latencyMs: 50, max: 5, durationMs: 1000 },
  { delayMs: 50, concurrency: 2, latencyMs: 60 },
  { delayMs: 200, concurrency: 3, latencyMs: 100 },
];

test('crawl --processes 3, one killed with kill -9: it is replaced and told, no host sees more than its limits, and each page is written once', async (t) => {
  const counts = spread(hosts, URLS);
  const site = await startSite({
    ...{ pages: Math.max(...counts), linksPerPage: 5, bytes: 2000, punctual: true },
    ...{ hosts: hosts.length, behaviours: behavioursOf(hosts) },
  });
  t.after(() => site.stop());
  const { runner, fleet } = await fleets.open();
  await writeFile(runner.path('drover.config.json'), JSON.stringify(settingsOf(hosts)));
  const list = listOf(site.urls, counts);
  await writeFile(runner.path('list.txt'), list);
  const words = ['crawl', 'list.txt', '--crawl', 'c', '-c', '20', '--processes', '3', '-o', 'out.jsonl'];
  const drover = runner.start([...words, '--json'], { cwd: runner.dir });
  const { pid } = drover.child;
  const consumers = async () => {
    const ids = await fleet.redis.zrange(fleet.keys.consumers, '0', '-1');
    return ids.map((id) => Number(/-(\d+)-[0-9a-f]+\|/.exec(id)?.[1]));
  };
  await until(
    async () => {
      const consuming = await consumers();
      const found = consumerProcessesOf(pid);
      return found.length === 3 && consuming.toSorted().join() === found.toSorted().join();
    },
    { what: 'three processes that consume in place of the first one', deadlineMs: 30_000, everyMs: 50 },
  );
  await until(async () => (await site.ended()) >= URLS / 2, {
    what: 'half of the pages',
    deadlineMs: 60_000,
  });
  const [victim = 0] = consumerProcessesOf(pid);
  const at = now();
  process.kill(victim, 'SIGKILL');
  await until(() => !isAlive(victim), { what: 'its end', everyMs: 1 });
  const goneAt = now();
  await until(() => consumerProcessesOf(pid).length === 3, { what: 'another in its place', everyMs: 50 });

  const { code } = await drover.exit;
  assert.equal(code, 0, drover.stderr());
  const told = `a consumer process (${victim}) was ended by SIGKILL; another takes its place`;
  assert.ok(drover.stderr().includes(told), drover.stderr());
  const log = await site.log();
  const violations = figuresOf(log, hosts, { kills: [{ at, goneAt }], knownAfterMs: 1000 }).flatMap(
    (host) => host.violations,
  );
  assert.deepEqual(violations, []);
  const records = await recordsOf(runner.path('out.jsonl'));
  assert.deepEqual(records.map(({ url }) => url).toSorted(), list.trimEnd().split('\n').toSorted());
  assert.ok(records.every(({ ok }) => ok));
  assertAddsUp(await runner.status('c'));
  const summary = JSON.parse(drover.stdout()) as Summary;
  const answers = summary.slowestHosts.reduce((sum, host) => sum + host.answers, 0);
  // Those of five hosts, from all processes; the killed one told twice a second.
  assert.ok(answers > 0.7 * (URLS - Math.min(...counts)), `${answers} answers`);
});
