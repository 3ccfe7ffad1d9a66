// Whether a Redis fits: it answers, it is of a kind that drover can use, and its user has the rights that
// drover needs. Commands, consumers, /readyz and `drover doctor` ask here.
import { DroverError } from '../errors.ts';
import { closeRedis, connectTimeoutMs, lastErrorOf, type Redis, throughOf } from '../redis.ts';
import type { Guide } from './address.ts';
import { type RedisFacts, type RedisPart, readFacts } from './facts.ts';
import { isCutOff, isFinalRedisError, isMissingDatabase, plainMessage, redisFailure } from './failures.ts';
import { checkRights } from './rights.ts';

const LOADING_MS = 60_000;
/** How long a server that has accepted a connection may take for the checks. */
const CHECKS_MS = 10_000;

/**
 * Waits for the first connection and returns what Redis says about itself. Waits at most 3 s, and 60 s more
 * while Redis loads its data. Throws E_REDIS_* for what does not fit, or E_SETTING (no such database), and
 * then closes the connection. Nobody else may use the connection meanwhile.
 */
export async function checkRedis(redis: Redis, namespace: string): Promise<RedisFacts> {
  try {
    await untilReady(redis);
    return await within(CHECKS_MS, redis, async () => {
      const { facts, part } = await readFacts(redis);
      refuse(facts, part, throughOf(redis)?.kind);
      await checkRights(redis, namespace);
      return facts;
    });
  } catch (error) {
    closeRedis(redis);
    throw redisFailure(error, addressOf(redis)) ?? error;
  }
}

async function within<T>(ms: number, redis: Redis, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new DroverError('E_REDIS_DOWN', `${addressOf(redis)}: no answer within ${ms / 1000} s.`);
    timer = setTimeout(reject, ms, error);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function untilReady(redis: Redis): Promise<void> {
  const early = lastErrorOf(redis);
  if (early && isFinalRedisError(early)) throw named(redis, early);
  if (redis.status === 'ready') return;
  if (await readyWithin(redis, connectTimeoutMs)) return;
  if (await isLoading(redis)) {
    if (await readyWithin(redis, LOADING_MS)) return;
    throw new DroverError('E_REDIS_DOWN', `${addressOf(redis)} has been loading its data for a minute.`);
  }
  throw named(redis, lastErrorOf(redis) ?? new Error('no answer within 3 s'));
}

/** Whether it is ready within `ms`. Rejects at once with an error that waiting does not repair. */
function readyWithin(redis: Redis, ms: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onReady = () => leave(() => resolve(true));
    const onEnd = () => leave(() => resolve(false));
    const onError = (error: Error) => isFinalRedisError(error) && leave(() => reject(named(redis, error)));
    const timer = setTimeout(onEnd, ms);
    redis.on('ready', onReady).on('end', onEnd).on('error', onError);
    function leave(then: () => void) {
      clearTimeout(timer);
      redis.off('ready', onReady).off('end', onEnd).off('error', onError);
      then();
    }
  });
}

async function isLoading(redis: Redis): Promise<boolean> {
  if (redis.status !== 'connect') return false;
  const silence = new Promise<string>((resolve) => setTimeout(resolve, 500, '').unref());
  return /^loading:1/m.test(await Promise.race([redis.info('persistence').catch(() => ''), silence]));
}

function named(redis: Redis, error: Error): DroverError {
  const where = addressOf(redis);
  if (isMissingDatabase(error)) {
    return new DroverError('E_SETTING', `${where} has no database ${redis.options.db}.`);
  }
  const known = redisFailure(error, where);
  if (known && known.code !== 'E_REDIS_DOWN') return known;
  const detail = `${where}: ${plainMessage(error)}.${hintOf(redis, error)}`;
  return new DroverError('E_REDIS_DOWN', detail, { cause: known?.cause });
}

/** Whoever speaks TLS ends a connection without it, and the other way round, often without a word. */
function hintOf(redis: Redis, error: Error): string {
  if (redis.options.tls) return ' Does that port speak TLS? If not, use redis://.';
  return isCutOff(error) && !redis.options.path ? ' If that port speaks TLS, use rediss://.' : '';
}

function addressOf(redis: Redis): string {
  const through = throughOf(redis);
  if (through) {
    const servers = through.servers.map((server) => `${server.host}:${server.port}`).join(',');
    return through.kind === 'cluster' ? `cluster ${servers}` : `primary ${through.name} of ${servers}`;
  }
  const { path, host, port } = redis.options;
  return path ?? `${host ?? 'localhost'}:${port ?? 6379}`;
}

function refuse(facts: RedisFacts, part: RedisPart, through: Guide['kind'] | undefined): void {
  if (part === 'sentinel')
    throw new DroverError('E_REDIS_SENTINEL', 'It is a Sentinel, which keeps no data.');
  if (part === 'cluster node' && through !== 'cluster')
    throw new DroverError('E_REDIS_CLUSTER', 'It is a node of a Cluster.');
  const [major = 0, minor = 0] = (facts.version ?? '').split('.').map(Number);
  if (facts.version && (major < 6 || (major === 6 && minor < 2))) {
    throw new DroverError('E_REDIS_VERSION', `It is ${facts.version}.`);
  }
  if (part === 'replica') throw new DroverError('E_REDIS_READONLY');
  if (facts.policy !== null && facts.policy !== 'noeviction') {
    const line = 'CONFIG SET maxmemory-policy noeviction';
    throw new DroverError('E_REDIS_EVICTS', `Its maxmemory-policy is ${facts.policy}. To change it: ${line}`);
  }
}
