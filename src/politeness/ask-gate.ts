// One question to the gate: may this fetch start?
import type { Fleet } from '../fleet.ts';
import { runScript } from '../scripts.ts';

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
  /** Which server the key belongs to ('-' for none); asked only where the crawl has a ceiling per server and nobody knows yet. */
  serverOf: () => Promise<string>;
}

export type GateAnswer =
  /** The slot is the holder's; the fetch may start after `waitMs`. Told of the start, the gate lets the next pass so long after it. */
  | { kind: 'go'; claim: number; waitMs: number; delayMs: number; intervalMs: number; server: string }
  | { kind: 'later'; afterMs: number; why: 'pause' | 'full' | 'server' | 'time' | 'permit' }
  | { kind: 'ended' }
  | { kind: 'dead'; reason: string };

/** A slot's holder must be heard of within this time, or the slot is free again. Redis' clock. */
export const LEASE_MS = 2500;

/** Atomic. `patienceMs`: how long the caller would wait for a slot or its time; so long a lane leaves it room. */
export async function askGate(fleet: Fleet, question: GateQuestion, patienceMs: number): Promise<GateAnswer> {
  const { crawl, id, key, holder, asker, claims } = question;
  let server = '';
  for (;;) {
    const args = [
      fleet.namespace,
      crawl,
      id,
      key,
      holder,
      LEASE_MS,
      claims ? '1' : '',
      server,
      Math.round(patienceMs),
      asker,
    ];
    const reply = (await runScript(
      fleet.redis,
      'politeness/lua/slot.lua',
      fleet.keys.limiter(key),
      args,
    )) as (number | string)[];
    switch (reply[0]) {
      case 0:
        return goOf(reply);
      case 1:
        return {
          kind: 'later',
          afterMs: Math.max(1, Number(reply[1])),
          why: reply[2] as 'pause' | 'full' | 'server' | 'time',
        };
      case 2:
        return { kind: 'ended' };
      case 3:
        return { kind: 'dead', reason: String(reply[1]) };
      default:
        server = await question.serverOf();
    }
  }
}

function goOf([, claim, waitMs, delayMs, intervalMs, server]: (number | string)[]): GateAnswer {
  return {
    kind: 'go',
    claim: Number(claim),
    waitMs: Number(waitMs),
    delayMs: Number(delayMs),
    intervalMs: Number(intervalMs),
    server: String(server),
  };
}
