// What robots.txt says about a URL. The rules come from the cache of this process, otherwise from Redis,
// otherwise from the host; one process of the fleet fetches them.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Failure, failure } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { originOf } from '../url/host.ts';
import { causeOf, disallowsAll, type RobotsEntry, type RobotsFetch } from './entry.ts';
import { parseRobots, type RobotsRules } from './rules.ts';
import {
  type FetchRobots,
  type FleetParts,
  findRobots,
  type Later,
  type RobotsTimes,
} from './shared-cache.ts';

export type { RobotsFetch };

/** The name of drover in robots.txt files. */
export const PRODUCT_TOKEN = 'drover';

/** The name by which pages call this robot, as robots.txt does; in lower case. */
export const ROBOT = PRODUCT_TOKEN.toLowerCase();

/** `rules`: those that allow it. Null for a robots.txt itself, while its rules are not known. */
export type RobotsVerdict =
  | { kind: 'allowed'; rules: RobotsRules | null }
  | { kind: 'refused'; failure: Failure }
  | Later;

export interface Robots {
  /**
   * The verdict on a normalised URL. A refusal is E_ROBOTS (with the rule and its line) or
   * E_ROBOTS_UNREACHABLE. `fetchRobots` is called if no process of the fleet knows the file, in one process
   * at a time. 'later' means that the file cannot be fetched now, or that another process is still fetching
   * it: ask again at `untilMs`. Rejects with the errors of `fetchRobots` and of Redis.
   */
  check(url: string, fetchRobots: FetchRobots): Promise<RobotsVerdict>;
  /** Whether a call of `check` is finding out, so that another would wait for it. */
  isBeingFound(url: string): boolean;
  /** The verdict if this process knows the rules, else null. /robots.txt itself is always allowed. */
  peek(url: string): RobotsVerdict | null;
  /**
   * The rules for the URL's origin if this process knows them, else null. For crawl delay, sitemaps and
   * explanations.
   */
  rulesFor(url: string): RobotsRules | null;
  /**
   * When an unreachable robots.txt of the URL's origin is fetched again, in milliseconds since 1970. Null if
   * this process does not know it as unreachable.
   */
  fetchedAgainAt(url: string): number | null;
}

export interface RobotsParts {
  fleet: Fleet;
  /** The name of this crawler in robots.txt files. */
  productToken: string;
  nowMs: () => number;
  times?: Partial<RobotsTimes>;
}

const defaultTimes: RobotsTimes = { lockMs: 15_000, waitMs: 2000, pollMs: 50, againMs: 1000 };
const mostOrigins = 1000;
/**
 * The limit for all rules in memory. A thousand usual files take 20 MB, but as many hostile ones would take
 * 12 GB.
 */
const mostBytes = 64 * 1024 * 1024;
/** After this time, Redis is asked again, because another process may have fetched newer rules. */
const recheckMs = 60_000;

/** What this process knows about one origin. */
interface Known {
  entry: RobotsEntry;
  cause: Failure | null;
  rules: RobotsRules;
  /** The verdict on what they allow. */
  allowed: RobotsVerdict;
  /** When this must not be used any more, in milliseconds since 1970. */
  untilMs: number;
}

/** Makes an empty cache for one process. It keeps at most 1,000 origins and 64 MiB. */
export function createRobots(parts: RobotsParts): Robots {
  return new CachedRobots(parts);
}

const unruled: RobotsVerdict = Object.freeze({ kind: 'allowed', rules: null });

class CachedRobots implements Robots {
  readonly #cache: FleetParts;
  readonly #productToken: string;
  /** What is known by origin, the one found longest ago first. */
  readonly #known = new Map<string, Known>();
  readonly #finding = new Map<string, Promise<Known | Later>>();
  /** The memory that all known rules take. */
  #bytes = 0;

  constructor({ fleet, productToken, nowMs, times }: RobotsParts) {
    this.#cache = { fleet, nowMs, times: { ...defaultTimes, ...times } };
    this.#productToken = productToken;
  }

  check(url: string, fetchRobots: FetchRobots): Promise<RobotsVerdict> {
    const verdict = this.peek(url);
    return verdict ? Promise.resolve(verdict) : this.#ask(url, fetchRobots);
  }

  isBeingFound(url: string): boolean {
    return this.#finding.has(originOf(url));
  }

  peek(url: string): RobotsVerdict | null {
    const origin = originOf(url);
    const known = this.#fresh(origin);
    if (known) return verdictOf(known, origin, url);
    return url === `${origin}/robots.txt` ? unruled : null;
  }

  rulesFor(url: string): RobotsRules | null {
    return this.#fresh(originOf(url))?.rules ?? null;
  }

  fetchedAgainAt(url: string): number | null {
    const entry = this.#fresh(originOf(url))?.entry;
    return entry?.kind === 'unreachable' ? entry.freshUntilMs : null;
  }

  #fresh(origin: string): Known | null {
    const known = this.#known.get(origin);
    return known && known.untilMs > this.#cache.nowMs() ? known : null;
  }

  async #ask(url: string, fetchRobots: FetchRobots): Promise<RobotsVerdict> {
    const origin = originOf(url);
    const running = this.#finding.get(origin);
    const found = running ? await this.#atMost(running) : await this.#start(origin, fetchRobots);
    return 'kind' in found ? found : verdictOf(found, origin, url);
  }

  #start(origin: string, fetchRobots: FetchRobots): Promise<Known | Later> {
    const finding = this.#find(origin, fetchRobots).finally(() => this.#finding.delete(origin));
    this.#finding.set(origin, finding);
    return finding;
  }

  /**
   * Waits for a fetch that another call has started, but not longer than `waitMs`. Its errors count as
   * `later`.
   */
  async #atMost(running: Promise<Known | Later>): Promise<Known | Later> {
    const { nowMs, times } = this.#cache;
    const abort = new AbortController();
    const patience = sleep(times.waitMs, null, { signal: abort.signal });
    const found = await Promise.race([running, patience]).catch(() => null);
    abort.abort();
    patience.catch(() => {}); // abort() rejects it
    return found ?? { kind: 'later', untilMs: nowMs() + times.againMs };
  }

  async #find(origin: string, fetchRobots: FetchRobots): Promise<Known | Later> {
    const found = await findRobots(this.#cache, origin, fetchRobots);
    if (found.kind === 'later') return found;
    const before = this.#known.get(origin);
    const same = before?.entry.fetchedAtMs === found.fetchedAtMs && before.entry.kind === found.kind;
    const rules = same ? before.rules : parseRobots(found.file, this.#productToken);
    const known = {
      // The rules do not need the file any more.
      entry: { ...found, file: Buffer.alloc(0) },
      cause: causeOf(found),
      rules,
      allowed: { kind: 'allowed', rules } as const,
      untilMs: Math.min(found.freshUntilMs, this.#cache.nowMs() + recheckMs),
    };
    this.#forget(origin);
    this.#known.set(origin, known);
    this.#bytes += rules.bytes;
    for (const oldest of this.#known.keys()) {
      if (oldest === origin || (this.#known.size <= mostOrigins && this.#bytes <= mostBytes)) break;
      this.#forget(oldest);
    }
    return known;
  }

  #forget(origin: string): void {
    this.#bytes -= this.#known.get(origin)?.rules.bytes ?? 0;
    this.#known.delete(origin);
  }
}

function verdictOf({ entry, cause, rules, allowed }: Known, origin: string, url: string): RobotsVerdict {
  if (entry.kind === 'none') return allowed;
  if (disallowsAll(entry) && url !== `${origin}/robots.txt`) {
    return {
      kind: 'refused',
      failure: failure('E_ROBOTS_UNREACHABLE', `${origin}/robots.txt: ${entry.reason}`, cause),
    };
  }
  const { allowed: may, rule, line } = rules.allows(url);
  if (may) return allowed;
  return { kind: 'refused', failure: ruleFailure(`${origin}/robots.txt`, line, rule) };
}

/**
 * The failure E_ROBOTS for a URL that a rule forbids. `line` and `rule` are the rule's line and text in
 * `file`, a URL.
 */
export function ruleFailure(file: string, line: number | null, rule: string | null): Failure {
  return failure('E_ROBOTS', `Line ${line} of ${file}: ${rule}`);
}
