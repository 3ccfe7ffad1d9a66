// node bench/frontier.ts: measures the frontier at scale, without fetches. A list is offered as a producer
// does it, and dispatched as a consumer does it. Each size has a Redis of its own, configured like the
// embedded one. This is no test: the times depend on the machine; bytes and counts do not.
import { cpus } from 'node:os';
import { type FrontierFigures, type FrontierSize, measureFrontier } from './frontier/figures.ts';
import { frontierBudgetsOf, frontierReport } from './frontier/report.ts';
import { parseOptions } from './measure/options.ts';

const usage = `node bench/frontier.ts [options]
  --waiting <n>     number of waiting URLs, of 50 characters each (default 1000000)
  --seen <n>        number of seen URLs, in the first size (default 5000000)
  --hosts <n,…>     number of hosts of the URLs; one size for each number (default 1,1000,100000)
  --json            print the figures as JSON`;

const values = parseOptions('frontier', {
  waiting: { type: 'string', default: '1000000' },
  seen: { type: 'string', default: '5000000' },
  hosts: { type: 'string', default: '1,1000,100000' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [waiting, seen] = [Number(values.waiting), Number(values.seen)];
const hostCounts = values.hosts.split(',').map(Number);
// Every dispatch must find a whole window of URLs.
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
  console.log(`\n${machine}; peak memory of this process: ${(peakBytes / 1e6).toFixed(0)} MB\n`);
  console.log(frontierReport(figures));
}
