// Replay runs in Redis: what was asked for, and the progress.

import { hash, randomUUID } from 'node:crypto';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { groupOf } from '../frontier/replay.ts';
import type { RequestInput } from '../request.ts';
import { defineScript } from '../scripts.ts';
import type { DeadFilter } from './filter.ts';

/** Values that replace those of the replayed requests. */
export interface ReplayOverrides {
  attempts?: number;
  /** In milliseconds, by layer. */
  timeouts?: NonNullable<RequestInput['timeouts']>;
  /** Added to the request's headers; a header of the same name is replaced. */
  headers?: Record<string, string>;
  /**
   * Least time between two starts at the requests' limiter key. It stays in force for all later fetches of
   * that key.
   */
  delayMs?: number;
}

/** A replay of one group. */
export interface ReplayRun {
  id: string;
  code: string;
  host: string;
  filter: DeadFilter;
  /** Without the values of headers. */
  overrides: ReplayOverrides;
  /** Letters to try first; 0 for none. */
  canary: number;
  /** Share of the canary that must be recorded before the rest follows; 0 to 1. */
  rate: number;
  phase: 'canary' | 'rest' | 'done' | 'stopped';
  /** Letters that matched when the run began. */
  total: number;
  /** Letters brought back so far. The next three fields say how many of these ended, and how. */
  opened: number;
  recorded: number;
  refused: number;
  dead: number;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string | null;
}

/** A run with fields that only its driver needs. */
export interface RunAtWork extends ReplayRun {
  given: ReplayOverrides;
  /** Letters that failed after this time do not belong to the run; milliseconds since 1970. */
  until: number;
  /** Letters that failed before this time are done; milliseconds since 1970. */
  from: number;
}

const KEPT_SECONDS = 7 * 86_400;
/** A run that nobody has driven for this long is forgotten. */
const LONGEST_SECONDS = 30 * 86_400;

/** The filter and overrides as text. Two runs of a group with the same text are the same run. */
export function askedOf(filter: DeadFilter, overrides: ReplayOverrides): string {
  const { crawl, code, host, since, attempts, q, jobId = null } = filter;
  const { timeouts, headers, delayMs } = overrides;
  return JSON.stringify({
    filter: { crawl, code, host, since, attempts, q, jobId },
    overrides: { attempts: overrides.attempts, timeouts, headers, delayMs },
  });
}

type NewRun = Pick<ReplayRun, 'code' | 'host' | 'filter' | 'canary' | 'rate' | 'total'> & {
  overrides: ReplayOverrides;
};

const beginScript = defineScript({
  path: 'dead/lua/begin-run.lua',
  isAcknowledged: true,
  key: (keys, { id }) => keys.replay(id),
  args: ({ id, run }: { id: string; run: NewRun }) => {
    const { code, host, filter, overrides, canary, rate, total } = run;
    const asked = askedOf(filter, overrides);
    const place = hash('sha1', `${groupOf(code, host)}\x1f${asked}`);
    const phase = canary > 0 ? 'canary' : 'rest';
    const fields = Object.entries({ code, host, asked, canary, rate, phase, total }).flat();
    return [id, place, LONGEST_SECONDS, ...fields];
  },
  answer: String,
});

const followScript = defineScript({
  path: 'dead/lua/follow-canaries.lua',
  key: (keys, id) => keys.replay(id),
  args: (id: string) => [id],
  answer: (changed) => changed === 1,
});

const endScript = defineScript({
  path: 'dead/lua/end-run.lua',
  key: (keys, { id }) => keys.replay(id),
  args: ({ id, phase }: { id: string; phase: 'done' | 'stopped' }) => [id, phase, KEPT_SECONDS],
  answer: () => undefined,
});

/**
 * Makes the record of a run, or answers the one that is at work on the very same. Atomic: of two at the same
 * moment one wins.
 */
export function createRun(fleet: Fleet, run: NewRun): Promise<string> {
  return fleet.run(beginScript, { id: randomUUID().slice(0, 8), run });
}

/**
 * Moves the run from its canary to the rest. Returns false when the run has ended or another driver has done
 * it. Atomic.
 */
export function letRestFollow(fleet: Fleet, id: string): Promise<boolean> {
  return fleet.run(followScript, id);
}

/** Ends the run. Atomic and idempotent: the first end counts. */
export function endRun(fleet: Fleet, id: string, phase: 'done' | 'stopped'): Promise<void> {
  return fleet.run(endScript, { id, phase });
}

/** The run with this id; null when there is none (any more). */
export async function readRun(fleet: Fleet, id: string): Promise<RunAtWork | null> {
  const fields = await fleet.redis.hgetall(fleet.keys.replay(id));
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

/** The run with this id, as it may be shown. Throws E_REPLAY_UNKNOWN. */
export async function lookAtReplay(fleet: Fleet, id: string): Promise<ReplayRun> {
  const run = await readRun(fleet, id);
  if (!run) throw new DroverError('E_REPLAY_UNKNOWN', `${id}.`);
  return shownRun(run);
}

/** Runs, newest first, at most `most`. Ended runs are kept for a week. */
export async function listReplays(fleet: Fleet, most = 1000): Promise<ReplayRun[]> {
  const ids = await fleet.redis.zrevrange(fleet.keys.replays, '0', String(most - 1));
  const runs = await Promise.all(ids.map((id) => readRun(fleet, id)));
  return runs.filter((run) => run !== null).map(shownRun);
}

/** Runs that have not ended. */
export async function runsAtWork(fleet: Fleet): Promise<RunAtWork[]> {
  const ids = await fleet.redis.hvals(fleet.keys.openReplays);
  const runs = await Promise.all(ids.map((id) => readRun(fleet, id)));
  return runs.filter((run) => run !== null && run.endedAt === null) as RunAtWork[];
}

/** The run without the fields that only its driver needs. Some of those hold secrets. */
export function shownRun({ given: _given, until: _until, from: _from, ...run }: RunAtWork): ReplayRun {
  return run;
}
