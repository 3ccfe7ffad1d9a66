// The slot that a job holds at one limiter key, and its permit to fetch in this process. Asked for, passed on and given back here alone.
import { failure } from '../../src/errors.ts';
import type { Fetcher } from '../../src/fetch/client.ts';
import type { SlotAnswer, Slots } from '../../src/politeness/slot.ts';
import { hostnameOf, registrableDomain } from '../../src/url/host.ts';
import type { Permits } from './permits.ts';

/** Waits up to this long are slept with the job in hand; longer ones postpone the job. */
export const PATIENCE_MS = 1000;
/** Whoever may not start now tries again after this at least. */
const AGAIN_MS = 50;

/** Where slots and permits come from. */
export interface SlotSource {
  readonly slots: Slots;
  readonly permits: Permits;
  readonly fetcher: Pick<Fetcher, 'addressOf'>;
}

/** The job for which they are held. `abort` is aborted when its slot lapses. */
export interface SlotOwner {
  readonly jobId: string;
  readonly crawl: string;
  readonly id: string;
  /** What counts as one server: a registrable domain or an address. */
  readonly serverBy: 'domain' | 'address';
  readonly abort: AbortController;
}

/** What to ask for: the slot of `key`, for a fetch of `url`. The slot that is held now goes with the question, if it is of that key. */
export interface StartRequest {
  key: string;
  url: string;
  /** The request itself starts, perhaps not for the first time: not robots.txt, nor a hop. */
  claims: boolean;
  /** A permit is taken first, instead of the one that is held. */
  withPermit: boolean;
  /** The request was handed out ahead of its slot, and this is its own start. */
  ahead?: boolean;
  /** Default PATIENCE_MS. */
  patienceMs?: number;
}

/** What is held is given back once: by `pass` and `givePermit`, at the latest by `release`. */
export class HeldSlot {
  readonly #source: SlotSource;
  readonly #owner: SlotOwner;
  #key: string;
  #holder: string | null;
  #timed = false;
  #hasPermit = false;
  #isReleased = false;

  /**
   * Holds nothing yet. `formerHolder`: the name under which a slot of the key was given to the job too long ago to be relied on; it is the
   * job's own still if it has not lapsed, so the gate is asked with it.
   */
  constructor(source: SlotSource, owner: SlotOwner, key: string, formerHolder: string | null = null) {
    this.#source = source;
    this.#owner = owner;
    this.#key = key;
    this.#holder = formerHolder;
  }

  /** The limiter key whose slot is held or was last: at first the request's own, after a redirect that of the target. */
  get key(): string {
    return this.#key;
  }

  get isHeld(): boolean {
    return this.#holder !== null;
  }

  /** The gate said with the slot that its key obeys a clock. */
  get timed(): boolean {
    return this.#timed;
  }

  /** Whether the next start at the key must be asked for, by what has been heard of it since too. */
  get isTimed(): boolean {
    return this.#timed || this.#source.slots.keyEvents.isTimed(this.#key);
  }

  /** Whether a start may be made now without asking: nothing has come in between since the gate was asked. */
  get mayStart(): boolean {
    const { slots } = this.#source;
    return this.#holder !== null && slots.keyEvents.pausedFor(this.#key) === 0 && slots.isFresh(this.#holder);
  }

  /** After how many milliseconds to try again, for who may not start now. */
  get againMs(): number {
    return Math.max(this.#source.slots.keyEvents.pausedFor(this.#key), AGAIN_MS);
  }

  /** Holds the slot of the key that dispatch gave along under the job's name. */
  adopt(server: string): void {
    const { jobId } = this.#owner;
    this.#holder = jobId;
    this.#source.slots.adopt({ key: this.#key, holder: jobId, server }, () => this.#lapsed());
  }

  /** Asks the gate; on 'go' the slot is held, and a permit if wanted. In any other case none is held any more. */
  async ask(start: StartRequest): Promise<SlotAnswer> {
    const { key, url, claims, withPermit, ahead = false, patienceMs = PATIENCE_MS } = start;
    const { slots, permits } = this.#source;
    const { crawl, id, jobId, abort } = this.#owner;
    if (withPermit) this.givePermit();
    if (this.#key !== key) this.pass();
    const holder = this.#holder ?? undefined;
    this.#holder = null;
    const answer = await slots.acquire(
      {
        crawl,
        id,
        key,
        claims,
        ahead: ahead && holder === undefined,
        asker: jobId,
        serverOf: () => this.#serverOf(url),
        onLost: () => this.#lapsed(),
        ...(holder === undefined ? {} : { holder }),
      },
      { patienceMs, signal: abort.signal, ...(withPermit ? { permit: permits } : {}) },
    );
    if (answer.kind === 'go') {
      this.#key = key;
      this.#holder = answer.holder;
      this.#timed = answer.timed;
      this.#hasPermit ||= withPermit;
      if (this.#isReleased) this.release();
    }
    return answer;
  }

  /** False when there was none within the time. */
  async takePermit(patienceMs: number): Promise<boolean> {
    this.#hasPermit = await this.#source.permits.take(patienceMs);
    if (this.#isReleased) this.givePermit();
    return this.#hasPermit;
  }

  /** Tells the gate that the request really goes out now: after the connection, and whatever else took time. */
  started(): void {
    if (this.#holder !== null) this.#source.slots.started(this.#holder);
  }

  /** The slot goes to a request of the same key that waits for one here, else back to the fleet. */
  pass(): void {
    const holder = this.#holder;
    this.#holder = null;
    if (holder !== null) this.#source.slots.leave(holder);
  }

  givePermit(): void {
    if (this.#hasPermit) this.#source.permits.give();
    this.#hasPermit = false;
  }

  /** The job has ended: what is held, and what an answer to a question still under way brings, is given back. */
  release(): void {
    this.#isReleased = true;
    this.pass();
    this.givePermit();
  }

  /** A further slot for the same job, at another key; holds nothing yet. */
  another(key: string): HeldSlot {
    return new HeldSlot(this.#source, this.#owner, key);
  }

  #lapsed(): void {
    this.#owner.abort.abort(failure('E_LOCK_LOST', 'Its slot lapsed.'));
  }

  /** By the registrable domain, or by the address that the name has (the least of several); '-' where there is none. */
  async #serverOf(url: string): Promise<string> {
    const hostname = hostnameOf(url);
    if (this.#owner.serverBy === 'domain') return registrableDomain(hostname);
    return (await this.#source.fetcher.addressOf(hostname)) ?? '-';
  }
}
