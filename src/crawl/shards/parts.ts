// The parts of a crawl on the shards of a fleet: each has settings, counters and a state of its own. What
// exists once is in the part at home.
import type { Fleet } from '../../fleet.ts';
import { countGranted } from '../../frontier/shards/grants.ts';
import { defineScript } from '../../scripts.ts';

interface Part {
  crawl: string;
  shards: number;
  token: string;
  settings: string;
  keepSeeds: string;
  former: string;
  seedsOf: string;
}

const beginPartScript = defineScript({
  path: 'crawl/lua/begin-part.lua',
  isAcknowledged: true,
  key: (keys, { crawl }) => keys.crawl(crawl),
  args: ({ crawl, shards, token, settings, keepSeeds, former, seedsOf }: Part) => [
    ...[crawl, shards, token, settings, keepSeeds, former, seedsOf],
  ],
  answer: Number,
});

/**
 * Begins the parts of a crawl that has begun at home, or gives them its present settings, the last ones when
 * two processes do it at a time. Idempotent; each part is one atomic step. Nothing to do with one shard, or
 * when the crawl is cancelled or forgotten.
 */
export async function beginParts(fleet: Fleet, crawl: string): Promise<void> {
  if (fleet.shards.length === 1) return;
  for (let given = ''; ; ) {
    const [state, settings, token, keepSeeds, former, seedsOf, counted] = await fleet.redis.hmget(
      ...([
        fleet.keys.crawl(crawl),
        'state',
        'settings',
        'token',
        'keepSeeds',
        'former',
        'seedsOf',
        'counted',
      ] as const),
    );
    if (state === 'cancelled' || !settings || !token || settings === given) return;
    given = settings;
    const part = { crawl, shards: fleet.shards.length, token, settings, keepSeeds: keepSeeds ?? '0' };
    const whole = { ...part, former: former ?? '', seedsOf: seedsOf ?? '' };
    const granted = await Promise.all(
      fleet.shards.slice(1).map((shard) => shard.run(beginPartScript, whole)),
    );
    if (!counted) await countAtHome(fleet, crawl, granted);
  }
}

/** The crawl may have got a limit after it began: then home learns what its parts have accepted. */
async function countAtHome(fleet: Fleet, crawl: string, granted: readonly number[]): Promise<void> {
  const [limited, own] = await fleet.redis.hmget(fleet.keys.crawl(crawl), 'limited', 'granted');
  if (limited) await countGranted(fleet, crawl, [Number(own ?? 0), ...granted]);
}

/** What parts count: the number of the crawl is their sum. */
const counters: ReadonlySet<string> = new Set([
  ...['accepted', 'recorded', 'refused', 'dead', 'bytes', 'retries', 'postponed', 'unchanged', 'notDue'],
  ...['forBrowser', 'seen', 'out', 'parked'],
]);
/** Whether the number of a crawl in this field is the sum of those of its parts. */
export const isCounter = (field: string): boolean => counters.has(field) || countersBy.test(field);

/** … by status, code, handler, and machine and data directory. */
const countersBy = /^(?:[serxi]|at):/;

/**
 * The fields of the hashes of these crawls: those of home, with the sums of what all parts count. Empty for a
 * crawl that does not exist. Each part is read at one moment, so that accepted = recorded + refused + dead +
 * waiting holds of the sums too. One round trip to each shard.
 */
export async function readCrawls(
  { shards }: Fleet,
  crawls: readonly string[],
): Promise<Record<string, string>[]> {
  const parts = await Promise.all(
    shards.map(async ({ redis, keys }) => {
      if (crawls.length === 1) return [await redis.hgetall(keys.crawl(crawls[0] as string))];
      const pipeline = redis.pipeline();
      for (const crawl of crawls) pipeline.hgetall(keys.crawl(crawl));
      return ((await pipeline.exec()) ?? []).map(([, fields]) => (fields ?? {}) as Record<string, string>);
    }),
  );
  return crawls.map((_, index) => {
    const sum = parts[0]?.[index] ?? {};
    if (sum.state) for (const others of parts.slice(1)) addCounters(sum, others[index] ?? {});
    return sum;
  });
}

/** The same of one crawl. */
export async function readCrawl(fleet: Fleet, crawl: string): Promise<Record<string, string>> {
  return (await readCrawls(fleet, [crawl]))[0] as Record<string, string>;
}

function addCounters(sum: Record<string, string>, part: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(part))
    if (isCounter(name)) sum[name] = String(Number(sum[name] ?? 0) + Number(value));
}
