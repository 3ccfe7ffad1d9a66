// A crawl `c` that has ended with dead letters only: 30 at 127.0.0.1 (status 500) and 10 at 127.0.0.2 (status
// 404, which is dead because of --dead-on).

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { ALL_DEAD } from '../../src/dead/filter.ts';
import { lookAtReplay } from '../../src/dead/replay-runs.ts';
import { deadLetters } from '../../src/dead/shards/letters.ts';
import type { Fleet } from '../../src/fleet.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import { openQueue, type RequestQueue } from '../../src/queue/queue.ts';
import type { Fleets } from './fleets.ts';
import { until } from './signals.ts';
import { startSite } from './site/site.ts';

const QUICK = ['--depth', '0', '--ignore-robots', '--no-adaptive', '--quiet', '--backoff', '10'];

/** Runs the crawl. Each request has `attempts` attempts; every command gets `environment`. */
export async function openDeadLetterFixture(
  t: TestContext,
  fleets: Fleets,
  attempts = '1',
  environment: Record<string, string> = {},
) {
  const site = await startSite({
    pages: 40,
    hosts: 2,
    behaviours: { '//127.0.0.1/p/*': { status: 500 }, '//127.0.0.2/p/*': { status: 404 } },
  });
  t.after(() => site.stop());
  const { runner, fleet } = await fleets.open(environment);
  const urls = Array.from({ length: 40 }, (_, page) => `${site.urls[page < 30 ? 0 : 1]}/p/${page}\n`);
  await writeFile(runner.path('list.txt'), urls.join(''));
  /** The command of the crawl. When it runs again, it fetches the requests that a replay has brought back. */
  const command = [
    'crawl',
    runner.path('list.txt'),
    ...['--crawl', 'c', '--dead-on', '404', '--attempts', attempts],
    ...QUICK,
  ];
  const { code, stderr } = await runner.run(command);
  assert.equal(code, 1, stderr);
  const parts = [fleet, openQueue(fleet)] as const;
  const shards = [{ fleet, queue: parts[1] }];
  const consume = (...args: string[]) => {
    const consumer = runner.start(['consume', '--quiet', ...args]);
    t.after(() => consumer.kill());
    return consumer;
  };
  const ended = (id: string) =>
    until(async () => (await lookAtReplay(fleet, id)).endedAt !== null, {
      what: `the end of run ${id}`,
      deadlineMs: 20_000,
    });
  return { site, runner, parts, shards, consume, ended, command };
}

/** All dead letters, the newest first. */
export async function lettersOf(
  parts: readonly [Fleet, RequestQueue],
  filter = ALL_DEAD,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of deadLetters([{ fleet: parts[0], queue: parts[1] }], filter))
    letters.push(letter);
  return letters;
}
