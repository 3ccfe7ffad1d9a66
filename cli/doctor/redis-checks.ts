// What `drover doctor` asks of Redis.
import type { Socket } from 'node:net';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';
import { isDrained } from '../../src/fleet/drained.ts';
import { connectChecked } from '../../src/fleet/format.ts';
import { readUnserved, unservedText } from '../../src/fleet/unserved.ts';
import { connectionsOf, fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { clockDifference } from '../../src/queue/fleet-clock.ts';
import { checkRedis } from '../../src/redis/check.ts';
import { type RedisFacts, readFacts, readReplication } from '../../src/redis/facts.ts';
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
      ...(await shardChecks(redis, facts, { address, settings })),
    ];
  } catch (error) {
    return [failed('Redis', error)];
  } finally {
    if (redis) closeRedis(redis);
  }
}

/** What is said of a server of the fleet, about keeping its data. */
const ofServer = async (redis: Redis, facts: RedisFacts, settings: Settings) => [
  ...[persistence(facts), eviction(facts), memory(facts)],
  ...(await failover(redis, settings)),
];

interface Asked {
  address: RedisAddress;
  settings: Settings;
}

/** Nothing where the namespace has one shard. */
async function shardChecks(redis: Redis, ofHome: RedisFacts, { address, settings }: Asked): Promise<Check[]> {
  const { keys, namespace } = fleetOf(redis, namespaceOf(settings.namespace));
  const wanted = settings.shards ?? 1;
  const shards = Number(await redis.get(keys.shards)) || wanted;
  if (settings.shards !== null && shards !== wanted)
    return [failed('shards', new DroverError('E_SHARDS', `${namespace} has ${shards}.`))];
  if (shards === 1) return [];
  const opened = await connectChecked(redis, { address: { ...address, shards }, role: 'script' });
  try {
    const nodes = new Map<string, { name: string; shards: number; checks: Check[] }>();
    for (const { redis: at } of opened.shards) {
      const { facts } = at === redis ? { facts: ofHome } : await readFacts(at);
      const id = facts.runId ?? nodeNameOf(at);
      const known = nodes.get(id);
      if (known) known.shards++;
      else {
        const checks = at === redis ? [] : await ofServer(at, facts, settings);
        nodes.set(id, { name: nodeNameOf(at), shards: 1, checks });
      }
    }
    const others = [...nodes.values()].flatMap(({ name, checks }) =>
      checks.filter(({ ok }) => ok !== 'yes').map((each) => ({ ...each, name: `${each.name} of ${name}` })),
    );
    const counts = [...nodes.values()].map((node) => node.shards);
    const unserved = unservedText(await readUnserved(opened));
    return [
      ...others,
      spread(shards, counts, await countNodes(redis, counts.length)),
      ...(unserved === ''
        ? []
        : [check('consumers', 'warn', unserved, 'Start a consumer without --shard, or for these.')]),
    ];
  } finally {
    for (const at of connectionsOf(opened)) if (at !== redis) closeRedis(at);
  }
}

/** How shards lie on nodes. One node without any is said too: it does nothing for this fleet. */
function spread(shards: number, found: readonly number[], nodes: number): Check {
  const counts = [...found, ...Array<number>(Math.max(0, nodes - found.length)).fill(0)].sort(
    (a, b) => b - a,
  );
  if (counts.length === 1) return check('shards', 'yes', `${shards}, all on one server`);
  const isUneven = (counts[0] ?? 0) > (2 * shards) / counts.length;
  const advice =
    'Move slots of a Cluster so that its nodes have about as many shards each, or take more shards (drover reshard).';
  return check('shards', isUneven ? 'warn' : 'yes', `${shards}, by node: ${counts.join(' ')}`, advice);
}

/** How many nodes of a Cluster have slots. */
async function countNodes(redis: Redis, found: number): Promise<number> {
  if (throughOf(redis)?.kind !== 'cluster') return found;
  const ranges = (await redis.call('CLUSTER', 'SLOTS')) as [number, number, [string, number, string]][];
  return new Set(ranges.map(([, , [host, port]]) => `${host}:${port}`)).size;
}

function nodeNameOf(redis: Redis): string {
  const { remoteAddress, remotePort } = (redis as unknown as { stream: Socket }).stream ?? {};
  return remoteAddress ? `${remoteAddress}:${remotePort}` : (redis.options.path ?? 'a server');
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
