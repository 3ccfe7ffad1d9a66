// Webhooks: what a receiver gets of a crawl's end, its cancelling, its dead letters; and how often.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { ALL_DEAD } from '../../src/dead/filter.ts';
import { startReplay } from '../../src/dead/replay.ts';
import { verifyWebhook } from '../../src/index.ts';
import { keysOf } from '../../src/keys.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { openWebhookQueue } from '../../src/queue/webhook-queue.ts';
import { type Message, startReceiver } from '../support/api/receiver.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const SECRET = 'sixteen characters and some more';
const QUICK = ['--depth', '0', '--ignore-robots', '--no-adaptive', '--quiet', '--attempts', '1'];
const HOOKED = [...QUICK, '--crawl', 'c', '--allow-private', '127.0.0.1', '--webhook'];

/**
 * A fleet whose commands have the secret, and a list of `pages` at a site, each of which answers `status`.
 */
async function openHooked(t: TestContext, pages: number, status: number) {
  const site = await startSite({ pages, behaviours: { '/p/*': { status } } });
  t.after(() => site.stop());
  const { runner, fleet, namespace } = await fleets.open({ DROVER_WEBHOOK_SECRET: SECRET });
  const list = runner.path('list.txt');
  await writeFile(list, Array.from({ length: pages }, (_, page) => `${site.url}/p/${page}\n`).join(''));
  const queue = openWebhookQueue(fleet);
  return { site, runner, fleet, namespace, list, queue };
}

const typesOf = (got: readonly Message[]) => got.map(({ event }) => event.type);

// Several at a time: each has a fleet of its own.
describe('webhooks', { concurrency: 3 }, () => {
  test('a finished crawl: one signed message with its counts, before the command ends; its seeds are not enough to call it', async (t) => {
    const receiver = await startReceiver(t);
    const { runner, list, namespace, queue } = await openHooked(t, 5, 200);
    const { code, stderr } = await runner.run(['crawl', list, ...HOOKED, receiver.url]);
    assert.equal(code, 0, stderr);
    assert.equal(receiver.got.length, 1);
    const [{ method, path, headers, body, event }] = receiver.got as [Message];
    assert.deepEqual(
      [method, path, headers['content-type']],
      ['POST', '/hook/sesame-open', 'application/json'],
    );
    assert.match(headers['user-agent'] ?? '', /^drover\//);
    const { id, type, at, crawl } = event;
    assert.equal(type, 'crawl.finished');
    assert.equal(id, headers['webhook-id']);
    assert.ok(!id.includes('.'), id);
    const { createdAt, finishedAt, bytes, ...counts } = crawl;
    assert.deepEqual(counts, {
      ...{ crawl: 'c', name: 'c', state: 'finished', errors: {} },
      ...{ accepted: 5, recorded: 5, refused: 0, dead: 0, waiting: 0 },
    });
    assert.ok(bytes > 0 && createdAt < at && finishedAt === at, JSON.stringify(event));
    const time = headers['webhook-timestamp'];
    const signature = createHmac('sha256', SECRET).update(`${id}.${time}.${body}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${signature}`);
    assert.ok(Math.abs(Date.now() / 1000 - Number(time)) < 60);
    assert.ok(verifyWebhook({ secret: SECRET, headers, body }));
    assert.equal(verifyWebhook({ secret: `${SECRET}!`, headers, body }), false);
    assert.equal(await fleets.redis.exists(keysOf(namespace).outbox), 0);
    assert.equal(await queue.getCompletedCount(), 1);
  });

  test('a crawl without a webhook writes no event', async (t) => {
    const { runner, list, namespace, queue } = await openHooked(t, 3, 500);
    assert.equal((await runner.run(['crawl', list, '--crawl', 'c', ...QUICK])).code, 1);
    assert.equal((await runner.run(['enqueue', list, '--crawl', 'd', ...QUICK])).code, 0);
    assert.equal((await runner.run(['cancel', 'd'])).code, 0);
    assert.equal(await fleets.redis.exists(keysOf(namespace).outbox), 0);
    assert.equal(await queue.getCompletedCount(), 0);
  });

  test('dead letters: told once when there are so many, not again with more; a replay of which all die again is told to nobody', async (t) => {
    const receiver = await startReceiver(t);
    const { site, runner, list, fleet, namespace } = await openHooked(t, 8, 500);
    const options = [...HOOKED, receiver.url, '--webhook-dead', '3'];
    assert.equal((await runner.run(['crawl', list, ...options])).code, 1);
    assert.deepEqual(typesOf(receiver.got), ['crawl.dead', 'crawl.finished']);
    const [told, finished] = receiver.got.map(({ event }) => event);
    assert.equal(told?.threshold, 3);
    assert.ok((told?.crawl.dead ?? 0) >= 3 && told?.crawl.errors.E_HTTP_5XX === told?.crawl.dead);
    assert.equal(finished?.threshold, undefined);
    assert.deepEqual([finished?.crawl.dead, finished?.crawl.errors], [8, { E_HTTP_5XX: 8 }]);

    const parts = [fleet, openQueue(fleet)] as const;
    const again = async (filter: Partial<typeof ALL_DEAD>) => {
      receiver.got.length = 0;
      await startReplay(...parts, { ...ALL_DEAD, ...filter }, { canary: 0, rate: 1, overrides: {} });
      const { code, stderr } = await runner.run(['crawl', list, ...options]);
      assert.ok(code === 0 || code === 1, stderr);
      return typesOf(receiver.got);
    };
    // 8, then 7, or none, and 8 again.
    assert.deepEqual(await again({ q: '/p/7' }), []);
    assert.deepEqual(await again({}), []);
    const { finishedAt } = finished?.crawl ?? {};
    assert.equal(
      await fleets.redis.hget(`${namespace}:c:c`, 'finishedAt'),
      String(Date.parse(finishedAt ?? '')),
    );
    await site.behave('/p/*', { status: 200 });
    assert.deepEqual(await again({}), ['crawl.finished']);
    assert.equal((await runner.status('c')).recorded, 8);
  });

  test('a cancelled crawl: told by the next consumer, once, and no other event follows', async (t) => {
    const receiver = await startReceiver(t);
    const { runner, list, namespace } = await openHooked(t, 4, 500);
    assert.equal(
      (await runner.run(['enqueue', list, ...HOOKED, receiver.url, '--webhook-dead', '1'])).code,
      0,
    );
    for (let time = 0; time < 2; time++) assert.equal((await runner.run(['cancel', 'c'])).code, 0);
    assert.equal(await fleets.redis.llen(keysOf(namespace).outbox), 1);
    const consumer = runner.start(['consume', '--quiet']);
    await until(() => receiver.got.length > 0, { what: 'the message' });
    consumer.kill();
    assert.equal((await consumer.exit).code, 0, consumer.stderr());
    assert.deepEqual(typesOf(receiver.got), ['crawl.cancelled']);
    const { state, waiting, finishedAt } = receiver.got[0]?.event.crawl ?? {};
    assert.deepEqual([state, waiting, finishedAt], ['cancelled', 4, null]);
  });

  test('several consumers deliver each event once', async (t) => {
    const receiver = await startReceiver(t);
    const { runner, list, queue } = await openHooked(t, 3, 200);
    const consumers = [0, 1, 2].map(() => runner.start(['consume', '--quiet']));
    for (let crawl = 0; crawl < 4; crawl++) {
      const args = ['enqueue', list, ...HOOKED, receiver.url, '--crawl', `c.${crawl}`];
      assert.equal((await runner.run(args)).code, 0);
    }
    await until(async () => (await queue.getCompletedCount()) === 4, { what: 'four deliveries' });
    for (const consumer of consumers) consumer.kill();
    await Promise.all(consumers.map(({ exit }) => exit));
    assert.deepEqual(receiver.got.map(({ event }) => event.crawl.crawl).toSorted(), [
      ...['c.0', 'c.1', 'c.2', 'c.3'],
    ]);
    assert.equal(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size, 4);
  });

  test('without a secret a crawl with a webhook does not begin, nor with a URL that cannot be, nor with a threshold alone', async (t) => {
    const receiver = await startReceiver(t);
    const { runner, list, namespace } = await openHooked(t, 1, 200);
    const refused = async (args: string[], env: Record<string, string | undefined>, why: RegExp) => {
      for (const command of ['crawl', 'enqueue']) {
        const { code, stderr } = await runner.run([command, list, ...args, '--crawl', 'c'], { env });
        assert.equal(code, 2, stderr);
        assert.match(stderr, why);
        assert.match(stderr, /\(E_WEBHOOK\)/);
        assert.ok(!stderr.includes('sesame'), stderr);
      }
    };
    const allowed = ['--allow-private', '127.0.0.1', '--webhook', receiver.url];
    await refused(allowed, { DROVER_WEBHOOK_SECRET: undefined }, /DROVER_WEBHOOK_SECRET is not set/);
    await refused(
      ['--webhook', receiver.url],
      {},
      /127\.0\.0\.1 is loopback; .*--allow-private 127\.0\.0\.1/,
    );
    await refused(['--webhook', 'http://[::1]:9/sesame'], {}, /\[::1\] is loopback/);
    await refused(['--webhook', 'http://a:b:c/sesame'], {}, /not a URL/);
    await refused(['--webhook-dead', '3'], {}, /needs --webhook/);
    assert.deepEqual([await fleets.redis.keys(`${namespace}:c*`), receiver.connections()], [[], 0]);
  });
});
