// npm run bench -- --check: has a change of the hot path made drover costlier? Holds the CPU of a fixed
// crawl, as a ratio to the bare loop over got in the same run, against the figure that is kept. Exits with 1
// when it is above, or when a crawl did not fetch every page.
import { startSite } from '../test/support/site/site.ts';
import { type CostOfRun, costOfRun, judge, medianOf, type Verdict } from './check/judge.ts';
import { readKept, writeKept } from './check/kept.ts';
import { machineWords } from './measure/machine.ts';
import type { Bench } from './measure/measure.ts';
import { parseOptions } from './measure/options.ts';
import { droverCrawl } from './speed/drover-crawl.ts';
import { gotLoop } from './speed/got-loop.ts';

/** Always the same, since start and end of a crawl are a part of its cost. */
const [PAGES, CONCURRENCY] = [4000, 50];

const usage = `npm run bench -- --check [options]
  --runs <n>           runs of the loop and of the crawl, in turn; the median counts (default 5)
  --tolerance <n>      how many percent above the kept figure are not yet a loss (default 8)
  --write              keep what is measured as the new figure, in bench/check/kept.json
The crawl has ${PAGES} pages and ${CONCURRENCY} fetches in flight. A median above the figure is measured once more.`;

const values = parseOptions('check', {
  check: { type: 'boolean', default: true },
  runs: { type: 'string', default: '5' },
  tolerance: { type: 'string', default: '8' },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [runs, tolerance] = [Number(values.runs), Number(values.tolerance) / 100];
const kept = readKept();
if (values.help || !Number.isInteger(runs) || runs < 1 || !(tolerance >= 0)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
if (!kept && !values.write) {
  console.error('There is no figure in bench/check/kept.json; --write keeps one.');
  process.exit(2);
}

const costs: CostOfRun[] = [];
try {
  await measure();
  // Other work of the machine makes a figure worse, not better: so what is worse is looked at twice.
  if (!values.write && verdict().isAbove) await measure();
} catch (error) {
  console.error(`The check failed: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
const { cost, limit, isAbove, words } = verdict();
console.log(words);
if (values.write) {
  const date = new Date().toISOString().slice(0, 10);
  writeKept({ ...cost, pages: PAGES, concurrency: CONCURRENCY, runs, date, machine: machineWords() });
} else if (isAbove) {
  console.error(`Above ${limit.toFixed(2)}: something made the crawl costlier.`);
  process.exitCode = 1;
}

async function measure(): Promise<void> {
  const site = await startSite({ pages: PAGES });
  const bench: Bench = { site, pages: PAGES, concurrency: CONCURRENCY };
  try {
    for (let run = 1; run <= runs; run++) {
      // In turn, so that other work of the machine affects both alike.
      const cost = costOfRun(await gotLoop(bench), await droverCrawl(bench));
      costs.push(cost);
      process.stderr.write(`run ${run}/${runs}: ${cost.total.toFixed(2)} times the loop\n`);
    }
  } finally {
    await site.stop();
  }
}

function verdict(): Verdict {
  return judge(medianOf(costs), kept, tolerance);
}
