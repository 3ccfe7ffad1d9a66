// Slots of a process at several shards: what it tells each of its capacity, and the gate of another shard
// than the request's.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fleet } from '../../src/fleet.ts';
import { askGate } from '../../src/frontier/ask-gate.ts';
import { lookAtHosts } from '../../src/frontier/hosts.ts';
import { createSlots } from '../../src/politeness/slot.ts';
import { connectRedis } from '../../src/redis.ts';
import { endPage, hostOn, openAll, pagesOn, shardedCrawl } from '../support/fleets/shards.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets({ args: ['--appendfsync', 'no'] });

test('a consumer counts once at a shard, however often its share there changes', async (t) => {
  const { fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  const subscriber = connectRedis({ url: fleets.url }, 'script');
  let share = 16;
  const slots = createSlots({
    ...{ fleet, subscriber, consumer: 'me', capacity: 64, shareOf: () => share },
    askGate: (question, patienceMs) => askGate(fleet, question, patienceMs),
    release: () => undefined,
    onError: () => undefined,
  });
  t.after(async () => {
    await slots.stop();
    subscriber.disconnect();
  });
  const told = () => fleet.redis.zrange(fleet.keys.consumers, '0', '-1');
  for (share of [40, 64, 7]) {
    const name = `me|${share}`;
    await until(async () => (await told()).includes(name), { what: `a share of ${share}` });
    assert.deepEqual(await told(), [name]);
  }
  await until(() => slots.fleetCapacity(0) === 7, { what: 'the sum' });
  share = 9;
  await slots.stop();
  assert.deepEqual(await told(), []);
});

test('the gate of another shard claims the request at its own, and gives the slot back when it has ended', async () => {
  const { fleet: home } = await fleets.open({ DROVER_SHARDS: '4' });
  const [, one, two] = home.shards as unknown as readonly [Fleet, Fleet, Fleet];
  const { crawl, offer } = await shardedCrawl(home, { perHost: 1 });
  await offer(pagesOn(one, 1));
  const [page] = await openAll(one);
  assert.ok(page);
  const key = hostOn(2, 4);
  const asked = { crawl, id: page.id, shard: 1, key, claims: true, serverOf: async () => '-' };
  const ask = (holder: string) => askGate(home, { ...asked, holder, asker: holder }, 0);
  const held = () => two.redis.zrange(two.keys.slotHolders(key), '0', '-1');
  const first = await ask('a');
  assert.deepEqual([first.kind, first.kind === 'go' && first.claim], ['go', 1]);
  assert.equal((await ask('b')).kind, 'later', 'one at a time, wherever the request is from');
  assert.deepEqual(await held(), ['a']);
  await two.redis.del(two.keys.slotHolders(key));
  await endPage(one, crawl, page);
  assert.equal((await ask('c')).kind, 'ended');
  assert.deepEqual(await held(), []);
});

test('a host is seen with its requests and the limits of its crawl, whichever shard it is on', async () => {
  const { fleet: home } = await fleets.open({ DROVER_SHARDS: '4' });
  const { crawl, offer } = await shardedCrawl(home, { perHost: 7 });
  for (const shard of home.shards) await offer(pagesOn(shard, 3));
  await openAll(home.shards[2] as Fleet);
  const hosts = home.shards.map(({ shard }) => hostOn(shard, 4));
  const states = await lookAtHosts(home, hosts);
  assert.deepEqual(
    states.map(({ key, concurrency, waiting, open }) => [key, concurrency, waiting, open]),
    hosts.map((host, shard) => [host, 7, shard === 2 ? 0 : 3, shard === 2 ? 3 : 0]),
    crawl,
  );
});
