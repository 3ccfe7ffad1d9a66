// The lanes that are threads: starts them, ends those that hang, and counts the pages that are lost so.
import { Worker } from 'node:worker_threads';
import { type Failure, failure } from '../../errors.ts';
import type { LaneThreadData } from './lane-thread.ts';
import type { FromLane, LaneSetUp, ToLane } from './messages.ts';

const HANG_MORE_MS = 1000;
const LOOK_MS = 200;
/** A handler that ends its thread with every page must not make a run start threads for ever. */
const MOST_REPLACED = 50;

export interface ThreadLane {
  say(message: ToLane): void;
  /** The kernel's id of its thread. */
  thread(): string | null;
}

export interface LaneListeners {
  onMessage(message: FromLane, lane: ThreadLane): void;
  /** A lane has ended in the middle of a page: why. Another takes its place. */
  onLost(why: Failure, lane: ThreadLane): void;
}

class Lane implements ThreadLane {
  readonly beats = new Int32Array(new SharedArrayBuffer(4));
  readonly worker: Worker;
  readonly ready = Promise.withResolvers<void>();
  seen = { beats: 0, at: performance.now() };
  isBusy = false;
  #thread: string | null = null;

  constructor(
    setUp: LaneSetUp,
    connections: number,
    isPolite: boolean,
    onMessage: (message: FromLane) => void,
  ) {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const workerData: LaneThreadData = { setUp, connections, isPolite, beats: this.beats };
    this.worker = new Worker(new URL(`./lane-thread.${ending}`, import.meta.url), { workerData });
    this.ready.promise.catch(() => undefined);
    this.worker.on('message', (message: FromLane) => {
      if (message.kind === 'ready') {
        this.#thread = message.thread;
        this.seen = { beats: 0, at: performance.now() };
        this.ready.resolve();
      } else if (message.kind === 'failed') this.ready.reject(message);
      else if (message.kind === 'stopped') this.isBusy = false;
      onMessage(message);
    });
  }

  say(message: ToLane): void {
    if (message.kind === 'start') this.isBusy = true;
    this.worker.postMessage(message);
  }

  thread(): string | null {
    return this.#thread;
  }
}

export class ThreadLanes {
  readonly #lanes: Lane[] = [];
  readonly #parts: { setUp: LaneSetUp; connections: number; isPolite: boolean };
  readonly #listeners: LaneListeners;
  #replaced = 0;

  constructor(parts: { setUp: LaneSetUp; connections: number; isPolite: boolean }, listeners: LaneListeners) {
    this.#parts = parts;
    this.#listeners = listeners;
    setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** So many lanes, ready to start. Rejects with what a lane could not load. */
  async ready(count: number): Promise<readonly ThreadLane[]> {
    this.#replaced = 0;
    while (this.#lanes.length < count) this.#lanes.push(this.#start());
    const lanes = this.#lanes.slice(0, count);
    await Promise.all(lanes.map((lane) => lane.ready.promise));
    return lanes;
  }

  /** Ends the lanes that still have a page. Others take their places at the next run. */
  endBusy(): void {
    for (const lane of this.#lanes.filter(({ isBusy }) => isBusy)) this.#end(lane);
  }

  isBusy(): boolean {
    return this.#lanes.some(({ isBusy }) => isBusy);
  }

  #start(): Lane {
    const { setUp, connections, isPolite } = this.#parts;
    const lane: Lane = new Lane(setUp, connections, isPolite, (message) =>
      this.#listeners.onMessage(message, lane),
    );
    let isOutOfMemory = false;
    lane.worker.on('error', (error: NodeJS.ErrnoException) => {
      isOutOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    });
    lane.worker.on('exit', () => {
      lane.ready.reject({
        kind: 'failed',
        code: 'E_HANDLER_FILE',
        detail: 'its thread ended while it was loaded.',
      });
      if (this.#lanes.includes(lane))
        this.#lost(lane, failure(isOutOfMemory ? 'E_HANDLER_MEMORY' : 'E_HANDLER_THREAD'));
    });
    return lane;
  }

  /** A lane whose event loop has stood still for longer than a handler may take will not go on. */
  #look(): void {
    const now = performance.now();
    for (const lane of this.#lanes) {
      const beats = Atomics.load(lane.beats, 0);
      if (beats !== lane.seen.beats || lane.thread() === null) lane.seen = { beats, at: now };
      else if (now - lane.seen.at > this.#parts.setUp.pageLimitMs + HANG_MORE_MS)
        this.#lost(
          lane,
          failure(
            'E_HANDLER_TIMEOUT',
            `It held its thread for more than ${this.#parts.setUp.pageLimitMs} ms.`,
          ),
        );
    }
  }

  async #lost(lane: Lane, why: Failure): Promise<void> {
    const { isBusy } = lane;
    this.#end(lane);
    if (!isBusy) return;
    if (this.#replaced++ >= MOST_REPLACED) return this.#listeners.onLost(why, lane);
    const next = this.#start();
    this.#lanes.push(next);
    await next.ready.promise.catch(() => undefined);
    this.#listeners.onLost(why, next);
  }

  #end(lane: Lane): void {
    const place = this.#lanes.indexOf(lane);
    if (place >= 0) this.#lanes.splice(place, 1);
    lane.isBusy = false;
    void lane.worker.terminate();
  }
}
