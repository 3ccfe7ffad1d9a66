// One slot for one fetch of a process that is no consumer: the same gate, asked for a single start.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Failure, failure } from '../errors.ts';
import { type Fleet, shardOf } from '../fleet.ts';
import { leaveFleetScript, startedScript } from '../politeness/held-slots.ts';
import { askGate } from './ask-gate.ts';
import { FOR_GOOD_MS } from './hosts.ts';

export interface LoneSlot {
  /** The request goes out now: the next start at its key counts from here. */
  started(): Promise<void>;
  /** Gives the slot back. */
  leave(): Promise<void>;
}

export interface LoneStart {
  /** The crawl whose limits hold; '' for the defaults. */
  crawl: string;
  key: string;
  /** How long the slot lasts if it is not given back, for example because this process was killed. */
  leaseMs: number;
  /** The longest wait for the slot or for the time of the start. */
  patienceMs: number;
}

/** Resolves at the time of the start, or with E_HOST_BUSY when that is further away than the patience. */
export async function takeLoneSlot(fleet: Fleet, start: LoneStart): Promise<LoneSlot | Failure> {
  const { crawl, key, leaseMs, patienceMs } = start;
  const holder = `alone/${randomUUID()}`;
  const at = shardOf(fleet, key);
  const until = performance.now() + patienceMs;
  const question = { crawl, key, holder, leaseMs, id: '', claims: false, asker: holder };
  for (;;) {
    const leftMs = Math.max(0, until - performance.now());
    const answer = await askGate(fleet, { ...question, serverOf: async () => '-' }, leftMs);
    if (answer.kind === 'go') {
      await sleep(answer.waitMs);
      const { delayMs, server } = answer;
      return {
        started: () => at.run(startedScript, { key, holder, delayMs, intervalMs: 0 }),
        leave: () =>
          at.run(leaveFleetScript, {
            consumer: '',
            capacity: 0,
            slots: [{ key, holder, server, start: null }],
          }),
      };
    }
    const afterMs = answer.kind === 'later' ? answer.afterMs : 0;
    if (answer.kind !== 'later' || afterMs > leftMs)
      return failure('E_HOST_BUSY', `${key}, ${untilText(afterMs)}.`);
    await sleep(Math.max(afterMs, 20));
  }
}

function untilText(afterMs: number): string {
  if (afterMs > FOR_GOOD_MS / 2) return 'until somebody resumes it';
  return `for the next ${Math.ceil(afterMs / 1000)} s at least`;
}
