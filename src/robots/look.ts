// What the fleet knows of a host's robots.txt and what that says of a URL, for explanations: nothing is fetched.
import type { Fleet } from '../fleet.ts';
import { originOf } from '../url/host.ts';
import { disallowsAll } from './entry.ts';
import { parseRobots } from './rules.ts';
import { knownRobots } from './shared-cache.ts';

export interface RobotsLook {
  /** Where it lies. */
  file: string;
  /** rules: obeyed as they stand. none: there is no such file, all is allowed. unreachable: it cannot be had. */
  kind: 'rules' | 'none' | 'unreachable';
  allowed: boolean;
  /** The line that decides, as it stands in the file; null where none matches. */
  rule: string | null;
  /** Its number, from 1. */
  line: number | null;
  /** Whose groups are obeyed: the crawler's own name, '*', or null for none. */
  group: string | null;
  crawlDelayMs: number | null;
  /** Why it cannot be had. */
  reason: string | null;
  /** ISO 8601. After `freshUntil` it is fetched again before the next request. */
  fetchedAt: string;
  freshUntil: string;
}

/** Null when the fleet has not asked for it yet, or not for long. `url` is normalised. */
export async function lookAtRobots(
  fleet: Fleet,
  productToken: string,
  url: string,
): Promise<RobotsLook | null> {
  const origin = originOf(url);
  const entry = await knownRobots(fleet, origin);
  if (!entry) return null;
  const rules = parseRobots(entry.kind === 'rules' ? entry.text : '', productToken);
  const file = `${origin}/robots.txt`;
  const decision = rules.allows(url);
  return {
    file,
    kind: entry.kind,
    ...decision,
    allowed: disallowsAll(entry) ? url === file : decision.allowed,
    group: rules.group,
    crawlDelayMs: rules.crawlDelayMs,
    reason: entry.kind === 'unreachable' ? entry.text : null,
    fetchedAt: new Date(entry.fetchedAtMs).toISOString(),
    freshUntil: new Date(entry.freshUntilMs).toISOString(),
  };
}
