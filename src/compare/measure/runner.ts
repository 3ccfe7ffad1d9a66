// Runs one way after the other: starts its lanes, waits until they are warm, and measures them for a while.

import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../../errors.ts';
import type { RunFigures } from '../ways.ts';
import { ownThreadId } from './cpu-clock.ts';
import { HybridLane } from './hybrid-lane.ts';
import { machineNow } from './lane.ts';
import type { FromLane, FromRunner, LanePageEnd, LaneSetUp, Question, Reply, RunOrder } from './messages.ts';
import { RunWindow } from './run-window.ts';
import { figuresOfRun } from './tally.ts';
import { type ThreadLane, ThreadLanes } from './thread-lanes.ts';

/** A run with fewer pages goes on. */
const FEWEST_PAGES = 5;
const LOOK_MS = 20;
/** A loop that does not tell its delay in this time is late by so much. */
const TELL_MS = 1000;

export class Runner {
  readonly #isPolite: boolean;
  readonly #setUp: LaneSetUp;
  readonly #tell: (message: FromRunner) => void;
  readonly #loop: ThreadLanes;
  readonly #threads: ThreadLanes;
  /** By the size of their pool. Its threads stay, so that later rounds find them warm. */
  readonly #hybrids = new Map<number, HybridLane>();
  #ends: LanePageEnd[] = [];
  #lost: Failure[] = [];
  #restart: (lane: ThreadLane) => void = () => undefined;
  #hearDelay: (p99Ms: number) => void = () => undefined;
  /** Lanes that have asked the command something. */
  readonly #asking = new Map<number, { question: Question; resolve: (reply: Reply) => void }>();
  #asked = 0;

  constructor(setUp: LaneSetUp, isPolite: boolean, tell: (message: FromRunner) => void) {
    this.#tell = tell;
    this.#setUp = setUp;
    this.#isPolite = isPolite;
    const listeners = {
      onMessage: (message: FromLane, lane: ThreadLane) => this.#hear(message, lane),
      onLost: (why: Failure, lane: ThreadLane) => {
        this.#lost.push(why);
        this.#restart(lane);
      },
    };
    this.#loop = new ThreadLanes({ setUp, connections: 10_000, isPolite }, listeners);
    this.#threads = new ThreadLanes({ setUp, connections: 1, isPolite }, listeners);
  }

  reply(id: number, reply: Reply): void {
    this.#asking.get(id)?.resolve(reply);
    this.#asking.delete(id);
  }

  /** Starts the lanes of a way, so that a run finds them. The pool of hybrid starts with its first page. */
  async start(way: RunOrder['way']): Promise<void> {
    await this.#lanesOf(way);
  }

  async run(order: RunOrder): Promise<RunFigures> {
    const { way } = order;
    const begun = await this.#begin(order);
    const endsAt = machineNow() + order.mostMs;
    await this.#warmUp(order, endsAt);
    begun.resetDelay();
    const window = new RunWindow(begun.thread);
    await this.#fill(window, order, begun.isDone, endsAt);
    const { from, to, ...used } = window.close();
    const own = used.loopDelayP99Ms;
    const loopDelayP99Ms = way.mode === 'loop' ? await this.#delayOf(begun.lanes[0], used.wallMs) : own;
    begun.stop();
    for (const [id, { question }] of this.#asking) if (question.kind === 'next') this.reply(id, null);
    await until(begun.isDone, machineNow() + order.settleMs);
    begun.end();
    const about = { way, cores: availableParallelism(), lost: this.#lost };
    return figuresOfRun(this.#ends, { from, to }, { ...used, loopDelayP99Ms }, about);
  }

  async #warmUp({ warmUpMs, warmPages, mostPages }: RunOrder, endsAt: number): Promise<void> {
    const startedAt = machineNow();
    const hasPages = () => mostPages !== null || this.#ends.length >= warmPages;
    await until(() => machineNow() - startedAt >= warmUpMs && hasPages(), endsAt);
  }

  /** Waits until the window is long enough and has enough pages, or no more come. */
  async #fill(
    window: RunWindow,
    { windowMs, mostPages }: RunOrder,
    isDone: () => boolean,
    endsAt: number,
  ): Promise<void> {
    const before = this.#ends.length;
    await until(() => {
      window.look();
      if (mostPages !== null && isDone()) return true;
      return machineNow() - window.from >= windowMs && this.#ends.length - before >= FEWEST_PAGES;
    }, endsAt);
  }

  /** Starts the lanes of the run. */
  async #begin({ way }: RunOrder) {
    const lanes = await this.#lanesOf(way);
    [this.#ends, this.#lost] = [[], []];
    if (way.mode === 'hybrid') return this.#beginHybrid(way);
    const own = way.mode === 'loop' ? this.#loop : this.#threads;
    const concurrency = way.mode === 'loop' ? way.concurrency : 1;
    const step = lanes.length;
    let isStopping = false;
    this.#restart = (lane) => {
      if (!isStopping) lane.say({ kind: 'start', first: this.#ends.length, step, concurrency });
    };
    for (const [first, lane] of lanes.entries()) lane.say({ kind: 'start', first, step, concurrency });
    return {
      lanes,
      thread: () => (way.mode === 'loop' ? (lanes[0]?.thread() ?? null) : null),
      resetDelay: () => lanes[0]?.say({ kind: 'reset delay' }),
      isDone: () => !own.isBusy(),
      stop: () => {
        isStopping = true;
        for (const lane of lanes) lane.say({ kind: 'stop' });
      },
      end: () => own.endBusy(),
    };
  }

  async #lanesOf({ mode, concurrency }: RunOrder['way']): Promise<readonly ThreadLane[]> {
    switch (mode) {
      case 'loop':
        return this.#loop.ready(1);
      case 'threads':
        return this.#threads.ready(concurrency);
      case 'hybrid':
        return [];
      default:
        return mode satisfies never;
    }
  }

  async #beginHybrid({ concurrency, threads }: RunOrder['way']) {
    const hybrid = this.#hybrids.get(threads) ?? (await this.#openHybrid(threads));
    this.#hybrids.set(threads, hybrid);
    hybrid.start(concurrency);
    const thread = ownThreadId();
    return {
      lanes: [],
      thread: () => thread,
      resetDelay: () => undefined,
      isDone: () => !hybrid.isBusy(),
      stop: () => hybrid.stop(),
      end: () => hybrid.end(),
    };
  }

  #openHybrid(threads: number): Promise<HybridLane> {
    return HybridLane.open({
      ...{ setUp: this.#setUp, threads, onPage: (end) => this.#ends.push(end) },
      ask: this.#isPolite ? (question) => this.#ask(question) : null,
    });
  }

  #hear(message: FromLane, lane: ThreadLane): void {
    if (message.kind === 'page') this.#ends.push(message.end);
    else if (message.kind === 'delay') this.#hearDelay(message.p99Ms);
    else if (message.kind === 'question')
      void this.#ask(message.question).then((reply) => lane.say({ kind: 'reply', id: message.id, reply }));
  }

  #ask(question: Question): Promise<Reply> {
    return new Promise((resolve) => {
      this.#asking.set(++this.#asked, { question, resolve });
      if (question.kind === 'fetched') this.reply(this.#asked, null);
      this.#tell({ kind: 'question', id: this.#asked, question });
    });
  }

  /** A loop that is blocked answers late or, when its handler never returns, not at all. */
  async #delayOf(lane: ThreadLane | undefined, wallMs: number): Promise<number> {
    const heard = Promise.withResolvers<number>();
    this.#hearDelay = heard.resolve;
    const askedAt = machineNow();
    lane?.say({ kind: 'tell delay' });
    const told = await Promise.race([heard.promise, sleep(TELL_MS, null, { ref: false })]);
    return told === null ? Math.max(TELL_MS, wallMs) : Math.max(told, machineNow() - askedAt - LOOK_MS);
  }
}

async function until(isTrue: () => boolean, endsAt: number): Promise<void> {
  while (!isTrue() && machineNow() < endsAt) await sleep(LOOK_MS);
}
