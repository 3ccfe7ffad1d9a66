// The limits of hosts that are on other shards than the requests that come to them by a redirect, and the
// shares of shards in a consumer. From the server's log.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { shardNumber } from '../../src/fleet.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { byHost, mostInFlight, pausesTold, violationsOf } from '../support/politeness/auditor.ts';
import { freePort } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { type Behaviours, startSite } from '../support/site/site.ts';

const LIST = ['--depth', '0', '--quiet', '--crawl', 'c', '--no-adaptive', '--ignore-robots'];
/** What the server's clock may make of a gap. */
const TOLERANCE_MS = 5;
/** What else the machine does may hold up the consumer that has to tell the others of a pause. */
const EVENTS_MS = 150;
const HOSTS = 8;
const RETRY_AFTER_S = 2;

const fleets = openFleets();

async function enqueue(runner: CommandRunner, urls: readonly string[], ...args: string[]): Promise<void> {
  await writeFile(runner.path('list.txt'), urls.map((url) => `${url}\n`).join(''));
  const { code, stderr } = await runner.run(['enqueue', runner.path('list.txt'), ...LIST, ...args]);
  assert.equal(code, 0, stderr);
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

test('redirects between shards, and consumers of some shards each: no host sees more than its limits', async (t) => {
  const port = await freePort();
  const behaviours: Behaviours = {
    '//127.0.0.1/p/2': { status: 429, retryAfter: RETRY_AFTER_S, failTimes: 1 },
  };
  // All lead to the first host too, while that is paused.
  for (const host of numbers(HOSTS))
    for (const hop of numbers(5)) {
      const target = hop < 2 ? 1 : ((host + hop) % HOSTS) + 1;
      const location = `http://127.0.0.${target}:${port}/p/${100 + 10 * host + hop}`;
      behaviours[`//127.0.0.${host + 1}/r/${hop}`] = { status: 302, headers: { location } };
    }
  const given = { pages: 200, linksPerPage: 0, bytes: 300, latencyMs: 30, punctual: true };
  const site = await startSite({ ...given, hosts: HOSTS, port, behaviours });
  t.after(() => site.stop());
  assert.ok(new Set(site.urls.map((url) => shardNumber(new URL(url).host, 4))).size > 1);
  const { runner } = await fleets.open({ DROVER_SHARDS: '4' });
  const urls = numbers(6).flatMap((at) => site.urls.flatMap((url) => [`${url}/r/${at}`, `${url}/p/${at}`]));
  const list = urls.filter((url) => !url.endsWith('/r/5'));
  await enqueue(runner, list, '--per-host', '1', '--delay', '100ms', '--allow-private', '127.0.0.0/8');
  const consume = (...more: string[]) => runner.start(['consume', '--quiet', '-c', '12', ...more]);
  const consumers = [consume('--shard', '0-1'), consume('--shard', '2,3'), consume()];
  await until(async () => (await runner.status('c')).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 40_000,
    everyMs: 300,
  });
  for (const consumer of consumers) consumer.kill('SIGTERM');
  for (const consumer of consumers) assert.equal((await consumer.exit).code, 0, consumer.stderr());
  const log = await site.log();
  for (const [host, entries] of byHost(log)) {
    const pauses = pausesTold(entries, RETRY_AFTER_S * 1000, EVENTS_MS);
    assert.deepEqual(violationsOf(entries, { concurrency: 1, delayMs: 100 }, pauses, TOLERANCE_MS), [], host);
  }
  assert.equal(log.filter(({ status }) => status === 429).length, 1);
  const records = await runner.results('c');
  assert.equal(records.filter(({ ok }) => ok).length, list.length);
});

test('a busy shard has the whole consumer, and a page of another shard does not wait for it', async (t) => {
  const given = { pages: 500, linksPerPage: 0, bytes: 300, latencyMs: 40, punctual: true };
  const site = await startSite({ ...given, hosts: 24 });
  t.after(() => site.stop());
  const shards = Map.groupBy(site.urls, (url) => shardNumber(new URL(url).host, 4));
  const [busy = [], [lone] = []] = [...shards.values()].sort((a, b) => b.length - a.length);
  assert.ok(lone && busy.length > 3);
  const { runner } = await fleets.open({ DROVER_SHARDS: '4' });
  const pages = busy.slice(0, 4).flatMap((url) => numbers(300).map((page) => `${url}/p/${page}`));
  await enqueue(runner, pages, '--per-host', '8');
  runner.start(['consume', '--quiet', '-c', '8']);
  await until(async () => (await site.ended()) > 300, { what: 'the busy hosts', everyMs: 20 });
  assert.equal(mostInFlight(await site.log()), 8);
  await enqueue(runner, [`${lone}/p/1`]);
  const enqueuedAt = Date.now();
  const asked = await until(async () => (await site.log()).find(({ host }) => host === new URL(lone).host), {
    what: 'the page of the other shard',
    everyMs: 50,
  });
  assert.ok(asked.start - enqueuedAt < 1000, `it waited ${asked.start - enqueuedAt} ms`);
  const { waiting } = await runner.status('c');
  assert.ok(waiting > 0, 'the busy shard was still busy');
});
