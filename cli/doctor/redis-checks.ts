// What `drover doctor` asks of Redis.
import type { Settings } from '../../src/config/settings.ts';
import { isDrained } from '../../src/fleet/drained.ts';
import { fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { clockDifference } from '../../src/queue/fleet-clock.ts';
import { checkRedis } from '../../src/redis/check.ts';
import { type RedisFacts, readReplication } from '../../src/redis/facts.ts';
import { closeRedis, connectRedis, type Redis, type RedisAddress, throughOf } from '../../src/redis.ts';
import { type Check, check, failed, inUnits } from './check.ts';

/** All checks of Redis, or the one that says why it cannot be used. */
export async function redisChecks(address: RedisAddress, settings: Settings): Promise<Check[]> {
  let redis: Redis | undefined;
  try {
    redis = connectRedis(address, 'script');
    const facts = await checkRedis(redis, namespaceOf(settings.namespace));
    const fleet = fleetOf(redis, namespaceOf(settings.namespace));
    return [
      ...[server(facts), persistence(facts), eviction(facts), memory(facts), await clock(redis)],
      ...(await failover(redis, settings)),
      ...((await isDrained(fleet)) ? [drained] : []),
    ];
  } catch (error) {
    return [failed('Redis', error)];
  } finally {
    if (redis) closeRedis(redis);
  }
}

function server({ server: name, silence }: RedisFacts): Check {
  if (silence === null) return check('Redis', 'yes', name ?? 'answers, but does not report its version');
  const says = `answers, and its user has the rights; it does not report its version (${silence})`;
  return check('Redis', 'warn', says, 'To let drover ask for it: ACL SETUSER USER +info');
}

function persistence({ persistence: kind }: RedisFacts): Check {
  const name = 'persistence';
  const always = 'Set appendonly yes and appendfsync always.';
  switch (kind) {
    case 'always':
      return check(name, 'yes', 'every write is on disk before Redis answers: no accepted request is lost');
    case 'everysec':
      return check(
        name,
        'warn',
        'written to disk once a second: a crash loses at most the last second',
        always,
      );
    case 'no':
      return check(
        name,
        'warn',
        'the kernel decides when to write to disk: a crash of the machine loses about 30 s',
        always,
      );
    case 'rdb':
      return check(
        name,
        'warn',
        'snapshots only: a crash loses everything since the last one, often minutes',
        always,
      );
    case 'none':
      return check(name, 'no', 'in memory only: a restart of Redis loses every crawl', always);
    case null:
      return check(
        name,
        'warn',
        'this Redis does not report it',
        'Ask its provider whether every write is kept.',
      );
    default:
      return kind satisfies never;
  }
}

function eviction({ policy }: RedisFacts): Check {
  // checkRedis rejects every policy other than noeviction.
  if (policy !== null) return check('eviction', 'yes', policy);
  return check(
    'eviction',
    'warn',
    'this Redis does not report it',
    'Make sure that its maxmemory-policy is noeviction.',
  );
}

function memory({ usedBytes, maxBytes, systemBytes }: RedisFacts): Check {
  const limit = maxBytes || systemBytes;
  if (usedBytes === null || !limit) return check('memory', 'yes', 'this Redis does not report it');
  const share = usedBytes / limit;
  const of = maxBytes ? 'its limit' : 'the memory of its machine';
  const says = `${inUnits(usedBytes)} used, ${Math.round(share * 100)} % of ${of} (${inUnits(limit)})`;
  return check(
    'memory',
    share > 0.8 ? 'warn' : 'yes',
    says,
    'Give Redis more memory before it refuses writes.',
  );
}

const drained = check(
  'fleet',
  'warn',
  'it is drained: consumers take no jobs',
  'When the primary has been switched: drover resume.',
);

/** What a change of the primary may lose. Nothing is said where there is neither replica nor guide. */
async function failover(redis: Redis, { durability }: Settings): Promise<Check[]> {
  const { replicas, least } = await readReplication(redis);
  const through = throughOf(redis);
  if (!through && !replicas && durability === 'primary') return [];
  const name = 'failover';
  if (replicas === 0) {
    const says =
      durability === 'replica'
        ? 'no replica is connected, and each commit waits for one'
        : 'no replica is connected: when this primary is lost, all of it is';
    return [
      check(name, durability === 'replica' ? 'no' : 'warn', says, 'Start a replica, or connect it again.'),
    ];
  }
  if (durability === 'replica')
    return [
      check(
        name,
        'yes',
        'a commit waits until a replica has it: when the primary dies, nothing acknowledged is lost. Before a switch by hand: drover drain',
      ),
    ];
  const lost = 'when the primary is lost, so is what it acknowledged last and had not sent on (milliseconds)';
  if (least === 0) {
    const says = `${lost}; one that is cut off goes on accepting, and all of that is lost`;
    const advice =
      'Set min-replicas-to-write 1 and min-replicas-max-lag 2 on every server, or use --durability replica. Before a switch by hand: drover drain.';
    return [check(name, 'warn', says, advice)];
  }
  const says = least === null ? `${lost}; it does not report min-replicas-to-write` : lost;
  return [
    check(
      name,
      'warn',
      says,
      'With --durability replica, nothing acknowledged is lost with it. Before a switch by hand: drover drain.',
    ),
  ];
}

/** Waits and delays follow the clock of Redis; logs and records follow the clock of this machine. */
async function clock(redis: Redis): Promise<Check> {
  const difference = await clockDifference(redis);
  const ok = Math.abs(difference) < 1000 ? 'yes' : 'warn';
  const says = `Redis is ${Math.abs(difference)} ms ${difference < 0 ? 'behind' : 'ahead of'} this machine`;
  return check('clock', ok, says, 'Set both clocks by a time server.');
}
