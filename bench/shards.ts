// node bench/shards.ts: what several shards cost. The same crawl over many hosts runs in turn with one
// shard on one Redis and with several on a Cluster; so does the same simulation, in which there is always
// more to do. What counts is the CPU of all Redis processes a page, and how even the shards are. This is no
// test: times and CPU depend on the machine.
import { machineWords } from './measure/machine.ts';
import { parseOptions } from './measure/options.ts';
import { type AtWork, atWork, atWorkTable } from './shards/at-work.ts';
import { type ShardsRun, shardsCrawl, shardsTable } from './shards/crawl.ts';
import { median } from './speed/figures.ts';

const usage = `node bench/shards.ts [options]
  --pages <n>   number of pages, as many at each host (default 20000)
  --hosts <n>   number of hosts (default 1000)
  --shards <n>  number of shards (default 8)
  --redis <n>   over so many Redis processes, in a Cluster (default 4)
  --runs <n>    rounds of both in turn (default 3)`;

const values = parseOptions('shards', {
  pages: { type: 'string', default: '20000' },
  hosts: { type: 'string', default: '1000' },
  shards: { type: 'string', default: '8' },
  redis: { type: 'string', default: '4' },
  runs: { type: 'string', default: '3' },
  help: { type: 'boolean', default: false },
});
const [pages, hosts, shards, redis, runs] = [
  ...[values.pages, values.hosts, values.shards, values.redis, values.runs],
].map(Number) as [number, number, number, number, number];
const isUsable = [pages, hosts, shards, runs, pages / hosts].every((n) => Number.isInteger(n) && n >= 1);
if (values.help || !isUsable || redis < 3) {
  console.log(`${usage}\nA Cluster has 3 masters at least; all others are whole numbers.`);
  process.exit(values.help ? 0 : 2);
}

const ALONE = { shards: 1, redis: 1 };
const shape = { hosts, pagesPerHost: pages / hosts, delayMs: 500 };

/** Both in turn, and the ratio of what a page costs Redis: the median of all rounds. */
async function compare<Run extends { redisMs: number }>(
  what: string,
  measure: (place: typeof ALONE) => Promise<Run>,
): Promise<{ one: Run[]; many: Run[]; ratio: string }> {
  const [one, many]: [Run[], Run[]] = [[], []];
  for (let round = 1; round <= runs; round++) {
    const [alone, spread] = [await measure(ALONE), await measure({ shards, redis })];
    one.push(alone);
    many.push(spread);
    const costs = `${alone.redisMs.toFixed(3)} and ${spread.redisMs.toFixed(3)} ms`;
    process.stderr.write(`${what}, ${round}/${runs}: ${costs}\n`);
  }
  const ratio = median(many.map((run, at) => run.redisMs / (one[at] as Run).redisMs));
  return { one, many, ratio: `Redis CPU a page: ${ratio.toFixed(2)} × (median of ${runs} rounds)` };
}

const crawls = await compare<ShardsRun>('crawl', (place) => shardsCrawl(shape, place));
const simulations = await compare<AtWork>('simulation', (place) => atWork(hosts, place));
console.log(`
${machineWords()}

Crawl of ${pages} pages on ${hosts} hosts, one consumer:

${shardsTable({ ...crawls, shards, redis })}

${crawls.ratio}

Simulation on ${hosts} hosts, in which Redis always has more to do:

${atWorkTable({ ...simulations, shards, redis })}

${simulations.ratio}`);
process.exit(); // the Redis servers are of the tests, whose runner would tell of none
