// The sites of the backoff scenarios: which of their pages fail, how often and how. The same pages in every
// run.
import type { Behaviour, Behaviours } from '../../test/support/site/site.ts';

/** A share of the pages that answer otherwise. */
export interface Fault {
  share: number;
  /** One after the other, for the pages of this share. */
  behaviours: readonly Behaviour[];
}

export interface Scene {
  name: string;
  hosts: number;
  pagesEach: number;
  latencyMs: number;
  faults: readonly Fault[];
  /** Options of `drover crawl`, besides the list. */
  args: readonly string[];
  /**
   * How many times as long as without the faults it may take, the named pauses and the last URLs' own retries
   * left out.
   */
  mostTimes?: number;
  /** How long it may take in all. */
  mostSeconds?: number;
}

const MIXED: readonly Fault[] = [
  {
    share: 0.02,
    behaviours: [
      { status: 503, failTimes: 1 },
      { status: 503, failTimes: 2 },
    ],
  },
  { share: 0.01, behaviours: [{ status: 429, retryAfter: 1, failTimes: 1 }] },
  { share: 0.02, behaviours: [{ status: 404 }, { status: 500 }] },
];

export const scenes: readonly Scene[] = [
  {
    name: 'mixed',
    ...{ hosts: 8, pagesEach: 250, latencyMs: 5, faults: MIXED, mostTimes: 1.5 },
    args: ['--per-host', '8', '-c', '50'],
  },
  {
    name: 'failing',
    ...{ hosts: 2, pagesEach: 1500, latencyMs: 40, mostTimes: 1.3 },
    faults: [{ share: 0.02, behaviours: [{ status: 500 }] }],
    args: ['-c', '50'],
  },
  {
    name: 'flaky',
    ...{ hosts: 1, pagesEach: 250, latencyMs: 5, mostSeconds: 5 },
    faults: [
      {
        share: 0.03,
        behaviours: [
          { status: 503, failTimes: 1 },
          { status: 503, failTimes: 2 },
        ],
      },
    ],
    args: ['--per-host', '8', '-c', '50'],
  },
];

/** As shipped: --attempts, and --backoff, which doubles and whose jitter only makes it shorter. */
const ATTEMPTS = 4;
const BACKOFF_MS = 1000;

/** How long a URL of the site may take for its own retries, if nothing but its backoff holds it up. */
export function mostOwnRetryMs({ faults }: Scene): number {
  const waits = faults
    .flatMap(({ behaviours }) => behaviours)
    .filter(({ status = 200, retryAfter }) => status >= 500 && retryAfter === undefined)
    .map(({ failTimes = ATTEMPTS }) => BACKOFF_MS * (2 ** Math.min(failTimes, ATTEMPTS - 1) - 1));
  return Math.max(0, ...waits);
}

/** Where the test site serves the host of this index (startSite with at most 254 hosts). */
const addressOf = (index: number) => `127.0.0.${index + 1}`;

/** What the site does at each host: the faulty pages lie spread over all, other ones at each host. */
export function behavioursOf({ hosts, pagesEach, faults }: Scene): Behaviours {
  const behaviours: Behaviours = {};
  for (let host = 0; host < hosts; host++) {
    const pages = shuffled(pagesEach, host + 1);
    for (const [kind, { share, behaviours: ways }] of faults.entries()) {
      // A share of two and a half pages is two here and three there.
      const count = Math.floor(pagesEach * share + (host % 2 === 0 ? 0.5 : 0));
      for (let n = 0; n < count; n++) {
        const page = pages.pop();
        const way = ways[(n + kind + host) % ways.length];
        if (way) behaviours[`//${addressOf(host)}/p/${page}`] = way;
      }
    }
  }
  return behaviours;
}

/** 0 to `count` - 1, in an order that the seed makes. */
function shuffled(count: number, seed: number): number[] {
  const pages = Array.from({ length: count }, (_, page) => page);
  let state = seed;
  for (let last = count - 1; last > 0; last--) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = Math.floor((state / 2_147_483_648) * (last + 1));
    [pages[last], pages[other]] = [pages[other] as number, pages[last] as number];
  }
  return pages;
}

/** One URL a line, the hosts in turn. */
export function listOf(urls: readonly string[], pagesEach: number): string {
  const lines = Array.from({ length: pagesEach }, (_, page) => urls.map((url) => `${url}/p/${page}\n`));
  return lines.flat().join('');
}
