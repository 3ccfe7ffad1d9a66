// Webhooks where something goes wrong: receivers that fail, are slow, or must not be reached; consumers that
// are killed.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { keysOf } from '../../src/keys.ts';
import { openWebhookQueue, type WebhookQueue } from '../../src/queue/webhook-queue.ts';
import { verifyWebhook } from '../../src/webhooks/sign.ts';
import { type Answer, type Receiver, startReceiver } from '../support/api/receiver.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const SECRET = 'sixteen characters and some more';
const QUICK = ['--depth', '0', '--ignore-robots', '--no-adaptive', '--crawl', 'c'];
const ALLOWED = ['--allow-private', '127.0.0.1'];

interface Scene {
  runner: CommandRunner;
  namespace: string;
  list: string;
  receiver: Receiver;
  queue: WebhookQueue;
  /** A crawl that was cancelled: one event lies in the outbox. */
  leaveEvent(url?: string, allowed?: string[]): Promise<void>;
  /** A consumer, and its end. */
  consume(env?: Record<string, string | undefined>): ReturnType<CommandRunner['start']>;
  log(): Promise<string>;
}

async function openScene(t: TestContext, answer?: Answer): Promise<Scene> {
  const receiver = await startReceiver(t, answer);
  const { runner, fleet, namespace } = await fleets.open({
    DROVER_WEBHOOK_SECRET: SECRET,
    DROVER_LOCK_DURATION: '1s',
  });
  const list = runner.path('list.txt');
  await writeFile(list, 'http://a.example/\n');
  return {
    ...{ runner, namespace, list, receiver },
    queue: openWebhookQueue(fleet),
    async leaveEvent(url = receiver.url, allowed = ALLOWED) {
      const enqueued = await runner.run(['enqueue', list, ...QUICK, ...allowed, '--webhook', url]);
      assert.equal(enqueued.code, 0, enqueued.stderr);
      assert.equal((await runner.run(['cancel', 'c'])).code, 0);
    },
    consume(env = {}) {
      const consumer = runner.start(['consume', '--quiet'], { env });
      t.after(() => consumer.killGroup());
      return consumer;
    },
    log: () => readFile(runner.path('data/drover.log'), 'utf8').catch(() => ''),
  };
}

// They wait most of their time.
describe('webhooks that fail', { concurrency: 3 }, () => {
  test('without an interrupt the command waits ten seconds for a receiver that fails, no longer', async (t) => {
    const site = await startSite({ pages: 1 });
    t.after(() => site.stop());
    const { runner, list, receiver, queue } = await openScene(t, () => ({ status: 503 }));
    await writeFile(list, `${site.url}/p/0\n`);
    const began = performance.now();
    const { code, stderr } = await runner.run([
      'crawl',
      list,
      ...QUICK,
      ...ALLOWED,
      '--webhook',
      receiver.url,
    ]);
    const tookMs = performance.now() - began;
    assert.equal(code, 0, stderr);
    assert.ok(tookMs > 10_000 && tookMs < 16_000, `${tookMs} ms`);
    assert.equal(await queue.getDelayedCount(), 1);
  });

  test('a receiver that fails twice gets it a third time, with the same id and body, signed anew each time', async (t) => {
    const { receiver, queue, leaveEvent, consume } = await openScene(t, (nth) => ({
      status: nth < 2 ? 500 : 200,
    }));
    await leaveEvent();
    consume();
    await until(async () => (await queue.getCompletedCount()) === 1, {
      what: 'the delivery',
      deadlineMs: 15_000,
    });
    assert.equal(receiver.got.length, 3);
    assert.equal(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.equal(new Set(receiver.got.map(({ body }) => body)).size, 1);
    const times = receiver.got.map(({ headers }) => Number(headers['webhook-timestamp']));
    assert.ok((times[2] ?? 0) > (times[0] ?? 0), String(times));
    for (const { headers, body } of receiver.got) assert.ok(verifyWebhook({ secret: SECRET, headers, body }));
    assert.equal(await queue.getFailedCount(), 0);
  });

  test('killed before the event is a job: the next consumer delivers it, once', async (t) => {
    const { receiver, queue, namespace, leaveEvent, consume, log } = await openScene(t);
    // The job cannot be made: what BullMQ reads first is of another type.
    await fleets.redis.set(queue.toKey('meta'), 'no hash');
    await leaveEvent();
    const first = consume();
    await until(async () => /WRONGTYPE/.test(await log()), { what: 'an attempt to make the job' });
    first.killGroup();
    await first.exit;
    assert.deepEqual([await fleets.redis.llen(keysOf(namespace).outbox), receiver.got.length], [1, 0]);
    await fleets.redis.del(queue.toKey('meta'));
    consume();
    await until(async () => (await queue.getCompletedCount()) === 1, { what: 'the delivery' });
    assert.equal(receiver.got.length, 1);
  });

  test('killed when the job is made and the event still in the outbox: it is not made again', async (t) => {
    const { receiver, queue, namespace, leaveEvent, consume } = await openScene(t);
    await leaveEvent();
    const [entry = ''] = await fleets.redis.lrange(keysOf(namespace).outbox, 0, -1);
    const first = consume();
    await until(async () => (await queue.getCompletedCount()) === 1, { what: 'the delivery' });
    first.killGroup();
    await first.exit;
    // As a consumer would have left it that was killed in between.
    await fleets.redis.rpush(keysOf(namespace).outbox, entry);
    consume();
    await until(async () => (await fleets.redis.llen(keysOf(namespace).outbox)) === 0, {
      what: 'an empty outbox',
    });
    assert.equal(await queue.getWaitingCount(), 0);
    assert.equal(receiver.got.length, 1);
  });

  test('killed while it delivers: the next consumer delivers it, with the same id', async (t) => {
    const { receiver, queue, leaveEvent, consume } = await openScene(t, () => null);
    await leaveEvent();
    const first = consume();
    await until(() => receiver.got.length === 1, { what: 'the first message' });
    first.killGroup();
    await first.exit;
    receiver.answers(() => ({ status: 200 }));
    consume();
    await until(async () => (await queue.getCompletedCount()) === 1, {
      what: 'the delivery',
      deadlineMs: 15_000,
    });
    const [lost, delivered] = receiver.got;
    assert.equal(receiver.got.length, 2);
    assert.equal(delivered?.headers['webhook-id'], lost?.headers['webhook-id']);
  });

  test('an address that is not allowed is not connected to, though the seeds may be there; it is given up and logged without the URL', async (t) => {
    const { receiver, queue, runner, list, leaveEvent, consume, log } = await openScene(t);
    await writeFile(list, `http://localhost:${receiver.port}/\n`);
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    await leaveEvent(url, []);
    const consumer = consume();
    await until(async () => (await queue.getFailedCount()) === 1, { what: 'the failed job' });
    const [job] = await queue.getFailed();
    assert.match(job?.failedReason ?? '', /^E_SSRF /);
    assert.equal(job?.attemptsMade, 1);
    consumer.kill();
    await consumer.exit;
    assert.equal(receiver.connections(), 0);
    const lines = (await log()).split('\n').filter((line) => line.includes('webhook given up'));
    assert.equal(lines.length, 1, runner.dir);
    const { level, host, why } = JSON.parse(lines[0] ?? '');
    assert.deepEqual([level, host], ['error', `localhost:${receiver.port}`]);
    assert.match(why, /^E_SSRF /);
    assert.ok(!(await log()).includes('sesame'));
  });

  test('a redirect is not followed, and tried again later', async (t) => {
    const other = await startReceiver(t);
    const { queue, leaveEvent, consume } = await openScene(t, () => ({
      status: 307,
      headers: { location: other.url },
    }));
    await leaveEvent();
    consume();
    const tried = async () => (await queue.getDelayed())[0];
    const job = await until(tried, { what: 'the delayed job' });
    assert.match(job.failedReason, /redirect/);
    assert.ok(!job.failedReason.includes('sesame'));
    assert.deepEqual([job.attemptsMade, other.connections()], [1, 0]);
  });

  test('an event whose last attempt fails is given up: it stays in the failed set, and the log says so', async (t) => {
    const { queue, leaveEvent, consume, log } = await openScene(t, () => ({ status: 500 }));
    await leaveEvent();
    const [attempts, body] = [1, '{}'];
    await queue.add('crawl.finished', { crawl: 'c', body }, { jobId: 'c-1-9', attempts });
    consume();
    await until(async () => (await queue.getFailedCount()) === 1, { what: 'the failed job' });
    const [job] = await queue.getFailed();
    assert.deepEqual([job?.id, job?.failedReason], ['c-1-9', 'the receiver answered 500']);
    const isSaid = async () => /"level":"error".*"event":"c-1-9".*webhook given up/.test(await log());
    await until(isSaid, { what: 'the line in the log' });
  });

  test('410 ends it at once', async (t) => {
    const { receiver, queue, leaveEvent, consume } = await openScene(t, () => ({ status: 410 }));
    await leaveEvent();
    consume();
    await until(async () => (await queue.getFailedCount()) === 1, { what: 'the failed job' });
    assert.equal(receiver.got.length, 1);
  });

  test('a consumer without the secret leaves events to one that has it, and says so once', async (t) => {
    const { receiver, queue, leaveEvent, consume, log } = await openScene(t);
    await leaveEvent();
    const poor = consume({ DROVER_WEBHOOK_SECRET: undefined });
    await until(async () => (await queue.getWaitingCount()) === 1, { what: 'the job' });
    const warnings = async () =>
      (await log()).match(/webhooks wait for a consumer with DROVER_WEBHOOK_SECRET/g);
    await until(warnings, { what: 'the warning' });
    const rich = consume();
    await until(async () => (await queue.getCompletedCount()) === 1, { what: 'the delivery' });
    for (const consumer of [poor, rich]) {
      consumer.kill();
      await consumer.exit;
    }
    assert.equal((await warnings())?.length, 1);
    assert.equal(receiver.got.length, 1);
  });

  test('a receiver that never answers holds up neither the crawl nor, for long, its end: the event stays and is told of', async (t) => {
    const site = await startSite({ pages: 40 });
    t.after(() => site.stop());
    const { runner, list, receiver, queue } = await openScene(t, () => null);
    await writeFile(list, Array.from({ length: 40 }, (_, page) => `${site.url}/p/${page}\n`).join(''));
    const crawl = runner.start(['crawl', list, ...QUICK, ...ALLOWED, '--webhook', receiver.url]);
    await until(() => receiver.got.length === 1, { what: 'the message' });
    assert.equal((await runner.status('c')).recorded, 40);
    await crawl.line(/^waiting for the webhook at 127\.0\.0\.1:\d+$/);
    const interruptedAt = performance.now();
    crawl.kill('SIGINT');
    assert.equal((await crawl.exit).code, 0, crawl.stderr());
    assert.ok(performance.now() - interruptedAt < 5000);
    assert.match(
      crawl.stderr(),
      /has not received 1 event yet; the next consumer will deliver: npm run drover -- consume$/m,
    );
    assert.ok(!crawl.stderr().includes('sesame'));
    const [job] = await queue.getWaiting();
    assert.equal(job?.attemptsMade, 0);
  });
});
