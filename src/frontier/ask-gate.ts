// One question to the gate, in the step in which the request is claimed: what of it is open, and what its
// crawl allows, the frontier knows.
import type { Fleet } from '../fleet.ts';
import { type GateAnswer, type GateQuestion, LEASE_MS } from '../politeness/gate-question.ts';
import { defineScript, oneOf, type ScriptReply } from '../scripts.ts';

interface Asked extends Omit<GateQuestion, 'serverOf'> {
  /** '' as long as nobody knows it. */
  server: string;
  patienceMs: number;
}

type Why = Extract<GateAnswer, { kind: 'later' }>['why'];
const kindOf = oneOf<GateAnswer['kind'] | 'which-server'>('go', 'later', 'ended', 'dead', 'which-server');
const whyOf = oneOf<Why>('pause', 'full', 'server', 'time');

const slotScript = defineScript({
  path: 'frontier/lua/slot.lua',
  key: (keys, { key }) => keys.limiter(key),
  args: (asked: Asked) => {
    const { crawl, id, key, holder, claims, server, patienceMs, asker } = asked;
    return [crawl, id, key, holder, LEASE_MS, claims ? '1' : '', server, Math.round(patienceMs), asker];
  },
  answer: readAnswer,
});

/** Null: the gate must know the key's server. */
function readAnswer(reply: ScriptReply): GateAnswer | null {
  const [word, ...values] = reply as [string, ...(number | string)[]];
  const kind = kindOf(word);
  switch (kind) {
    case 'go': {
      const [claim, waitMs, delayMs, intervalMs, server] = values;
      return {
        kind,
        claim: Number(claim),
        waitMs: Number(waitMs),
        delayMs: Number(delayMs),
        intervalMs: Number(intervalMs),
        server: String(server),
      };
    }
    case 'later':
      return { kind, afterMs: Math.max(1, Number(values[0])), why: whyOf(values[1]) };
    case 'dead':
      return { kind, reason: String(values[0]) };
    case 'ended':
      return { kind };
    case 'which-server':
      return null;
    default:
      return kind satisfies never;
  }
}

/**
 * Atomic. Asks a second time, with the server, where the crawl has a ceiling per server and nobody knows yet
 * which it is.
 */
export async function askGate(fleet: Fleet, question: GateQuestion, patienceMs: number): Promise<GateAnswer> {
  for (let server = ''; ; server = await question.serverOf()) {
    const answer = await fleet.run(slotScript, { ...question, server, patienceMs });
    if (answer) return answer;
  }
}
