// What robots.txt says about a URL to one crawl: what it disallows, and what it reserves against the crawl's
// purposes.
import { failure } from '../../src/errors.ts';
import type { RobotsVerdict } from '../../src/robots/robots.ts';
import { originOf } from '../../src/url/host.ts';
import { reservedDetail } from '../../src/usage/statement.ts';
import type { ActiveFetch, ConsumerContext } from '../context.ts';
import { reservationFor } from '../usage.ts';
import { askRobots } from './fetch-robots.ts';

/** Null while this process does not know the robots.txt. */
export function knownVerdict(
  context: ConsumerContext,
  fetch: ActiveFetch,
  url: string,
): RobotsVerdict | null {
  const verdict = context.robots.peek(url);
  return verdict && forCrawl(fetch, url, verdict);
}

/**
 * The file is fetched if nobody knows it. `fetched`: whether this call did so, which counts as a start at the
 * host. What is allowed leaves its rules in the trace: those of the moment of the fetch tell what may be done
 * with the answer.
 */
export async function passRobots(
  context: ConsumerContext,
  fetch: ActiveFetch,
  url: string,
): Promise<{ verdict: RobotsVerdict; fetched: boolean }> {
  const known = context.robots.peek(url);
  const { verdict, fetched } = known
    ? { verdict: known, fetched: false }
    : await askRobots(context, fetch, url);
  return { verdict: forCrawl(fetch, url, verdict), fetched };
}

function forCrawl(fetch: ActiveFetch, url: string, verdict: RobotsVerdict): RobotsVerdict {
  if (verdict.kind !== 'allowed') return verdict;
  fetch.trace.rules = verdict.rules;
  if (fetch.loadedCrawl.settings.purpose.length === 0 || verdict.rules === null) return verdict;
  const reservation = reservationFor(fetch, verdict.rules.usage(url));
  if (reservation === null) return verdict;
  const file = `${originOf(url)}/robots.txt`;
  return { kind: 'refused', failure: failure('E_RESERVED', reservedDetail(reservation, file)) };
}
