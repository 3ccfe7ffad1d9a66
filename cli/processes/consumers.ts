// The consumers of a command: the first one in its own process, so that it begins at once; then, when there
// is work for more, consumers in processes of their own, and the command keeps to the screen.
import { type Consumer, startConsumer } from '../../consumers/consumer.ts';
import { createHostTimes, type HostTimes } from '../../consumers/telemetry/host-times.ts';
import type { GivenFlags } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { DroverError } from '../../src/errors.ts';
import { type Interval, repeat } from '../../src/fleet/interval.ts';
import type { Log } from '../../src/log.ts';
import type { RedisAddress } from '../../src/redis.ts';
import { inOwnWords } from '../terminal/own-hints.ts';
import { consumerProcessWords } from './command.ts';
import { ConsumerChildren } from './consumer-children.ts';
import type { ProcessesFailure } from './failure.ts';
import { createLoadMeter, LOAD_EVERY_MS } from './load-meter.ts';
import type { Load } from './messages.ts';
import { isWorthwhile, Need, type ProcessCount } from './need.ts';

/** A crawl that is over sooner needs no further process, even if the user has asked for some. */
const FIRST_ALONE_MS = 1000;
/** The same line of another process is not printed again within this time. */
const SAME_LINE_MS = 60_000;
const MOST_LINES = 100;

export interface ConsumersParts {
  settings: Settings;
  /** What the user gave for this command. */
  flags: GivenFlags;
  address: RedisAddress;
  log: Log;
  /** The crawl whose requests they bring into the queue, or '*' for all crawls. */
  serve: string;
  count: ProcessCount;
  /** Decides, between `least` and `most` of them. */
  need?: Pick<Need, 'look' | 'forget'>;
  /** Whether the first consumer runs in this process. */
  startsHere: boolean;
  /** How many requests wait to be fetched. */
  waiting: () => Promise<number>;
  say: (line: string) => void;
  /** Prints what is no warning, unless the user wants it quiet. */
  note: (line: string) => void;
  /** Called with what keeps requests from ending, such as a full disk. */
  onTrouble?: (error: unknown) => void;
  /** Called when the processes die again and again, or another version has changed the namespace. */
  onFailure: (failure: DroverError) => void;
  /** Resolves when the command is told to stop. */
  stop: Promise<void>;
}

export interface Consumers {
  /** Fetches in flight in all of them. */
  inFlight(): number;
  /** How many requests they have ended. */
  pages(): number;
  /** To be called when this process has offered requests. */
  kick(): void;
  /** `answers` counts those of failed attempts too. */
  slowestHosts(count: number): ReturnType<HostTimes['slowest']>;
  /** Resolves when all have finished what is in flight, within the grace, and have ended. */
  stop(): Promise<void>;
  /** Ends the processes at once. No request is lost. */
  kill(): void;
}

export async function startConsumers(parts: ConsumersParts): Promise<Consumers> {
  const consumers = new CommandConsumers(parts);
  await consumers.start();
  return consumers;
}

/** The consumer of this process. */
interface Here {
  consumer: Consumer;
  load: () => Load;
  /** Once it has been told to stop. */
  leaving: Promise<void> | null;
}

class CommandConsumers implements Consumers {
  readonly #parts: ConsumersParts;
  readonly #children: ConsumerChildren;
  readonly #need: Pick<Need, 'look' | 'forget'>;
  readonly #times: HostTimes;
  readonly #say: (line: string) => void;
  /** Requests that processes have ended which are not this one, or have left it. */
  #pages = 0;
  #most: number;
  #here: Here | null = null;
  #since = performance.now();
  #looking: Interval | null = null;
  #isStopping = false;
  #hasNoted = false;

  constructor(parts: ConsumersParts) {
    const { settings, flags, log, serve } = parts;
    this.#parts = parts;
    this.#most = parts.count.most;
    this.#need = parts.need ?? new Need(settings);
    this.#times = createHostTimes(serve);
    this.#say = onceAMinute((line) => parts.say(inOwnWords(line)));
    this.#children = new ConsumerChildren({
      ...{ log, graceMs: settings.grace, words: consumerProcessWords(serve, flags) },
      onConsuming: () => this.#need.forget(),
      onReport: (hosts, pages) => {
        this.#times.add(hosts);
        this.#pages += pages;
      },
      onLine: this.#say,
      onTrouble: (error) => parts.onTrouble?.(error),
      onGivenUp: (failure) => this.#givenUp(failure),
    });
  }

  async start(): Promise<void> {
    const { settings, address, log, serve, stop, onTrouble, onFailure, count, startsHere } = this.#parts;
    if (startsHere) {
      const consumer = await startConsumer({
        ...{ settings, address, log, serve, stop, say: this.#say, onOutdated: onFailure },
        ...(onTrouble ? { onTrouble } : {}),
      });
      this.#here = { consumer, load: createLoadMeter(consumer), leaving: null };
      this.#since = performance.now();
    } else this.#children.want(count.least);
    if (count.most === 1) return;
    const onError = (error: unknown) => log.warn({ err: error }, 'counting the requests that wait');
    this.#looking = repeat(LOAD_EVERY_MS, () => this.#look(), onError);
  }

  inFlight(): number {
    const inChildren = this.#children.loads.reduce((sum, { inFlight }) => sum + inFlight, 0);
    return inChildren + (this.#here?.consumer.inFlight() ?? 0);
  }

  pages(): number {
    return this.#pages + (this.#here?.consumer.pages() ?? 0);
  }

  kick(): void {
    this.#here?.consumer.kick();
  }

  slowestHosts(count: number): ReturnType<HostTimes['slowest']> {
    if (this.#here) this.#times.add(this.#here.consumer.hostTimes.take());
    return this.#times.slowest(count);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    void this.#looking?.stop();
    await Promise.all([this.#here?.leaving ?? this.#here?.consumer.stop(), this.#children.stop()]);
  }

  kill(): void {
    this.#children.kill();
  }

  async #look(): Promise<void> {
    const { count, log } = this.#parts;
    const children = this.#children;
    if (this.#here && children.wanted > 1 && children.isSettled) this.#leaveHere(this.#here);
    const load = this.#here?.load();
    if (this.#here?.leaving || !children.isSettled) return;
    if (count.least > 1) {
      if (children.wanted === 0 && performance.now() - this.#since >= FIRST_ALONE_MS)
        children.want(count.least);
      return;
    }
    const loads = load ? [load, ...children.loads] : children.loads;
    const need = this.#need.look(performance.now(), loads);
    if (need === 'same' || (need === 'more' ? loads.length >= this.#most : this.#here)) return;
    if (need === 'more' && !isWorthwhile(await this.#parts.waiting(), loads)) return;
    if (this.#isStopping || !children.isSettled) return;
    this.#need.forget();
    const wanted = need === 'more' ? Math.min(this.#most, 2 * loads.length) : loads.length - 1;
    log.info({ from: loads.length, to: wanted, loads }, 'the number of consumer processes changes');
    children.want(wanted);
    if (need === 'more') this.#noteHandlers();
  }

  /** What a handler keeps in memory is not shared. In one process it was. */
  #noteHandlers(): void {
    if (this.#parts.settings.handlers.length === 0 || this.#hasNoted) return;
    this.#hasNoted = true;
    this.#parts.note(
      'more processes share the work now; each has variables of its own in the modules of handlers (--processes 1 keeps to one process)',
    );
  }

  /** Its jobs go on in the other processes. */
  #leaveHere(here: Here): void {
    const { log } = this.#parts;
    const stopped = here.consumer
      .stop()
      .catch((error) => log.error({ err: error }, 'the first consumer did not stop as it should'));
    here.leaving ??= stopped.then(() => {
      this.#times.add(here.consumer.hostTimes.take());
      this.#pages += here.consumer.pages();
      this.#here = null;
      this.#need.forget();
    });
  }

  /** With --processes auto, the work goes on with those that can be had. */
  #givenUp(failure: ProcessesFailure): void {
    const { count, log, onFailure } = this.#parts;
    const others = this.#children.consuming + (this.#here && !this.#here.leaving ? 1 : 0);
    log.error({ err: failure, others }, 'a consumer process could not be replaced');
    if (count.least > 1 || others === 0) {
      onFailure(failure);
      return;
    }
    this.#most = others;
    this.#children.want(this.#children.consuming);
    this.#say(`${failure.message} The work goes on without it.`);
  }
}

/** Several processes say the same, for example that Redis is away. */
function onceAMinute(say: (line: string) => void): (line: string) => void {
  const saidAt = new Map<string, number>();
  return (line) => {
    const now = performance.now();
    if (now - (saidAt.get(line) ?? Number.NEGATIVE_INFINITY) < SAME_LINE_MS) return;
    saidAt.delete(line);
    saidAt.set(line, now);
    if (saidAt.size > MOST_LINES) saidAt.delete(saidAt.keys().next().value ?? '');
    say(line);
  };
}
