// The hosts of the politeness scenario: their limits, their latency, and how often they answer 429.
import type { AuditedLimits } from '../../test/support/politeness/auditor.ts';
import type { Behaviours } from '../../test/support/site/site.ts';

export interface PoliteHost extends AuditedLimits {
  /** The time before each answer. */
  latencyMs: number;
  /** Every nth request (`every`) is answered with a 429 and this Retry-After. */
  refuses?: { every: number; retryAfterSeconds: number };
}

/**
 * Hosts with delays of 0, 50, 200 and 1,000 ms and a concurrency of 1 to 8. Two have a rate, seven answer
 * 429.
 */
export const politeHosts: readonly PoliteHost[] = [
  { delayMs: 0, concurrency: 1, latencyMs: 100 },
  { delayMs: 0, concurrency: 2, latencyMs: 100 },
  { delayMs: 0, concurrency: 4, latencyMs: 100, refuses: { every: 40, retryAfterSeconds: 2 } },
  { delayMs: 0, concurrency: 8, latencyMs: 100, refuses: { every: 60, retryAfterSeconds: 2 } },
  { delayMs: 0, concurrency: 4, latencyMs: 50, max: 5, durationMs: 1000 },
  { delayMs: 0, concurrency: 2, latencyMs: 30, max: 30, durationMs: 10_000 },
  { delayMs: 50, concurrency: 1, latencyMs: 20, refuses: { every: 30, retryAfterSeconds: 1 } },
  { delayMs: 50, concurrency: 1, latencyMs: 100 },
  { delayMs: 50, concurrency: 6, latencyMs: 100, refuses: { every: 40, retryAfterSeconds: 2 } },
  { delayMs: 200, concurrency: 1, latencyMs: 20 },
  { delayMs: 200, concurrency: 1, latencyMs: 100 },
  { delayMs: 200, concurrency: 3, latencyMs: 60 },
  { delayMs: 200, concurrency: 4, latencyMs: 100, refuses: { every: 20, retryAfterSeconds: 1 } },
  { delayMs: 200, concurrency: 8, latencyMs: 40 },
  { delayMs: 1000, concurrency: 1, latencyMs: 20 },
  { delayMs: 1000, concurrency: 1, latencyMs: 100, refuses: { every: 15, retryAfterSeconds: 2 } },
  { delayMs: 1000, concurrency: 2, latencyMs: 50 },
  { delayMs: 1000, concurrency: 4, latencyMs: 100 },
  { delayMs: 1000, concurrency: 5, latencyMs: 20, refuses: { every: 10, retryAfterSeconds: 2 } },
  { delayMs: 1000, concurrency: 8, latencyMs: 80 },
];

/**
 * The address at which the test site serves the host of this index. startSite must have at most 254 hosts.
 */
export const addressOf = (index: number) => `127.0.0.${index + 1}`;

/** The content of drover.config.json: the limits of each host. */
export function settingsOf(hosts: readonly PoliteHost[]): { hosts: Record<string, object> } {
  const limits = hosts.map(({ delayMs, concurrency, max, durationMs }, index) => [
    addressOf(index),
    { delay: `${delayMs}ms`, concurrency, max, durationMs },
  ]);
  return { hosts: Object.fromEntries(limits) };
}

/** The behaviours of the site at each host, also for robots.txt. */
export function behavioursOf(hosts: readonly PoliteHost[]): Behaviours {
  const behaviours = hosts.map(({ latencyMs, refuses }, index) => {
    const refusal = refuses && { every: refuses.every, status: 429, retryAfter: refuses.retryAfterSeconds };
    return [`//${addressOf(index)}/*`, { delayMs: latencyMs, ...refusal }];
  });
  return Object.fromEntries(behaviours);
}

/** The number of URLs for each host, so that all hosts are busy for about the same time. */
export function spread(hosts: readonly PoliteHost[], urls: number): number[] {
  const perSecond = hosts.map(expectedPerSecond);
  const all = perSecond.reduce((sum, n) => sum + n, 0);
  // Round the sums, not the parts, so that the parts add up to all URLs.
  const upTo = (index: number) => perSecond.slice(0, index).reduce((sum, n) => sum + n, 0);
  return hosts.map((_, index) => {
    const [from, to] = [upTo(index), upTo(index + 1)].map((part) => Math.round((part / all) * urls));
    return (to ?? 0) - (from ?? 0);
  });
}

/** The requests per second that a host's limits and pauses allow in the long run. */
function expectedPerSecond({ latencyMs, refuses, ...limits }: PoliteHost): number {
  const { concurrency, delayMs, max = 1, durationMs = 0 } = limits;
  const eachMs = Math.max(latencyMs / concurrency, delayMs, durationMs / max);
  const pausedMs = refuses ? (refuses.retryAfterSeconds * 1000) / refuses.every : 0;
  return 1000 / (eachMs + pausedMs);
}

/** The list file: /p/0, /p/1 … of each host, one URL on each line. */
export function listOf(urls: readonly string[], counts: readonly number[]): string {
  const lines = counts.flatMap((count, index) =>
    Array.from({ length: count }, (_, page) => `${urls[index]}/p/${page}\n`),
  );
  return lines.join('');
}
