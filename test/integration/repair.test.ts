import assert from 'node:assert/strict';
import test from 'node:test';
import { repairFrontier } from '../../consumers/shards/repair.ts';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl } from '../../src/crawl/crawl.ts';
import { failure } from '../../src/errors.ts';
import { fleetOf } from '../../src/fleet.ts';
import { dispatch, type Handed } from '../../src/frontier/dispatch.ts';
import { offer } from '../../src/frontier/offer.ts';
import { jobIdOf, namespaceOf } from '../../src/keys.ts';
import { enqueueJobs, openQueue, openWorker } from '../../src/queue/queue.ts';
import { settle } from '../../src/queue/settle.ts';
import { connectRedis } from '../../src/redis.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';

test('an open request without a job is handed over again, one whose job is failed is retried, one with a job is left alone', async (t) => {
  const server = await startTestRedis();
  const redis = connectRedis({ url: server.url }, 'script');
  const connection = connectRedis({ url: server.url }, 'worker');
  t.after(() => server.stop());
  t.after(() => redis.disconnect());
  t.after(() => connection.disconnect());
  const namespace = namespaceOf('repair');
  const fleet = fleetOf(redis, namespace);
  const queue = openQueue(fleet);
  const settings = crawlSettings({ ...defaultSettings, perHost: 3 });
  const { id: crawl } = await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  const requests = [0, 1, 2].map((page) => ({
    url: `http://a.example/${page}`,
    depth: 0,
    referrer: null,
    extras: null,
  }));
  await offer(fleet, crawl, requests);
  const dispatchOnce = (arrived: string[] = []) =>
    dispatch(fleet, {
      serve: '*',
      wanted: 10,
      leaseMs: 4000,
      releases: [],
      arrived,
    });
  const { handed } = await dispatchOnce();
  const [failed, waiting, lost] = handed as [Handed, Handed, Handed];
  const ids = handed.map(({ id }) => jobIdOf(crawl, id));
  const enqueue = ({ id, packed }: Handed) =>
    enqueueJobs(queue, [
      { jobId: jobIdOf(crawl, id), packed, start: { kind: 'granted', server: '', givenAt: Date.now() } },
    ]);

  // As a replay leaves it that was killed between opening the request and retrying its job.
  const worker = openWorker({
    connection,
    namespace,
    concurrency: 1,
    lockDurationMs: 2000,
    process: (job, token) => settle({ kind: 'dead', failure: failure('E_TLS') }, job, token),
    onLockLost: () => undefined,
    onError: () => undefined,
  });
  worker.run();
  await enqueue(failed);
  await until(async () => (await queue.getJobState(jobIdOf(crawl, failed.id))) === 'failed', {
    what: 'the job to fail',
  });
  await worker.close();
  await enqueue(waiting);
  assert.deepEqual((await dispatchOnce(ids)).handed, [], 'all are taken for arrived');

  assert.equal(await repairFrontier(fleet, queue), 2);
  assert.equal(await queue.getJobState(jobIdOf(crawl, failed.id)), 'waiting');
  assert.deepEqual(
    (await dispatchOnce()).handed.map(({ id, start }) => ({ id, start })),
    [{ id: lost.id, start: 'ask' }],
  );
});
