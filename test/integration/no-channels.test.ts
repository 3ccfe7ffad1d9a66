// The right to publish is taken from a user while drover runs: what it then asks of Redis fails whole, and
// changes nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import { limitHost, pauseHost, resumeHost } from '../../src/frontier/hosts.ts';
import { createCrawlDelays } from '../../src/politeness/crawl-delays.ts';
import { createBackoff } from '../../src/politeness/host-backoff.ts';
import { createKeyEvents, type KeyEvents } from '../../src/politeness/key-events.ts';
import { redisFailure } from '../../src/redis/failures.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets({ args: ['--user', 'app', 'on', '>pw', '~*', '&*', '+@all'], tcp: true });
const KEY = 'a.test';

const refusal = { named: { afterMs: 60_000, by: 'retry-after' }, ageMs: 1, longestMs: 300_000 } as const;

const calls: Record<string, (fleet: Fleet, keyEvents: KeyEvents) => Promise<unknown>> = {
  pause: (fleet) => pauseHost(fleet, KEY, 120_000),
  resume: (fleet) => resumeHost(fleet, KEY),
  limit: (fleet) => limitHost(fleet, KEY, { concurrency: 3, delayMs: 1000 }),
  'Crawl-delay': (fleet, keyEvents) => createCrawlDelays({ fleet, keyEvents }).note(KEY, 2000),
  async refusal(fleet, keyEvents) {
    const backoff = createBackoff({ fleet, keyEvents, onError: () => undefined });
    await backoff.refused(KEY, refusal).finally(() => backoff.stop());
  },
};

async function everything({ redis, namespace }: Fleet): Promise<Record<string, unknown>> {
  const kept: Record<string, unknown> = {};
  for (const key of (await redis.keys(`${namespace}:*`)).toSorted())
    kept[key] = (await redis.type(key)) === 'hash' ? await redis.hgetall(key) : await redis.dumpBuffer(key);
  return kept;
}

test('without the right to publish, a call fails and nothing is half done', async (t) => {
  const { fleet } = await fleets.open();
  await pauseHost(fleet, KEY, 30_000);
  const { redis: admin, namespace } = fleet;
  const redis = connectRedis({ url: fleets.url.replace('//', '//app:pw@') }, 'script');
  const subscriber = connectRedis({ url: fleets.url }, 'script');
  t.after(() => {
    closeRedis(redis);
    closeRedis(subscriber);
  });
  const ignore = () => undefined;
  const app = fleetOf(redis, namespace);
  const keyEvents = createKeyEvents({ subscriber, fleet: app, onFree: ignore, onError: ignore });
  await admin.call('ACL', 'SETUSER', 'app', 'resetchannels');
  const before = await everything(fleet);
  for (const [name, call] of Object.entries(calls)) {
    await assert.rejects(
      call(app, keyEvents),
      (error) => redisFailure(error)?.code === 'E_REDIS_RIGHTS',
      `${name} is refused`,
    );
    assert.deepEqual(await everything(fleet), before, name);
  }
  await admin.call('ACL', 'SETUSER', 'app', '&*');
  for (const [name, call] of Object.entries(calls)) {
    const known = await everything(fleet);
    await call(app, keyEvents);
    assert.notDeepEqual(await everything(fleet), known, `${name} takes effect once the right is there`);
  }
});
