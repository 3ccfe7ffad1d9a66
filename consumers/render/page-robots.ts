// robots.txt for what a page in a browser asks for: that of the page's own host and of every other one. A
// file that nobody knows is fetched, under the limits of its host.
import { type Failure, failure } from '../../src/errors.ts';
import { originOf } from '../../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';
import { knownVerdict } from '../fetch/pass-robots.ts';
import { HandlerGate } from '../handlers/handler-fetch.ts';
import { createPermits } from '../slot/permits.ts';

/** So many further robots.txt are fetched for one page; what is of more hosts is refused. */
const MOST_FILES = 50;
/** Holders of slots are told apart by their numbers; those of handlers begin at 1. */
const FIRST_COUNT = 1000;

/** Why the page may not ask for a URL; null if it may. The rules of the page itself are not touched. */
export function robotsOfPage(
  context: ConsumerContext,
  job: ActiveJob,
): (url: string) => Promise<Failure | null> {
  const lent = createPermits(1);
  const deadlineAt = performance.now() + job.loadedCrawl.settings.timeoutRender;
  const asked = new Map<string, Promise<unknown>>();
  let count = 0;
  const ask = async (url: string): Promise<Failure | null> => {
    const known = knownVerdict(context, { ...job, trace: { rules: null } }, url);
    if (known) return known.kind === 'refused' ? known.failure : null;
    if (count >= MOST_FILES) return failure('E_ROBOTS_UNREACHABLE', `More than ${MOST_FILES} hosts.`);
    const limits = { deadlineAt, signal: job.abort.signal, url, count: FIRST_COUNT + count++, lent };
    const gate = new HandlerGate(context, job, limits);
    try {
      return (await gate.enter(url, null))?.failure ?? null;
    } finally {
      gate.release();
    }
  };
  return async (url) => {
    if (job.loadedCrawl.settings.ignoreRobots) return null;
    const origin = originOf(url);
    // Of several requests to one origin, the first fetches the file.
    await asked.get(origin);
    const asking = ask(url);
    asked.set(origin, asking);
    return asking;
  };
}
