// Asks the gate once, in the same step that claims the request. The frontier knows which requests are open
// and what their crawl allows.
import { type Fleet, shardOf } from '../fleet.ts';
import { type GateAnswer, type GateQuestion, LEASE_MS } from '../politeness/gate-question.ts';
import { leaveFleetScript } from '../politeness/held-slots.ts';
import { defineScript, oneOf, type ScriptReply } from '../scripts.ts';
import { claimRequest } from './claim.ts';

interface Asked extends Omit<GateQuestion, 'serverOf'> {
  /** '' while nobody knows it. */
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
    const { crawl, id, key, holder, claims, server, patienceMs, asker, leaseMs = LEASE_MS } = asked;
    return [crawl, id, key, holder, leaseMs, claims ? '1' : '', server, Math.round(patienceMs), asker];
  },
  answer: readAnswer,
});

/** Returns null when the gate must first know the server of the key. */
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
 * Asks the shard of the key. When the crawl has a ceiling per server and nobody knows the server of the key
 * yet, it asks a second time and names the server. Atomic, unless the request is of another shard: then it is
 * claimed there once the slot is held.
 */
export async function askGate(fleet: Fleet, question: GateQuestion, patienceMs: number): Promise<GateAnswer> {
  const at = shardOf(fleet, question.key);
  const own = fleet.shards[question.shard ?? at.shard] as Fleet;
  if (question.id === '' || own === at) return askAt(at, question, patienceMs);
  const answer = await askAt(at, { ...question, id: '' }, patienceMs);
  if (answer.kind !== 'go' || !question.claims) return answer;
  const claim = await claimRequest(own, question.crawl, question.id);
  if (claim !== null) return { ...answer, claim };
  const { key, holder } = question;
  const slots = [{ key, holder, server: answer.server, start: null }];
  await at.run(leaveFleetScript, { consumer: '', capacity: 0, slots });
  const dead = await own.redis.hget(own.keys.dead(question.crawl), question.id);
  return dead === null ? { kind: 'ended' } : { kind: 'dead', reason: dead.slice(dead.indexOf('\x1f') + 1) };
}

async function askAt(fleet: Fleet, question: GateQuestion, patienceMs: number): Promise<GateAnswer> {
  for (let server = ''; ; server = await question.serverOf()) {
    const answer = await fleet.run(slotScript, { ...question, server, patienceMs });
    if (answer) return answer;
  }
}
