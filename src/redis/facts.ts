// What a Redis says about itself: its version, how it keeps data, its memory, and what part it plays.
import type { Redis } from '../redis.ts';
import { isForbidden } from './failures.ts';

/** Null where a Redis does not say it: a managed Redis may forbid INFO and CONFIG. */
export interface RedisFacts {
  /** Which server it is: another one after each start. */
  readonly runId: string | null;
  /** 'Redis 7.0.15' or 'Valkey 8.0.1'. */
  readonly server: string | null;
  /** The Redis version that it is compatible with. */
  readonly version: string | null;
  /** When the append-only file is synced (no: by the kernel). rdb: only snapshots. none: nothing on disk. */
  readonly persistence: 'always' | 'everysec' | 'no' | 'rdb' | 'none' | null;
  readonly policy: string | null;
  readonly usedBytes: number | null;
  /** The limit of memory; 0 for no limit. */
  readonly maxBytes: number | null;
  /** The memory of the machine that Redis runs on. */
  readonly systemBytes: number | null;
  /** Why its user is told less than there is, such as `NOPERM …`; null when INFO answers. */
  readonly silence: string | null;
}

/** The part that a server plays, where that keeps drover from using it. */
export type RedisPart = 'replica' | 'cluster node' | 'sentinel' | null;

interface RedisInfo {
  readonly fields: ReadonlyMap<string, string>;
  readonly silence: string | null;
}

/** What INFO answers, field by field; nothing when this user may not ask. */
export async function readInfo(redis: Redis): Promise<RedisInfo> {
  // Not redis.info(), which answers for a Redis that does not say (see src/redis.ts).
  const said = await redis.call('INFO').then(
    (text) => ({ text: String(text), silence: null }),
    unlessForbidden((error) => ({ text: '', silence: error.message })),
  );
  const lines = said.text.split('\r\n').map((line) => line.split(/:(.*)/s, 2) as [string, string]);
  return { fields: new Map(lines), silence: said.silence };
}

/** A handler of rejections: answers `value` if this user may not run the command or it does not exist. */
function unlessForbidden<T>(value: (error: Error) => T): (error: Error) => T {
  return (error) => {
    if (isForbidden(error)) return value(error);
    throw error;
  };
}

export async function readFacts(redis: Redis): Promise<{ facts: RedisFacts; part: RedisPart }> {
  const info = await readInfo(redis);
  const facts = { ...factsOf(info), persistence: await persistenceOf(redis, info) };
  return { facts, part: partOf(info) };
}

/** What stands behind a primary. Null where this user may not ask. */
export interface Replication {
  /** Replicas that are connected. */
  readonly replicas: number | null;
  /** How many of them a primary must have to go on writing; 0 for none. */
  readonly least: number | null;
}

export async function readReplication(redis: Redis): Promise<Replication> {
  const { fields } = await readInfo(redis);
  const reply = await redis.config('GET', 'min-replicas-to-write').catch(unlessForbidden(() => []));
  const [replicas, least] = [fields.get('connected_slaves'), (reply as string[])[1]];
  return {
    replicas: replicas === undefined ? null : Number(replicas),
    least: least === undefined ? null : Number(least),
  };
}

/** The memory in use and its limit (0 for no limit), in bytes. Null if this user may not ask. */
export async function readMemory(redis: Redis): Promise<Pick<RedisFacts, 'usedBytes' | 'maxBytes'>> {
  return factsOf(await readInfo(redis));
}

function factsOf({ fields, silence }: RedisInfo): Omit<RedisFacts, 'persistence'> {
  const version = fields.get('redis_version') ?? null;
  const valkey = fields.get('valkey_version');
  const bytes = (key: string) => (fields.has(key) ? Number(fields.get(key)) : null);
  return {
    runId: fields.get('run_id') ?? null,
    server: valkey ? `Valkey ${valkey}` : version && `Redis ${version}`,
    version,
    policy: fields.get('maxmemory_policy') ?? null,
    usedBytes: bytes('used_memory'),
    maxBytes: bytes('maxmemory'),
    systemBytes: bytes('total_system_memory'),
    silence,
  };
}

function partOf({ fields }: RedisInfo): RedisPart {
  // Valkey's name for it is server_mode.
  if ((fields.get('redis_mode') ?? fields.get('server_mode')) === 'sentinel') return 'sentinel';
  if (fields.get('cluster_enabled') === '1') return 'cluster node';
  return fields.get('role') === 'slave' && fields.get('slave_read_only') !== '0' ? 'replica' : null;
}

async function persistenceOf(redis: Redis, { fields }: RedisInfo): Promise<RedisFacts['persistence']> {
  const enabled = fields.get('aof_enabled');
  if (enabled === undefined) return null;
  const asked = enabled === '1' ? 'appendfsync' : 'save';
  const reply = await redis.config('GET', asked).catch(unlessForbidden(() => []));
  const value = (reply as string[])[1];
  if (value === undefined) return null;
  return enabled === '1' ? (value as 'always' | 'everysec' | 'no') : value === '' ? 'none' : 'rdb';
}
