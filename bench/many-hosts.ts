// node bench/many-hosts.ts: one crawl over thousands of hosts through several consumers, to its end. The
// server's log and the records show whether a page was lost or doubled, and whether the limits of each host
// were kept. This is no test: times and CPU depend on the machine.
import { crawlManyHosts } from './many-hosts/crawl.ts';
import { unfit } from './many-hosts/hosts.ts';
import { faultsOf, manyHostsReport, tenthLine } from './many-hosts/report.ts';
import { machineWords } from './measure/machine.ts';
import { parseOptions } from './measure/options.ts';

const usage = `node bench/many-hosts.ts [options]
  --pages <n>        number of pages, as many at each host (default 100000; a million take some twenty
                     minutes and 6 GB in the folder for temporary files)
  --hosts <n>        number of hosts (default 2000)
  --consumers <n>    number of consumer processes (default 4)
  --concurrency <n>  number of fetches in flight in each (default 50)
  --shards <n>       number of shards of the namespace (default 1)
  --delay <ms>       delay of one host in ten (default 500)
  --latency <ms>     time before each answer (default 20)
  --json             print the figures as JSON
Exits with 1 if a page was lost or doubled, or a limit was broken.`;

const values = parseOptions('many-hosts', {
  pages: { type: 'string', default: '100000' },
  hosts: { type: 'string', default: '2000' },
  consumers: { type: 'string', default: '4' },
  concurrency: { type: 'string', default: '50' },
  shards: { type: 'string', default: '1' },
  delay: { type: 'string', default: '500' },
  latency: { type: 'string', default: '20' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [pages, hosts, consumers, concurrency, shards, delayMs, latencyMs] = [
  ...[values.pages, values.hosts, values.consumers, values.concurrency, values.shards],
  ...[values.delay, values.latency],
].map(Number) as [number, number, number, number, number, number, number];
const shape = { hosts, pagesPerHost: pages / hosts, delayMs };
const counts = [consumers, concurrency, shards].every((n) => Number.isInteger(n) && n >= 1);
if (values.help || !counts || !(latencyMs >= 0) || unfit(shape) !== null) {
  console.log(`${usage}\nThere must be ${unfit(shape) ?? 'numbers from 1 on'}.`);
  process.exit(values.help ? 0 : 2);
}

const run = await crawlManyHosts({
  ...{ ...shape, latencyMs, consumers, concurrency, shards },
  note: (before, now) => process.stderr.write(`${tenthLine(before, now)}\n`),
});
if (values.json) console.log(JSON.stringify({ machine: machineWords(), ...shape, ...run }, null, 2));
else
  console.log(
    `\n${machineWords()}; ${consumers} consumers with ${concurrency} fetches each, ${shards} shards, ${latencyMs} ms latency\n\n${manyHostsReport(run, shape)}`,
  );
process.exitCode = faultsOf(run, shape).length === 0 ? 0 : 1;
