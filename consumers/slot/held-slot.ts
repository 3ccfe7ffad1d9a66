// The slot that a job holds at one limiter key, and its permit to fetch in this process. Only this file asks
// for them, passes them on and gives them back.
import { failure } from '../../src/errors.ts';
import type { Fetcher } from '../../src/fetch/client.ts';
import type { Fleet } from '../../src/fleet.ts';
import type { Permit, SlotAnswer, Slots } from '../../src/politeness/slot.ts';
import { hostnameOf, registrableDomain } from '../../src/url/host.ts';
import type { PageRoom } from './page-room.ts';
import type { Permits } from './permits.ts';

/** A wait up to this length is slept with the job in hand. A longer one postpones the job. */
export const PATIENCE_MS = 1000;
/** The shortest time until the next try, when a start is not possible now. */
const AGAIN_MS = 50;

/** Where slots and permits come from. */
export interface SlotSource {
  /** The shard of its jobs. */
  readonly fleet: Pick<Fleet, 'shard'>;
  readonly slots: Slots;
  readonly permits: Permits;
  readonly pageRoom: PageRoom;
  readonly fetcher: Pick<Fetcher, 'addressOf'>;
}

/** The job that holds the slot. `abort` is aborted when the slot lapses. */
export interface SlotOwner {
  readonly jobId: string;
  readonly crawl: string;
  readonly id: string;
  /** What counts as one server: a registrable domain or an address. */
  readonly serverBy: 'domain' | 'address';
  readonly abort: AbortController;
  /** Its permit is that of the only fetch of this process. */
  readonly isAlone?: boolean;
}

/**
 * What to ask for: a slot of `key`, for a fetch of `url`. If the present slot is of that key, the gate is
 * asked with it.
 */
export interface StartRequest {
  key: string;
  url: string;
  /** The request itself starts, perhaps again. False for robots.txt and for a hop. */
  claims: boolean;
  /** A permit is taken first; the present one is given back. */
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
  /** Of the page, while it is in the room. */
  #bytesInRoom: number | null = null;
  #isReleased = false;

  /**
   * Holds nothing at first. `formerHolder`: the name of a slot that was given to the job too long ago to be
   * sure of it. If it has not lapsed, it still belongs to the job, so the gate is asked with it.
   */
  constructor(source: SlotSource, owner: SlotOwner, key: string, formerHolder: string | null = null) {
    this.#source = source;
    this.#owner = owner;
    this.#key = key;
    this.#holder = formerHolder;
  }

  /**
   * The limiter key of the present or last slot: first that of the request, after a redirect that of the
   * target.
   */
  get key(): string {
    return this.#key;
  }

  get isHeld(): boolean {
    return this.#holder !== null;
  }

  get hasPermit(): boolean {
    return this.#hasPermit;
  }

  /** When the gate gave the slot, its key obeyed a clock. */
  get timed(): boolean {
    return this.#timed;
  }

  /** Whether the next start at the key must be asked for. This includes what was heard of the key since. */
  get isTimed(): boolean {
    return this.#timed || this.#source.slots.keyEvents.isTimed(this.#key);
  }

  /**
   * Whether a start may be made now without a question, because nothing has changed since the gate was asked.
   */
  get mayStart(): boolean {
    const { slots } = this.#source;
    return this.#holder !== null && slots.keyEvents.pausedFor(this.#key) === 0 && slots.isFresh(this.#holder);
  }

  /** When a start is not possible now, the time until the next try, in milliseconds. */
  get againMs(): number {
    return Math.max(this.#source.slots.keyEvents.pausedFor(this.#key), AGAIN_MS);
  }

  /** Holds the slot that dispatch gave under the name of the job. */
  adopt(server: string): void {
    const { jobId } = this.#owner;
    this.#holder = jobId;
    this.#source.slots.adopt({ key: this.#key, holder: jobId, server }, () => this.#lapsed());
  }

  /**
   * Asks the gate. After 'go' the slot is held, and the permit if one was wanted. After any other answer no
   * slot is held.
   */
  async ask(start: StartRequest): Promise<SlotAnswer> {
    const { key, url, claims, withPermit, ahead = false, patienceMs = PATIENCE_MS } = start;
    const { slots } = this.#source;
    const permit = this.#permit;
    const { crawl, id, jobId, abort } = this.#owner;
    if (withPermit) this.givePermit();
    if (this.#key !== key) this.pass();
    const holder = this.#holder ?? undefined;
    this.#holder = null;
    const answer = await slots.acquire(
      {
        crawl,
        id,
        shard: this.#source.fleet.shard,
        key,
        claims,
        ahead: ahead && holder === undefined,
        asker: jobId,
        serverOf: () => this.#serverOf(url),
        onLost: () => this.#lapsed(),
        ...(holder === undefined ? {} : { holder }),
      },
      { patienceMs, signal: abort.signal, ...(withPermit ? { permit } : {}) },
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

  /** False when no permit became free in time. */
  async takePermit(patienceMs: number): Promise<boolean> {
    this.#hasPermit = await this.#permit.take(patienceMs);
    if (this.#isReleased) this.givePermit();
    return this.#hasPermit;
  }

  /**
   * Tells the gate that the request goes out now: after the connection, and after all else that took time.
   */
  started(): void {
    if (this.#holder !== null) this.#source.slots.started(this.#holder);
  }

  /** The slot goes to a request of the same key that waits in this process, or else back to the fleet. */
  pass(): void {
    const holder = this.#holder;
    this.#holder = null;
    if (holder !== null) this.#source.slots.leave(holder);
  }

  /** Gives the permit for a while. False when none is held, or when it must not be given. */
  lendPermit(): boolean {
    if (!this.#hasPermit || this.#owner.isAlone) return false;
    this.givePermit();
    return true;
  }

  /**
   * The page of the job is there, with so many bytes, and waits for its handler or its store. If there is
   * room, it gives its permit, and needs none until it ends. Idempotent.
   */
  waitAsPage(bytes: number): void {
    if (this.#isReleased) return;
    if (this.#bytesInRoom === null) {
      if (!this.#source.pageRoom.enter(bytes)) return;
      this.#bytesInRoom = bytes;
    }
    this.givePermit();
  }

  givePermit(): void {
    if (this.#hasPermit) this.#permit.give();
    this.#hasPermit = false;
  }

  /** The job has ended: gives back what is held, and later what a pending question to the gate brings. */
  release(): void {
    this.#isReleased = true;
    this.pass();
    this.givePermit();
    if (this.#bytesInRoom !== null) this.#source.pageRoom.leave(this.#bytesInRoom);
    this.#bytesInRoom = null;
  }

  /** A further slot for the same job at another key. It holds nothing at first. */
  another(key: string): HeldSlot {
    return new HeldSlot(this.#source, this.#owner, key);
  }

  get #permit(): Permit {
    const { permits } = this.#source;
    return this.#owner.isAlone ? permits.alone : permits;
  }

  #lapsed(): void {
    this.#owner.abort.abort(failure('E_LOCK_LOST', 'Its slot lapsed.'));
  }

  /**
   * The server of the URL: its registrable domain, or the address of its name (the smallest of several); '-'
   * when there is none.
   */
  async #serverOf(url: string): Promise<string> {
    const hostname = hostnameOf(url);
    if (this.#owner.serverBy === 'domain') return registrableDomain(hostname);
    return (await this.#source.fetcher.addressOf(hostname)) ?? '-';
  }
}
