// Makes one fetch of a handler: asks its gate before each hop, and again when the connection stands.
import { failure } from '../../errors.ts';
import type { FetchRequest } from '../../fetch/client.ts';
import type { RedirectAnswer, Waypoint } from '../../fetch/waypoint.ts';
import type { FetchResult } from '../../outcome.ts';
import { type FetchOutcome, type FetchRefusal, failedFetch } from './wanted.ts';

/** Who says when the hops of one fetch may start, and hears how it went. */
export interface FetchGate {
  /** Waits for the start of this hop. Returns null when it may start, and otherwise why it may not. */
  enter(url: string, redirect: RedirectAnswer | null): Promise<FetchRefusal | null>;
  /** Whether the start that `enter` gave still holds. */
  mayStart(): boolean;
  /** The request goes out now. */
  started(): void;
  /**
   * The answer is there, or the fetch has failed. `ageMs`: how long ago it began. Returns why the handler may
   * not have the answer, or null.
   */
  ended(result: FetchResult, ageMs: number): FetchRefusal | null | Promise<FetchRefusal | null>;
  /** Aborted when the fetch must end. */
  readonly signal: AbortSignal;
}

type Gated = 'from' | 'beforeHop' | 'mayStart' | 'onStart' | 'signal' | 'truncate';

/** What the gate does not say about a request. */
export type GatedRequest = Omit<FetchRequest, Gated>;

/** `fetch` makes the request, and never rejects. */
export async function driveFetch<Asked extends { url: string }>(
  request: Asked,
  gate: FetchGate,
  fetch: (request: Asked & Pick<FetchRequest, Exclude<Gated, 'truncate'>>) => Promise<FetchResult>,
): Promise<FetchOutcome> {
  let hop: Waypoint | null = null;
  for (;;) {
    const refused = await gate.enter(hop?.url ?? request.url, null);
    if (refused) return refused;
    const since = performance.now();
    const stretch: Stretch = await fetchFrom(hop, request, gate, fetch);
    if (stretch.refused) return stretch.refused;
    hop = stretch.hop;
    // A pause has begun meanwhile, or the slot was not heard of for too long: the hop waits once more.
    if (stretch.isLate && !gate.signal.aborted) continue;
    const kept = await gate.ended(stretch.result, performance.now() - since);
    if (kept) return kept;
    const { result } = stretch;
    return result.ok ? { kind: 'answer', answer: result.answer } : failedFetch(result.failure);
  }
}

/** One stretch of the fetch, and the hop that it reached. `isLate`: the last hop may no longer start. */
interface Stretch {
  result: FetchResult;
  hop: Waypoint | null;
  refused: FetchRefusal | null;
  isLate: boolean;
}

async function fetchFrom<Asked>(
  from: Waypoint | null,
  request: Asked,
  gate: FetchGate,
  fetch: (request: Asked & Pick<FetchRequest, Exclude<Gated, 'truncate'>>) => Promise<FetchResult>,
): Promise<Stretch> {
  const stretch: Omit<Stretch, 'result'> = { hop: from, refused: null, isLate: false };
  const result = await fetch({
    ...request,
    from,
    signal: gate.signal,
    mayStart() {
      stretch.isLate = !gate.mayStart();
      return stretch.isLate ? failure('E_RATE_LIMITED') : null;
    },
    onStart: () => gate.started(),
    async beforeHop(hop, redirect) {
      stretch.hop = hop;
      stretch.refused = await gate.enter(hop.url, redirect);
      return stretch.refused?.failure ?? null;
    },
  });
  return { ...stretch, result };
}
