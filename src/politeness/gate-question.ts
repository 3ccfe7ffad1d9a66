// One question to the gate: may this fetch start? What is asked and answered; src/frontier/ask-gate.ts asks
// it.
export interface GateQuestion {
  crawl: string;
  /** The request's id; '' for what is no request, such as robots.txt. */
  id: string;
  key: string;
  holder: string;
  /** Who waits, if it has to: the same name each time that it asks. */
  asker: string;
  /** True for anything but the first start after dispatch: an older claim may change nothing any more. */
  claims: boolean;
  /**
   * Which server the key belongs to ('-' for none); asked only where the crawl has a ceiling per server and
   * nobody knows yet.
   */
  serverOf: () => Promise<string>;
}

export type GateAnswer =
  /**
   * The slot is the holder's; the fetch may start after `waitMs`. Told of the start, the gate lets the next
   * pass so long after it.
   */
  | { kind: 'go'; claim: number; waitMs: number; delayMs: number; intervalMs: number; server: string }
  | { kind: 'later'; afterMs: number; why: 'pause' | 'full' | 'server' | 'time' | 'permit' }
  | { kind: 'ended' }
  | { kind: 'dead'; reason: string };

/** A slot's holder must be heard of within this time, or the slot is free again. Redis' clock. */
export const LEASE_MS = 2500;

/**
 * Asks, atomically. `patienceMs`: how long the caller would wait for a slot or its time; so long a lane
 * leaves it room.
 */
export type AskGate = (question: GateQuestion, patienceMs: number) => Promise<GateAnswer>;
