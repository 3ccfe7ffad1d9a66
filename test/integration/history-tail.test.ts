import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import { createSampler, readStats, type StatsSample } from '../../src/fleet/history.ts';
import { listenToTail, type TailBatch, wantTail } from '../../src/fleet/live-tail.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { connectRedis } from '../../src/redis.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

const ended = ({ fleet }: TestFleet, crawl: string, deadlineMs = 30_000) =>
  until(async () => (await readCounts(fleet, crawl)).state === 'finished', {
    what: `${crawl} to end`,
    deadlineMs,
    everyMs: 20,
  });

async function enqueue({ runner }: TestFleet, crawl: string, urls: readonly string[]): Promise<void> {
  await writeFile(runner.path(`${crawl}.txt`), urls.map((url) => `${url}\n`).join(''));
  const args = ['enqueue', runner.path(`${crawl}.txt`), '--crawl', crawl, '--depth', '0', '--per-host', '20'];
  const { code, stderr } = await runner.run([...args, '--attempts', '1', '--no-adaptive']);
  assert.equal(code, 0, stderr);
}

test('the tail is published only while somebody listens: each request that ends once, at most 50 lines in 250 ms, the rest counted', async (t) => {
  const site = await startSite({
    pages: 400,
    bytes: 200,
    linksPerPage: 1,
    behaviours: { '/p/3': { status: 500 } },
  });
  t.after(() => site.stop());
  const opened = await fleets.open();
  const { fleet } = opened;
  const { namespace } = fleet;
  const subscriber = connectRedis({ url: fleets.url }, 'script');
  t.after(() => subscriber.disconnect());
  const batches: TailBatch[] = [];
  const stop = listenToTail(subscriber, namespace, (batch) => batches.push(batch));
  const listeners = async () => ((await fleets.redis.pubsub('NUMSUB', `${namespace}:tail`)) as unknown[])[1];
  await until(async () => (await listeners()) === 1, { what: 'the subscription' });
  const consumer = opened.runner.start(['consume', '--quiet', '-c', '20']);
  const page = (n: number) => `${site.url}/p/${n}`;

  await enqueue(
    opened,
    'unheard',
    Array.from({ length: 50 }, (_, n) => page(n)),
  );
  await ended(opened, 'unheard');
  assert.equal(batches.length, 0, 'nobody had asked for it');

  const renewing = setInterval(() => wantTail(fleet), 1000);
  t.after(() => clearInterval(renewing));
  await wantTail(fleet);
  await until(() => isHeard(opened, batches, page), { what: 'the consumer to hear of it', everyMs: 300 });
  batches.length = 0;
  const urls = Array.from({ length: 400 }, (_, n) => page(n));
  await enqueue(opened, 'heard', [...urls, `${site.url}/p/1?token=hush-hush`]);
  await ended(opened, 'heard');
  const count = () =>
    batches.reduce(
      (sum, { lines, skipped }) => sum + lines.filter(({ crawl }) => crawl === 'heard').length + skipped,
      0,
    );
  await until(() => count() >= 401, { what: 'all 401 to be told' });
  assert.equal(count(), 401);
  assert.ok(batches.every(({ lines }) => lines.length <= 50));
  const lines = batches.flatMap((batch) => batch.lines);
  assert.equal(new Set(lines.map(({ id }) => id)).size, lines.length);
  const [line] = lines;
  assert.deepEqual(Object.keys(line ?? {}), [
    ...['at', 'crawl', 'id', 'url', 'host', 'status', 'code', 'ms', 'bytes', 'attempts', 'outcome'],
  ]);
  assert.doesNotMatch(JSON.stringify(batches), /hush/);
  const dead = lines.find(({ url }) => url === page(3));
  if (dead) assert.deepEqual([dead.outcome, dead.status, dead.code], ['dead', 500, 'E_HTTP_5XX']);

  // Nobody wants it any more.
  clearInterval(renewing);
  await until(async () => (await fleets.redis.exists(`${namespace}:tail:wanted`)) === 0, {
    what: 'the wish to lapse',
  });
  stop();
  consumer.kill('SIGTERM');
  assert.equal((await consumer.exit).code, 0, consumer.stderr());
});

let probes = 0;
/** A request of its own shows whether the consumer publishes yet. */
async function isHeard(
  opened: TestFleet,
  batches: TailBatch[],
  page: (n: number) => string,
): Promise<boolean> {
  const crawl = `probe${++probes}`;
  await enqueue(opened, crawl, [page(0)]);
  await ended(opened, crawl);
  await until(() => batches.length > 0, { what: 'a batch', deadlineMs: 500 }).catch(() => undefined);
  return batches.length > 0;
}

test('of several processes one writes each sample; the list keeps 720, and the last hour of them is read', async (t) => {
  const { fleet, namespace } = await fleets.open();
  const queues = openQueues(fleet);
  t.after(() => queues[0]?.close());
  let now = Date.now() - 1_800_000;
  const samplers = Array.from({ length: 4 }, () => createSampler(fleet, queues, () => now));
  for (let period = 0; period < 10; period++) {
    const written = (await Promise.all(samplers.map((sampler) => sampler.tick()))).filter(Boolean);
    assert.equal(written.length, 1);
    assert.deepEqual(await Promise.all(samplers.map((sampler) => sampler.tick())), [null, null, null, null]);
    now += 5000;
  }
  assert.equal((await readStats(fleet)).samples.length, 10);
  const old = JSON.stringify({ at: Date.now() - 3_700_000 });
  await fleets.redis.lpush(`${namespace}:history`, ...Array.from({ length: 800 }, () => old));
  await samplers[0]?.tick();
  assert.equal(await fleets.redis.llen(`${namespace}:history`), 720);
  const { samples, everyMs } = await readStats(fleet);
  assert.deepEqual([samples.length, everyMs], [11, 5000]);
  for (let at = 1; at < samples.length; at++)
    assert.equal((samples[at]?.at ?? 0) - (samples[at - 1]?.at ?? 0), 5000);
});

test('a consumer alone keeps the history: the samples show its crawl', async (t) => {
  const site = await startSite({ pages: 60, latencyMs: 20, behaviours: { '/p/3': { status: 404 } } });
  t.after(() => site.stop());
  const opened = await fleets.open();
  const { fleet } = opened;
  await enqueue(
    opened,
    'list',
    Array.from({ length: 60 }, (_, n) => `${site.url}/p/${n}`),
  );
  const consumer = opened.runner.start(['consume', '--quiet', '-c', '20']);
  await ended(opened, 'list');
  const samples = await until(
    async () => {
      const stats = await readStats(fleet);
      return stats.samples.at(-1)?.recorded === 60 && stats.samples;
    },
    { what: 'a sample after the end', deadlineMs: 15_000, everyMs: 100 },
  );
  const last = samples.at(-1) as StatsSample;
  const counts = await readCounts(fleet, 'list');
  assert.deepEqual(
    [last.refused, last.dead, last.bytes, last.errors, last.waiting, last.open, last.consumers],
    [0, 0, counts.bytes, { http: 1 }, 0, 0, 1],
  );
  assert.equal(last.latency.counts.length, last.latency.bounds.length + 1);
  assert.equal(
    last.latency.counts.reduce((sum, count) => sum + count, 0),
    60,
  );
  const slow = last.latency.bounds.findIndex((bound) => bound >= 20);
  assert.equal(
    last.latency.counts.slice(0, slow).reduce((sum, count) => sum + count, 0),
    0,
    'none took less than 20 ms',
  );
  consumer.kill('SIGTERM');
  await consumer.exit;
});
