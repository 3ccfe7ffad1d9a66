// What a crawl promises to one host, for a process that fetches without the gate of a fleet: drover try,
// explain --timing and compare. The gate reads the same table by politeness/lua/gate/pattern-of.lua.
import type { CrawlSettings } from '../config/settings.ts';

export interface HostPromise {
  /** Fetches in flight at once. */
  most: number;
  /** The least time from one start to the next, in milliseconds, without what robots.txt asks for. */
  delayMs: number;
}

/** `key`: the limiter key of the host, as limiterKeyOf gives it. */
export function hostPromiseOf(
  key: string,
  { perHost, delay, hosts }: Pick<CrawlSettings, 'perHost' | 'delay' | 'hosts'>,
): HostPromise {
  const rule = ruleOf(key, hosts);
  const rateMs = rule.max && rule.durationMs ? rule.durationMs / rule.max : 0;
  return { most: rule.concurrency ?? perHost, delayMs: Math.max(rule.delay ?? delay, rateMs) };
}

/** The rule of the most exact pattern: name with port, name, `*.` and its parents, `*`. */
function ruleOf(key: string, rules: CrawlSettings['hosts']): CrawlSettings['hosts'][string] {
  const [, name = key, port = ''] = /^(.*)(:\d+)$/.exec(key) ?? [];
  const patterns = [key, name];
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
    patterns.push(`*${name.slice(dot)}${port}`, `*${name.slice(dot)}`);
  patterns.push(`*${port}`, '*');
  const found = patterns.find((pattern) => Object.hasOwn(rules, pattern));
  return (found === undefined ? undefined : rules[found]) ?? {};
}
