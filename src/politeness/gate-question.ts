// One question to the gate: may this fetch start? These are its question and answer; src/frontier/ask-gate.ts
// asks it.
export interface GateQuestion {
  crawl: string;
  /** The id of the request; '' for a fetch that is no request, such as robots.txt. */
  id: string;
  /** The shard of the request, if it is another one than that of the key: after a redirect. */
  shard?: number;
  key: string;
  holder: string;
  /** The name of the caller while it waits: the same each time that it asks. */
  asker: string;
  /**
   * True except for the first start after dispatch: takes the request over, so that older claims can change
   * nothing any more.
   */
  claims: boolean;
  /**
   * Returns the server of the key ('-' for none). It is called only when the crawl has a ceiling per server
   * and nobody knows the server yet.
   */
  serverOf: () => Promise<string>;
  /** How long the slot lasts unless it is renewed. Default: LEASE_MS. */
  leaseMs?: number;
}

export type GateAnswer =
  /**
   * The holder has the slot, and the fetch may start after `waitMs`. When the gate hears of the start, it
   * lets the next one pass `delayMs` and `intervalMs` after it.
   */
  | { kind: 'go'; claim: number; waitMs: number; delayMs: number; intervalMs: number; server: string }
  | { kind: 'later'; afterMs: number; why: 'pause' | 'full' | 'server' | 'time' | 'permit' }
  | { kind: 'ended' }
  | { kind: 'dead'; reason: string };

/** The holder of a slot must renew it within this time by the clock of Redis, or the slot is free again. */
export const LEASE_MS = 2500;

/**
 * Asks, atomically. `patienceMs`: how long the caller would wait for a slot or for its time. During that
 * time, lanes leave a place for it.
 */
export type AskGate = (question: GateQuestion, patienceMs: number) => Promise<GateAnswer>;
