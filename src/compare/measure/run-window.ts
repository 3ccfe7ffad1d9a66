// The time in which a run counts: what its process and its threads use from the begin to the end of it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type CpuTime, cpuOfThread, processCpu } from './cpu-clock.ts';
import { machineNow } from './lane.ts';
import { DELAY_RESOLUTION_MS, delayP99Ms } from './lane-thread.ts';
import type { RunUse } from './tally.ts';

const MEMORY_MS = 100;

export class RunWindow {
  readonly from = machineNow();
  readonly #thread: () => string | null;
  readonly #process = processCpu();
  readonly #loop: CpuTime | null;
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  #peakBytes = process.memoryUsage.rss();
  #lookedAt = this.from;

  /** It begins now. `thread`: the kernel's id of the thread with the event loop; null for none. */
  constructor(thread: () => string | null) {
    this.#thread = thread;
    this.#loop = cpuOfThread(thread());
    this.#delay.enable();
  }

  /** Looks at the memory now and then. */
  look(): void {
    if (machineNow() - this.#lookedAt <= MEMORY_MS) return;
    this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss());
    this.#lookedAt = machineNow();
  }

  /** It ends now. The delay is that of the event loop of this process. */
  close(): RunUse & { from: number; to: number } {
    const to = machineNow();
    const used = {
      process: spent(processCpu(), this.#process),
      loop: spent(cpuOfThread(this.#thread()), this.#loop),
    };
    this.#delay.disable();
    return {
      ...{ from: this.from, to, wallMs: to - this.from, ...used },
      ...{ peakBytes: this.#peakBytes, loopDelayP99Ms: delayP99Ms(this.#delay) },
    };
  }
}

function spent(after: CpuTime | null, before: CpuTime | null): CpuTime {
  return {
    usedMs: Math.max(0, (after?.usedMs ?? 0) - (before?.usedMs ?? 0)),
    queuedMs: Math.max(0, (after?.queuedMs ?? 0) - (before?.queuedMs ?? 0)),
  };
}
