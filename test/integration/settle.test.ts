import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test, { after, before } from 'node:test';
import { failure } from '../../src/errors.ts';
import { fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import type { Outcome } from '../../src/outcome.ts';
import { enqueueJobs, openQueue, openWorker, type RequestJob } from '../../src/queue/queue.ts';
import { settle } from '../../src/queue/settle.ts';
import { connectRedis, type Redis } from '../../src/redis.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';

let server: TestRedis;
let scripts: Redis;
before(async () => {
  server = await startTestRedis();
  scripts = connectRedis({ url: server.url }, 'script');
});
after(async () => {
  scripts.disconnect();
  await server.stop();
});

/**
 * Runs one job through a worker whose processing ends in these outcomes, one after the other; answers what
 * became of the job.
 */
async function runJob(
  outcomes: Outcome[],
  check: (facts: { job: RequestJob | undefined; state: string; seen: RequestJob[] }) => boolean,
) {
  const namespace = namespaceOf(`t${randomUUID().slice(0, 8)}`);
  const queue = openQueue(fleetOf(scripts, namespace));
  const connection = connectRedis({ url: server.url }, 'worker');
  const seen: RequestJob[] = [];
  const errors: Error[] = [];
  const worker = openWorker({
    connection,
    namespace,
    concurrency: 1,
    lockDurationMs: 2000,
    process: async (job, token) => {
      const outcome = outcomes[seen.length] ?? { kind: 'recorded' };
      seen.push(Object.assign(Object.create(Object.getPrototypeOf(job)), job) as RequestJob);
      await settle(outcome, job, token);
    },
    onLockLost: () => undefined,
    onError: (error) => errors.push(error),
  });
  worker.run();
  try {
    await enqueueJobs(queue, [
      { jobId: 'c.1', packed: 'x', start: { kind: 'granted', server: '', givenAt: Date.now() } },
    ]);
    let facts: { job: RequestJob | undefined; state: string; seen: RequestJob[] } = {
      job: undefined,
      state: '',
      seen,
    };
    await until(
      async () => {
        const state = await queue.getJobState('c.1');
        const job = await queue.getJob('c.1'); // after its state, so that it shows what led there
        facts = { job, state: job ? state : 'gone', seen };
        return check(facts);
      },
      { deadlineMs: 8000, what: 'the job to be settled' },
    );
    return { ...facts, errors };
  } finally {
    await worker.close();
    connection.disconnect();
  }
}

for (const kind of ['recorded', 'refused', 'done'] as const) {
  test(`${kind}: the job is completed and leaves nothing in Redis`, async () => {
    const { seen, errors } = await runJob(
      [{ kind }],
      ({ state, seen }) => seen.length === 1 && state === 'gone',
    );
    assert.equal(seen.length, 1);
    assert.deepEqual(errors, []);
  });
}

test('retry: the job is delayed by its backoff and has used up an attempt', async () => {
  const retry: Outcome = { kind: 'retry', failure: failure('E_RESET'), delayMs: 300 };
  const started = performance.now();
  const { seen } = await runJob([retry], ({ state, seen }) => seen.length === 2 && state === 'gone');
  assert.ok(performance.now() - started >= 300);
  assert.equal(seen[1]?.attemptsMade, 1);
});

test('postponed: the job comes back at its time with no attempt used', async () => {
  const started = performance.now();
  const { seen } = await runJob(
    [{ kind: 'postponed', untilMs: Date.now() + 300 }],
    ({ state, seen }) => seen.length === 2 && state === 'gone',
  );
  assert.ok(performance.now() - started >= 290);
  assert.equal(seen[1]?.attemptsMade, 0);
  assert.equal(seen[1]?.attemptsStarted, 2, 'so that it asks the gate');
});

test('dead: the job is in the failed set with its code, and is not tried again', async () => {
  const { job, seen } = await runJob(
    [{ kind: 'dead', failure: failure('E_TLS_EXPIRED', 'a:443') }],
    ({ state }) => state === 'failed',
  );
  assert.match(job?.failedReason ?? '', /^E_TLS_EXPIRED .*a:443$/);
  assert.equal(seen.length, 1);
});

test('stop: the job waits again at once, with no attempt used', async () => {
  const { seen } = await runJob(
    [{ kind: 'stop' }],
    ({ state, seen }) => seen.length === 2 && state === 'gone',
  );
  assert.equal(seen[1]?.attemptsMade, 0);
});

test('lost: a job whose lock is still ours waits again at once, with no attempt used', async () => {
  const { seen } = await runJob(
    [{ kind: 'lost', failure: failure('E_LOCK_LOST') }],
    ({ state, seen }) => seen.length === 2 && state === 'gone',
  );
  assert.deepEqual([seen[1]?.stalledCounter, seen[1]?.attemptsMade, seen[1]?.attemptsStarted], [0, 0, 2]);
});
