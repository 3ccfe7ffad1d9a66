// Which rights drover needs of a Redis user, and a check that changes nothing: inside MULTI, Redis looks up
// each command and asks the ACL when the command is queued, and DISCARD then throws all of them away.
import { catalogue, DroverError } from '../errors.ts';
import { namespaceOfShard } from '../keys.ts';
import { type Redis, throughOf } from '../redis.ts';
import { grant, isOfCluster, redisFailure } from './failures.ts';

/**
 * What drover, its scripts and those of BullMQ run, each with the fewest arguments that Redis takes. KEY and
 * CHANNEL stand for those of the namespace. test/unit/redis/rights.test.ts holds the list against the Lua
 * sources, and test/integration/redis-kinds.test.ts against what a crawl runs.
 */
const NEEDED =
  'ping,time,exists KEY,del KEY,unlink KEY,expire KEY 1,pexpire KEY 1,persist KEY,pttl KEY,type KEY,' +
  'rename KEY KEY,renamenx KEY KEY,copy KEY KEY,scan 0,get KEY,set KEY 1,incr KEY,mget KEY,append KEY 1,strlen KEY,getrange KEY 0 0,' +
  'hget KEY f,hset KEY f 1,hsetnx KEY f 1,hmset KEY f 1,hmget KEY f,hgetall KEY,hdel KEY f,hexists KEY f,' +
  'hincrby KEY f 1,hkeys KEY,hvals KEY,hlen KEY,hscan KEY 0,' +
  'llen KEY,lrange KEY 0 0,lindex KEY 0,lpop KEY,rpop KEY,lpush KEY 1,rpush KEY 1,rpoplpush KEY KEY,lrem KEY 1 1,' +
  'lset KEY 0 1,ltrim KEY 0 0,lpos KEY 1,' +
  'sadd KEY 1,srem KEY 1,sismember KEY 1,smembers KEY,scard KEY,spop KEY,' +
  'zadd KEY 1 1,zrem KEY 1,zscore KEY 1,zmscore KEY 1,zrevrank KEY 1,zcard KEY,zcount KEY 0 1,zrange KEY 0 0,zrevrange KEY 0 0,' +
  'zrangebyscore KEY 0 1,zrevrangebyscore KEY 1 0,zremrangebyscore KEY 0 1,zremrangebyrank KEY 0 0,' +
  'zpopmin KEY,bzpopmin KEY 1,zunionstore KEY 1 KEY,zscan KEY 0,xadd KEY * f 1,xtrim KEY MAXLEN 1,xdel KEY 0-1,xrange KEY - +,' +
  'eval TEXT 1 KEY,evalsha TEXT 1 KEY,publish CHANNEL 1';

/**
 * What connections run besides: for the check of rights, for what is published, for their name, for what
 * doctor says, for --durability replica and for a Cluster. HELLO and AUTH need no right.
 */
const BESIDE =
  'multi,discard,subscribe,unsubscribe,client|setname,select,info,wait,cluster|slots,cluster|keyslot';

/** What a backup runs besides, on the connections that watch for changes; it listens to INVALIDATIONS. */
export const backupRights = '+client|id +client|tracking +client|pause +client|unpause +scan +dump +pttl';
/** The channel on which Redis tells of changed keys. */
export const INVALIDATIONS = '__redis__:invalidate';
/** What restore and reshard run besides. */
const restoreRights = '+scan +dump +restore +unlink';

/** The needed commands, by name. */
export const neededCommands: readonly string[] = NEEDED.split(',').map((line) => line.split(' ')[0] ?? '');

/**
 * The line by which an administrator of Redis makes a user with the least rights. `namespace`: of home.
 * `withBackups`: with those that backup, restore and reshard need besides.
 */
export function aclLine(user: string, namespace: string, shards = 1, withBackups = false): string {
  const all = Array.from({ length: shards }, (_, shard) => `${namespaceOfShard(namespace, shard)}:*`);
  const channels = [...all, ...(withBackups ? [INVALIDATIONS] : [])];
  const where = `resetkeys ${all.map((keys) => `~${keys}`).join(' ')} resetchannels ${channels.map((one) => `&${one}`).join(' ')}`;
  const named = [...neededCommands, ...BESIDE.split(',')].map((name) => `+${name}`);
  const more = withBackups ? `${backupRights} ${restoreRights}`.split(' ') : [];
  return `ACL SETUSER ${user} on >PASSWORD ${where} -@all ${[...new Set([...named, ...more])].join(' ')}`;
}

/** The same at a Sentinel. */
export function sentinelAclLine(user: string): string {
  const commands = '+sentinel|get-master-addr-by-name +sentinel|sentinels +sentinel|master +client|setname';
  return `ACL SETUSER ${user} on >PASSWORD resetkeys resetchannels -@all ${commands}`;
}

/**
 * Throws E_REDIS_RIGHTS, E_REDIS_COMMAND or E_REDIS_LUA with everything that is missing and the line that
 * gives it; E_REDIS_CLUSTER or E_REDIS_READONLY when a server that does not report itself answers so. It asks
 * on a connection of its own: a command that is sent again after a reconnect would no longer be in MULTI.
 */
export async function checkRights(redis: Redis, namespace: string): Promise<void> {
  await probing(redis, (probe) => askRights(probe, namespace));
}

/** The same for the keys and channels of further shards on this connection, whose commands are checked. */
export async function checkShardRights(redis: Redis, namespaces: readonly string[]): Promise<void> {
  await probing(redis, async (probe) => {
    for (const namespace of namespaces) {
      const answers = await Promise.allSettled([
        probe.call('MULTI'),
        probe.call('EXISTS', `${namespace}:rights`),
        probe.call('PUBLISH', `${namespace}:keys`, '1'),
        probe.call('DISCARD'),
      ]);
      judge([['multi'], ['exists'], ['publish'], ['discard']], answers, {
        user: userOf(probe),
        namespace,
        isCluster: false,
      });
    }
  });
}

const userOf = (probe: Redis) => probe.options.username || 'default';

async function probing(redis: Redis, ask: (probe: Redis) => Promise<void>): Promise<void> {
  const once = { retryStrategy: () => null, reconnectOnError: null, autoResendUnfulfilledCommands: false };
  const probe = redis.duplicate({ ...once, maxRetriesPerRequest: 0 });
  probe.on('error', () => undefined); // told by the commands that are rejected
  try {
    await ask(probe);
  } finally {
    probe.disconnect();
  }
}

async function askRights(probe: Redis, namespace: string): Promise<void> {
  const user = userOf(probe);
  const words = { KEY: `${namespace}:rights`, CHANNEL: `${namespace}:keys`, TEXT: 'return 1' };
  const commands = NEEDED.split(',').map((line) =>
    line.split(' ').map((word) => words[word as keyof typeof words] ?? word),
  );
  await probe.call('MULTI').catch((error) => Promise.reject(lacking(user, ['+multi'], error)));
  // Without waiting for each answer: Redis queues the commands, and DISCARD throws them away.
  const queued = commands.map(([name = '', ...args]) => probe.call(name, ...args));
  const discarded = probe.call('DISCARD');
  // What a queue does not tell: SUBSCRIBE changes how ioredis reads answers, and a server without Lua queues
  // EVAL.
  const done = [probe.call('EVAL', words.TEXT, '1', words.KEY), probe.subscribe(words.CHANNEL)];
  const answers = await Promise.allSettled([...queued, discarded, ...done]);
  const isCluster = throughOf(probe)?.kind === 'cluster';
  judge([...commands, ['discard'], ['eval'], ['subscribe']], answers, { user, namespace, isCluster });
}

function judge(
  commands: readonly string[][],
  answers: readonly PromiseSettledResult<unknown>[],
  { user, namespace, isCluster }: { user: string; namespace: string; isCluster: boolean },
): void {
  const rights = new Set<string>();
  const absent: string[] = [];
  let first: Error | null = null;
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'fulfilled') continue;
    const error = answer.reason as Error;
    const name = commands[index]?.[0] ?? '';
    const code = redisFailure(error)?.code;
    if (code === 'E_REDIS_RIGHTS') rights.add(rightFor(name, error.message, namespace));
    else if (code === 'E_REDIS_COMMAND') absent.push(name.toUpperCase());
    else if (!isCluster && isOfCluster(error))
      throw new DroverError('E_REDIS_CLUSTER', `It is a node of a Cluster (${error.message}).`);
    // What a server that does not report itself shows by its answer, such as that it is a replica.
    else if (code && !catalogue[code].passes) throw redisFailure(error);
    else continue;
    first ??= error;
  }
  if (absent.length > 0) throw new DroverError('E_REDIS_COMMAND', `It has no ${absent.join(', ')}.`);
  if (rights.size > 0) throw lacking(user, [...rights], first);
}

/** What to add for one refusal: the command, the pattern of keys or the channels. */
function rightFor(name: string, said: string, namespace: string): string {
  if (/channel/i.test(said)) return `&${namespace}:*`;
  return /\bkeys?\b/i.test(said) ? `~${namespace}:*` : `+${name}`;
}

function lacking(user: string, rights: readonly string[], cause: unknown): Error {
  const known = redisFailure(cause);
  if (known && known.code !== 'E_REDIS_RIGHTS') return known;
  const kinds = [
    [rights.filter((right) => right.startsWith('+')), 'commands'],
    [rights.filter((right) => right.startsWith('~')), 'keys'],
    [rights.filter((right) => right.startsWith('&')), 'channels'],
  ] as const;
  const missing = kinds.flatMap(([found, what]) =>
    found.length > 0 ? [`the ${what} ${found.map((right) => right.slice(1)).join(' ')}`] : [],
  );
  const said = `The user ${user} lacks ${missing.join(', ')}. ${grant(user, rights.join(' '))}`;
  return new DroverError('E_REDIS_RIGHTS', said, { cause: known?.cause });
}
