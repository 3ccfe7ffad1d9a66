// Runs of replays as Redis keeps them: what was asked, how far it is.

import { hash, randomUUID } from 'node:crypto';
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { groupOf } from '../frontier/replay.ts';
import type { RequestInput } from '../request.ts';
import { defineScript } from '../scripts.ts';
import type { DeadFilter } from './filter.ts';

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

/** What makes two runs of a group the very same. */
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

/** Makes the record of a run, or answers the one that is at work on the very same. Atomic: of two at the same moment one wins. */
export function createRun(fleet: Fleet, run: NewRun): Promise<string> {
  return fleet.run(beginScript, { id: randomUUID().slice(0, 8), run });
}

/** The canaries came through: the others may follow. False when the run has ended, or another driver was faster. Atomic. */
export function letRestFollow(fleet: Fleet, id: string): Promise<boolean> {
  return fleet.run(followScript, id);
}

/** Closes the record. Atomic and idempotent: the first end counts. */
export function endRun(fleet: Fleet, id: string, phase: 'done' | 'stopped'): Promise<void> {
  return fleet.run(endScript, { id, phase });
}

/** The run, null when there is none of that id (any more). */
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

/** Throws E_REPLAY_UNKNOWN. */
export async function lookAtReplay(fleet: Fleet, id: string): Promise<ReplayRun> {
  const run = await readRun(fleet, id);
  if (!run) throw new DroverError('E_REPLAY_UNKNOWN', `${id}.`);
  return shownRun(run);
}

/** The newest first; ended ones for a week. */
export async function listReplays(fleet: Fleet, most = 1000): Promise<ReplayRun[]> {
  const ids = await fleet.redis.zrevrange(fleet.keys.replays, '0', String(most - 1));
  const runs = await Promise.all(ids.map((id) => readRun(fleet, id)));
  return runs.filter((run) => run !== null).map(shownRun);
}

/** Those that have not ended. */
export async function runsAtWork(fleet: Fleet): Promise<RunAtWork[]> {
  const ids = await fleet.redis.hvals(fleet.keys.openReplays);
  const runs = await Promise.all(ids.map((id) => readRun(fleet, id)));
  return runs.filter((run) => run !== null && run.endedAt === null) as RunAtWork[];
}

/** What may be shown of a run. */
export function shownRun({ given: _given, until: _until, from: _from, ...run }: RunAtWork): ReplayRun {
  return run;
}
