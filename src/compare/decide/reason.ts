// The reason of a recommendation, in sentences with the figures on which it stands.
import type { CompareRun, Mode, PageProfile } from '../ways.ts';
import { type CompareDecision, holdMs } from './decide.ts';

/** Below this a handler hardly costs anything. */
const LIGHT_MS = 10;
/** A share of the time for which a handler holds its thread. */
const MOSTLY = 0.75;

export function reasonOf(decision: CompareDecision, profile: PageProfile | null): string {
  const { run, bestOf, isLeastBad } = decision;
  const sentences = [profile ? costSentence(profile) : null, speedSentence(run, bestOf)];
  const loop = bestOf.loop;
  if (run.mode !== 'loop' && profile && holdMs(profile) >= LIGHT_MS)
    sentences.push(
      loop && loop !== run
        ? 'The event loop stays on time only with so few requests at once.'
        : 'On the event loop it would hold up all other requests and their locks.',
    );
  if (run.mode === 'loop' && run.isCpuBound)
    sentences.push('The CPU of one process is used up: more processes (--processes) use more cores.');
  if (isLeastBad) sentences.push('No run was without fault; this one did the most pages.');
  return sentences.filter((sentence) => sentence !== null).join(' ');
}

/** What one page costs: waiting for the network, computing, or a synchronous wait. */
function costSentence(profile: PageProfile): string {
  const { fetchMs, handlerMs, handlerCpuMs, handlerBlockedMs } = profile;
  const heldMs = holdMs(profile);
  const asyncMs = Math.max(0, handlerMs - heldMs);
  if (heldMs < LIGHT_MS) {
    const awaits = asyncMs >= LIGHT_MS && asyncMs > 2 * heldMs ? `, of which it awaits ${ms(asyncMs)}` : '';
    return `Requests take ${ms(fetchMs)}, the handler ${ms(handlerMs)}${awaits}.`;
  }
  if (handlerBlockedMs >= MOSTLY * heldMs)
    return `The handler blocks its thread for ${ms(handlerBlockedMs)} a page and computes next to nothing: a synchronous wait. Requests take ${ms(fetchMs)}.`;
  if (handlerCpuMs >= MOSTLY * heldMs)
    return `The handler computes ${ms(handlerCpuMs)} a page; requests take ${ms(fetchMs)}.`;
  return `The handler computes ${ms(handlerCpuMs)} a page and blocks its thread for ${ms(handlerBlockedMs)} more; requests take ${ms(fetchMs)}.`;
}

function speedSentence(run: CompareRun, bestOf: CompareDecision['bestOf']): string {
  const others = Object.entries(bestOf).filter(([mode]) => mode !== run.mode) as [Mode, CompareRun][];
  const said = others.map(([, other]) => `${speedOf(other)} with ${wordsOfWay(other)}`);
  const compared = said.length > 0 ? `; ${said.join(', ')}` : '';
  return `${capital(wordsOfWay(run))} did ${speedOf(run)} pages/s${compared}.`;
}

/** How a way is run, in words. */
export function wordsOfWay({
  mode,
  concurrency,
  threads,
}: Pick<CompareRun, 'mode' | 'concurrency' | 'threads'>): string {
  const requests = concurrency === 1 ? 'one request at a time' : `${concurrency} requests at once`;
  switch (mode) {
    case 'loop':
      return `${requests} on the event loop`;
    case 'hybrid':
      return `${requests} and handlers on ${threads === 1 ? 'one thread' : `${threads} threads`}`;
    case 'threads':
      return threads === 1 ? 'one thread with one request' : `${threads} threads with one request each`;
    default:
      return mode satisfies never;
  }
}

function speedOf({ pagesPerSecond }: CompareRun): string {
  return pagesPerSecond >= 9.95 ? String(Math.round(pagesPerSecond)) : pagesPerSecond.toFixed(1);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Two digits where they say something: "0.4 ms", "51 ms", "1.2 s". */
function ms(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 9.95 ? Math.round(value) : value.toFixed(1)} ms`;
}
