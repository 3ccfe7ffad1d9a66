// node bench/frontier.ts: the frontier at scale, with no fetch: a list goes in as a producer offers it, and comes out turn by turn. Each size has a
// Redis of its own, set up like the embedded one. Nothing here is a test: times are of this machine; bytes and counts are not.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type FrontierFigures, type FrontierSize, measureFrontier } from './frontier/figures.ts';
import { frontierBudgetsOf, frontierReport } from './frontier/report.ts';

const usage = `node bench/frontier.ts [options]
  --waiting <n>     URLs that wait, of 50 characters each (default 1000000)
  --seen <n>        URLs seen in all, in the first of the sizes (default 5000000)
  --hosts <n,…>     over how many hosts they are spread, one size each (default 1,1000,100000)
  --json            figures as JSON`;

const { values } = parseArgs({
  options: {
    waiting: { type: 'string', default: '1000000' },
    seen: { type: 'string', default: '5000000' },
    hosts: { type: 'string', default: '1,1000,100000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [waiting, seen] = [Number(values.waiting), Number(values.seen)];
const hostCounts = values.hosts.split(',').map(Number);
// A turn is to be able to hand out a whole window again and again.
const isUsable = waiting >= 1000 && seen >= waiting && hostCounts.every((hosts) => hosts >= 1);
if (values.help || !isUsable || ![waiting, seen, ...hostCounts].every(Number.isInteger)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const sizes: FrontierSize[] = hostCounts.map((hosts, index) => ({
  ...{ hosts, waiting, seen: index === 0 ? seen : waiting },
}));
const figures: FrontierFigures[] = [];
const startedAt = performance.now();
for (const size of sizes) {
  figures.push(await measureFrontier(size));
  const seconds = (performance.now() - startedAt) / 1000;
  process.stderr.write(`${figures.length}/${sizes.length} sizes, ${seconds.toFixed(0)} s\n`);
}

const peakBytes = process.resourceUsage().maxRSS * 1024;
const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`;
if (values.json) {
  console.log(JSON.stringify({ machine, peakBytes, figures, budgets: frontierBudgetsOf(figures) }, null, 2));
} else {
  console.log(`\n${machine}; this process took ${(peakBytes / 1e6).toFixed(0)} MB at its peak\n`);
  console.log(frontierReport(figures));
}
