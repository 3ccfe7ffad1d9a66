// May the next hop of a fetch be made? The gate of its limiter key and its robots.txt decide.
import type { Failure } from '../../src/errors.ts';
import type { Outcome } from '../../src/outcome.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { refusal } from '../admit.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';
import { postponeFor } from '../decision.ts';
import type { HeldSlot, StartRequest } from '../slot/held-slot.ts';
import { obeyCrawlDelay } from './fetch-robots.ts';
import { passRobots } from './pass-robots.ts';

/** How the gate is asked: with a permit or without, and for how long. */
type Asking = Pick<StartRequest, 'withPermit' | 'patienceMs'>;

/** Within a fetch: it has its permit already. */
const WITHIN: Asking = { withPermit: false };

/** Why a hop cannot be made now: until when it waits, or 'done' when its request has ended. */
export type HopLater = Extract<Outcome, { kind: 'postponed' | 'done' }>;

/**
 * Returns null when the hop may be made. Then the slot of the target's key is held, and the former slot is
 * not.
 */
export async function enterHop(
  context: ConsumerContext,
  fetch: ActiveFetch,
  url: string,
  asking = WITHIN,
): Promise<Failure | HopLater | null> {
  const { slot, loadedCrawl } = fetch;
  const target = limiterKeyOf(url);
  await context.loadedCrawls.knowSeedHost(loadedCrawl, url);
  if (target !== slot.key || slot.isTimed || !slot.mayStart) {
    const refused = await passGate(slot, target, url, asking);
    if (refused) return refused;
  }
  if (loadedCrawl.settings.ignoreRobots) return null;
  const { verdict, fetched } = await passRobots(context, fetch, url);
  if (verdict.kind === 'refused') return refusal(verdict.failure).failure;
  if (verdict.kind !== 'allowed') return { kind: 'postponed', untilMs: verdict.untilMs };
  const slowed = await obeyCrawlDelay(context, fetch, url);
  // The fetch of robots.txt was itself a start.
  const isStart = (fetched || slowed) && slot.isTimed;
  return isStart || !slot.mayStart ? passGate(slot, target, url, asking) : null;
}

/** Gets a slot of the key. Returns an outcome when there is none soon. */
async function passGate(slot: HeldSlot, key: string, url: string, asking: Asking): Promise<HopLater | null> {
  const answer = await slot.ask({ key, url, claims: false, ...asking });
  if (answer.kind === 'later') return postponeFor(answer.afterMs);
  return answer.kind === 'go' ? null : { kind: 'done' };
}
