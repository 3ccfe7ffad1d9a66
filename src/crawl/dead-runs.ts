// Runs of replays as Redis keeps them: what was asked, how far it is.
import { hash, randomUUID } from 'node:crypto';
import { DroverError } from '../errors.ts';
import { groupOf } from '../frontier/replay.ts';
import type { Redis } from '../redis.ts';
import type { RequestInput } from '../request.ts';
import type { DeadFilter } from './dead-filter.ts';

/** What the replayed requests have instead of what they had. */
export interface ReplayOverrides {
  attempts?: number;
  /** In milliseconds, by layer. */
  timeouts?: NonNullable<RequestInput['timeouts']>;
  /** Beside, or in the place of, those that they had. */
  headers?: Record<string, string>;
  /** Least time from start to start at their limiter key; from then on for all that it is asked. */
  delayMs?: number;
}

/** One replay of one group. */
export interface ReplayRun {
  id: string;
  code: string;
  host: string;
  filter: DeadFilter;
  /** Values of headers are left out. */
  overrides: ReplayOverrides;
  /** So many go first; 0: none. */
  canary: number;
  /** Of the canary, what share must be recorded for the rest to follow; 0 to 1. */
  rate: number;
  phase: 'canary' | 'rest' | 'done' | 'stopped';
  /** Letters that matched when it began, */
  total: number;
  /** brought back so far, and how those ended. */
  opened: number;
  recorded: number;
  refused: number;
  dead: number;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string | null;
}

/** A run with what only its driver needs. */
export interface RunAtWork extends ReplayRun {
  given: ReplayOverrides;
  /** Letters that died later are not of this run; milliseconds since 1970. */
  until: number;
  /** Those that died before have been looked at. */
  from: number;
}

const KEPT_SECONDS = 7 * 86_400;
/** A run that nobody drives for so long is forgotten. */
const LONGEST_SECONDS = 30 * 86_400;

export function runKey(shard: string, id: string): string {
  return `${shard}:replay:${id}`;
}

/** Makes the record of a run, or answers the one that is at work on the very same. Of two at the same moment one wins. */
export async function createRun(
  redis: Redis,
  shard: string,
  run: Pick<ReplayRun, 'code' | 'host' | 'filter' | 'canary' | 'rate' | 'total'> & {
    overrides: ReplayOverrides;
  },
): Promise<string> {
  const id = randomUUID().slice(0, 8);
  const now = Date.now();
  const key = runKey(shard, id);
  const asked = JSON.stringify({ filter: run.filter, overrides: run.overrides });
  await redis.hset(key, {
    code: run.code,
    host: run.host,
    asked,
    canary: run.canary,
    rate: run.rate,
    phase: run.canary > 0 ? 'canary' : 'rest',
    total: run.total,
    startedAt: now,
  });
  await redis.expire(key, LONGEST_SECONDS);
  const place = hash('sha1', `${groupOf(run.code, run.host)}\x1f${asked}`);
  if ((await redis.hsetnx(`${shard}:replays:open`, place, id)) === 0) {
    const former = await redis.hget(`${shard}:replays:open`, place);
    if (former && (await redis.exists(runKey(shard, former))) === 1) {
      await redis.del(key);
      return former;
    }
    await redis.hset(`${shard}:replays:open`, place, id);
  }
  await redis.hset(key, 'place', place);
  await redis.zadd(`${shard}:replays`, now, id);
  await redis.zremrangebyscore(`${shard}:replays`, '-inf', now - LONGEST_SECONDS * 1000);
  return id;
}

/** The run, null when there is none of that id (any more). */
export async function readRun(redis: Redis, shard: string, id: string): Promise<RunAtWork | null> {
  const fields = await redis.hgetall(runKey(shard, id));
  if (!fields.phase) return null;
  const number = (name: string) => Number(fields[name] ?? 0);
  const { filter, overrides } = JSON.parse(fields.asked ?? '{}') as {
    filter: DeadFilter;
    overrides: ReplayOverrides;
  };
  const { headers } = overrides;
  const names = headers && Object.fromEntries(Object.keys(headers).map((name) => [name, '[redacted]']));
  return {
    id,
    code: fields.code ?? '',
    host: fields.host ?? '',
    filter,
    overrides: { ...overrides, ...(names ? { headers: names } : {}) },
    given: overrides,
    canary: number('canary'),
    rate: number('rate'),
    phase: fields.phase as ReplayRun['phase'],
    total: number('total'),
    opened: number('opened'),
    recorded: number('recorded'),
    refused: number('refused'),
    dead: number('dead'),
    startedAt: new Date(number('startedAt')).toISOString(),
    endedAt: fields.endedAt ? new Date(number('endedAt')).toISOString() : null,
    until: number('startedAt'),
    from: number('from'),
  };
}

/** Throws E_REPLAY_UNKNOWN. */
export async function lookAtReplay(redis: Redis, shard: string, id: string): Promise<ReplayRun> {
  const run = await readRun(redis, shard, id);
  if (!run) throw new DroverError('E_REPLAY_UNKNOWN', `${id}.`);
  return shownRun(run);
}

/** The newest first; ended ones for a week. */
export async function listReplays(redis: Redis, shard: string): Promise<ReplayRun[]> {
  const ids = await redis.zrevrange(`${shard}:replays`, '0', '-1');
  const runs = await Promise.all(ids.map((id) => readRun(redis, shard, id)));
  return runs.filter((run) => run !== null).map(shownRun);
}

/** Those that have not ended. */
export async function runsAtWork(redis: Redis, shard: string): Promise<RunAtWork[]> {
  const ids = await redis.hvals(`${shard}:replays:open`);
  const runs = await Promise.all(ids.map((id) => readRun(redis, shard, id)));
  return runs.filter((run) => run !== null && run.endedAt === null) as RunAtWork[];
}

/** What may be shown of a run. */
export function shownRun({ given: _given, until: _until, from: _from, ...run }: RunAtWork): ReplayRun {
  return run;
}

/** Closes the record. Idempotent. */
export async function endRun(
  redis: Redis,
  shard: string,
  id: string,
  phase: 'done' | 'stopped',
): Promise<void> {
  const key = runKey(shard, id);
  if ((await redis.hsetnx(key, 'endedAt', Date.now())) === 1) await redis.hset(key, 'phase', phase);
  const place = await redis.hget(key, 'place');
  if (place && (await redis.hget(`${shard}:replays:open`, place)) === id)
    await redis.hdel(`${shard}:replays:open`, place);
  await redis.expire(key, KEPT_SECONDS);
  await redis.expire(`${key}:crawls`, KEPT_SECONDS);
}
