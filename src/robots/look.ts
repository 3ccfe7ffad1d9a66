// For explanations: what the fleet knows about the robots.txt of a host, and what that says about a URL.
// Fetches nothing.
import type { Fleet } from '../fleet.ts';
import { originOf } from '../url/host.ts';
import type { ReadStatement } from '../usage/statement.ts';
import { disallowsAll } from './entry.ts';
import { parseRobots } from './rules.ts';
import { knownRobots } from './shared-cache.ts';

export interface RobotsLook {
  /** The URL of the robots.txt. */
  file: string;
  /**
   * rules: the file has rules. none: there is no such file, everything is allowed. unreachable: the file
   * could not be fetched.
   */
  kind: 'rules' | 'none' | 'unreachable';
  allowed: boolean;
  /** The line that decides, as written in the file. Null if none matches. */
  rule: string | null;
  /** The number of that line, counted from 1. */
  line: number | null;
  /** The name of the groups that apply: the crawler's own name or '*'; null if there are none. */
  group: string | null;
  crawlDelayMs: number | null;
  /** What the file says about the use of the page; nothing for a page that it disallows. */
  usage: readonly ReadStatement[];
  /** Why the file could not be fetched. */
  reason: string | null;
  /** ISO 8601. After `freshUntil` it is fetched again before the next request. */
  fetchedAt: string;
  freshUntil: string;
}

/**
 * What the fleet knows about the robots.txt for a normalised URL. Null if the fleet has not fetched it, or so
 * long ago that Redis does not keep it any more.
 */
export async function lookAtRobots(
  fleet: Fleet,
  productToken: string,
  url: string,
): Promise<RobotsLook | null> {
  const origin = originOf(url);
  const entry = await knownRobots(fleet, origin);
  if (!entry) return null;
  const rules = parseRobots(entry.file, productToken);
  const file = `${origin}/robots.txt`;
  const decision = rules.allows(url);
  const allowed = disallowsAll(entry) ? url === file : decision.allowed;
  return {
    file,
    kind: entry.kind,
    ...decision,
    allowed,
    usage: allowed ? rules.usage(url) : [],
    group: rules.group,
    crawlDelayMs: rules.crawlDelayMs,
    reason: entry.kind === 'unreachable' ? entry.reason : null,
    fetchedAt: new Date(entry.fetchedAtMs).toISOString(),
    freshUntil: new Date(entry.freshUntilMs).toISOString(),
  };
}
