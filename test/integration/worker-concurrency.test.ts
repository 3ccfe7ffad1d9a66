// How many jobs a worker has in hand when that number is changed while it works.
import assert from 'node:assert/strict';
import test from 'node:test';
import { enqueueJobs, openQueue, openWorker, setConcurrency } from '../../src/queue/queue.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();

test('a worker takes more jobs as soon as it may, though none of those in hand ends', async (t) => {
  const { fleet } = await fleets.open();
  const queue = openQueue(fleet);
  const jobs = Array.from({ length: 30 }, (_, at) => ({
    ...{ jobId: `c.${at}`, packed: '', start: { kind: 'ask' as const } },
  }));
  await enqueueJobs(queue, jobs);
  const taken: string[] = [];
  const end = Promise.withResolvers<void>();
  const connection = connectRedis({ url: fleets.url }, 'worker');
  const worker = openWorker({
    ...{ connection, namespace: fleet.namespace },
    ...{ concurrency: 2, lockDurationMs: 30_000, onLockLost: () => undefined, onError: assert.ifError },
    async process({ id = '' }) {
      taken.push(id);
      await end.promise;
    },
  });
  const running = worker.run();
  t.after(async () => {
    await worker.close();
    await running;
    await queue.close();
    closeRedis(connection);
  });
  const waitFor = (count: number) => until(() => taken.length >= count, { what: `${count} jobs in hand` });
  await waitFor(2);
  setConcurrency(worker, 5);
  await waitFor(5);
  setConcurrency(worker, 3);
  setConcurrency(worker, 6);
  await waitFor(6);
  assert.equal(await queue.getActiveCount(), 6);
  setConcurrency(worker, 1);
  end.resolve();
  await waitFor(30);
  assert.equal(new Set(taken).size, 30);
});
