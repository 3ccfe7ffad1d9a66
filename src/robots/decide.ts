// Which of many patterns of a robots.txt decides on a path, in bounded time.
import { type ComparablePath, matches, matchesRoughly, type Pattern } from './pattern.ts';

/**
 * The limit of work for one URL: the octets of all patterns with wildcards, multiplied by the octets of the
 * path. A step takes up to a nanosecond.
 */
const mostSteps = 50_000_000;

export interface PathRule extends Pattern {
  allow: boolean;
  text: string;
  line: number;
}

export interface RobotsDecision {
  allowed: boolean;
  rule: string | null;
  line: number | null;
}

/** The decision on a path that no rule matches. */
export const noRule: RobotsDecision = Object.freeze({ allowed: true, rule: null, line: null });

/**
 * The rule with the most octets decides, and allow wins over disallow (RFC 9309 §2.2.2). The rules are sorted
 * so that the first that matches decides.
 */
export function deciderOf(unsorted: PathRule[]): (path: ComparablePath) => RobotsDecision {
  const rules = unsorted.sort((a, b) => b.octets - a.octets || Number(b.allow) - Number(a.allow));
  const octets = wildcardOctets(rules);
  return (path) => {
    const decides = octets * path.plain.length <= mostSteps ? matches : decidesRoughly;
    const rule = rules.find((candidate) => decides(candidate, path));
    return rule ? { allowed: rule.allow, rule: rule.text, line: rule.line } : noRule;
  };
}

function wildcardOctets(patterns: readonly Pattern[]): number {
  return patterns.reduce((sum, { literals, octets }) => sum + (literals.length > 1 ? octets : 0), 0);
}

/**
 * For thousands of wildcards on a long path, which would block the process: an inexact check. A disallow with
 * wildcards may refuse too much, and an allow with wildcards never matches.
 */
function decidesRoughly(rule: PathRule, path: ComparablePath): boolean {
  if (rule.literals.length === 1) return matches(rule, path);
  return !rule.allow && matchesRoughly(rule, path);
}

/**
 * Whether a pattern matches a path, for one of the given patterns. When that would take too long for all of
 * them, one with wildcards may be taken to match more paths than it does.
 */
export function matcherOf(patterns: readonly Pattern[]): (pattern: Pattern, path: ComparablePath) => boolean {
  const octets = wildcardOctets(patterns);
  return (pattern, path) => {
    const isExact = pattern.literals.length === 1 || octets * path.plain.length <= mostSteps;
    return isExact ? matches(pattern, path) : matchesRoughly(pattern, path);
  };
}
