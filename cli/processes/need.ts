// Decides how many consumer processes the work needs, from what the present ones have to do.
import { availableParallelism } from 'node:os';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';
import type { Load } from './messages.ts';

/** How many consumer processes run: `least` from the start, more up to `most` as the work needs them. */
export interface ProcessCount {
  least: number;
  most: number;
}

/**
 * One core is left for Redis, and for the command that shows the progress.
 * Throws E_USAGE for no process when `least` is 1.
 */
export function processCount(
  processes: Settings['processes'],
  least: 0 | 1 = 1,
  cores = availableParallelism(),
): ProcessCount {
  if (processes === 'auto') return { least: 1, most: Math.max(1, cores - 1) };
  if (processes < least)
    throw new DroverError('E_USAGE', '--processes: expected auto or a number from 1 to 256 (got 0).');
  return { least: processes, most: processes };
}

/** A consumer at the limit of its CPU. A machine that is busy with others gives it less than `cpu`. */
const BUSY = { cpu: 0.75, loop: 0.85 };
/** So long they must be busy, all together. The start of a crawl is busy too, and soon over. */
const BUSY_MS = 1500;
/** A further process is worth its start (some 0.5 s of CPU) when the present ones would take this long. */
const WORTH_SECONDS = 4;
/** What a process may need (docs/operations.md). With less memory left, none is added. */
const PROCESS_BYTES = 400 * 1024 ** 2;
/** One process goes when the others would do with half of their time, for so long. */
const IDLE_MS = 60_000;
const IDLE_SHARE = 0.5;
/** They must also have room for its fetches. */
const ROOM_SHARE = 0.7;

export class Need {
  readonly #concurrency: number;
  #busySince: number | null = null;
  #idleSince: number | null = null;

  constructor({ concurrency }: { concurrency: number }) {
    this.#concurrency = concurrency;
  }

  /** To be called about twice a second, while no process starts or ends. */
  look(nowMs: number, loads: readonly Load[]): 'more' | 'fewer' | 'same' {
    this.#busySince = isBusy(loads) ? (this.#busySince ?? nowMs) : null;
    this.#idleSince = this.#isIdle(loads) ? (this.#idleSince ?? nowMs) : null;
    if (this.#busySince !== null && nowMs - this.#busySince >= BUSY_MS) return 'more';
    if (this.#idleSince !== null && nowMs - this.#idleSince >= IDLE_MS) return 'fewer';
    return 'same';
  }

  /** To be called when their number changes. */
  forget(): void {
    this.#busySince = null;
    this.#idleSince = null;
  }

  #isIdle(loads: readonly Load[]): boolean {
    const others = loads.length - 1;
    if (others < 1) return false;
    const hasRoom = sumOf(loads, 'inFlight') < ROOM_SHARE * others * this.#concurrency;
    return hasRoom && Math.max(sumOf(loads, 'loop'), sumOf(loads, 'cpu')) < IDLE_SHARE * others;
  }
}

/** Whether there is enough work and memory for a further process. */
export function isWorthwhile(
  waiting: number,
  loads: readonly Load[],
  availableBytes = process.availableMemory(),
): boolean {
  return waiting > WORTH_SECONDS * sumOf(loads, 'jobsPerSecond') && availableBytes > PROCESS_BYTES;
}

function isBusy(loads: readonly Load[]): boolean {
  const { length } = loads;
  return length > 0 && sumOf(loads, 'cpu') >= BUSY.cpu * length && sumOf(loads, 'loop') >= BUSY.loop * length;
}

function sumOf(loads: readonly Load[], figure: keyof Load): number {
  return loads.reduce((sum, load) => sum + load[figure], 0);
}
