// What a robots.txt says about the use of a page: Content-Usage, Content-Signal and License lines of the
// group that applies (draft-ietf-aipref-attach-05, contentsignals.org, RSL 1.0), and the group for a purpose.
import { headerText } from '../fetch/headers.ts';
import { readContentSignal, readContentUsage } from '../usage/read.ts';
import type { Preferences, ReadStatement } from '../usage/statement.ts';
import { deciderOf, matcherOf, type PathRule, type RobotsDecision } from './decide.ts';
import { type ComparablePath, compilePattern, type Pattern } from './pattern.ts';

export type UsageKey = 'content-usage' | 'content-signal' | 'license';

/**
 * The user agent of the groups that speak of a purpose (draft-kelley-aipref-training-preference-signal-00):
 * what they disallow is reserved against training, and may be fetched.
 */
export const POLICY_TOKEN = '__usage_ai-training';

interface UsageLine extends Pattern {
  value: string;
  line: number;
  /** Not known until the line decides on a path: a file may have thousands of lines. */
  says: Preferences | null;
}

/** The usage lines of one group. */
export type UsageLines = Record<UsageKey, UsageLine[]>;

export function noUsageLines(): UsageLines {
  return { 'content-usage': [], 'content-signal': [], license: [] };
}

/**
 * Content-Usage and Content-Signal may begin with a path. Without one, they are meant for all. `value` is a
 * text of octets (pattern.ts).
 */
export function addUsageLine(lines: UsageLines, key: UsageKey, value: string, line: number): void {
  const path = key !== 'license' && value.startsWith('/') ? (/^[^ \t]*/.exec(value)?.[0] ?? '') : '';
  lines[key].push({ ...compilePattern(path), value: headerText(value), line, says: null });
}

const readers: Record<UsageKey, (preferences: string) => Preferences> = {
  'content-usage': readContentUsage,
  'content-signal': readContentSignal,
  license: () => ({}),
};

/**
 * What the lines of our group, and the rules of the group for a purpose, say about a path. Null when there
 * are none. Those lines count whose path has the most octets, as with Allow and Disallow; several of that
 * length hold together (draft-ietf-aipref-attach-05, "Content-Usage Rule Semantics").
 */
export function usageDeciderOf(
  lines: UsageLines,
  policy: PathRule[],
): ((path: ComparablePath) => readonly ReadStatement[]) | null {
  const all = Object.values(lines).flat();
  if (all.length === 0 && policy.length === 0) return null;
  const matches = matcherOf(all);
  const decidePolicy = deciderOf(policy);
  return (path) => [
    ...(Object.keys(lines) as UsageKey[]).flatMap((key) =>
      longestOf(lines[key], (line) => matches(line, path)).map((line) => statementOf(key, line)),
    ),
    ...policyStatements(decidePolicy(path)),
  ];
}

function longestOf(lines: readonly UsageLine[], matches: (line: UsageLine) => boolean): UsageLine[] {
  let longest: UsageLine[] = [];
  for (const line of lines) {
    const least = longest[0]?.octets ?? 0;
    if (line.octets < least || !matches(line)) continue;
    if (line.octets > least) longest = [];
    longest.push(line);
  }
  return longest;
}

function statementOf(key: UsageKey, found: UsageLine): ReadStatement {
  const { value, line } = found;
  found.says ??= readers[key](found.octets > 0 ? value.replace(/^[^ \t]*[ \t]*/, '') : value);
  return { source: 'robots.txt', line, name: key, value, says: found.says };
}

/** None when no rule of the group matches. */
function policyStatements({ allowed, rule, line }: RobotsDecision): ReadStatement[] {
  if (rule === null) return [];
  const says: Preferences = { 'train-ai': allowed ? 'y' : 'n' };
  return [{ source: 'robots.txt', line, name: POLICY_TOKEN, value: rule, says }];
}
