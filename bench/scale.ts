// node bench/scale.ts: how the frontier of a fleet with several Redis grows. The scripts, the dispatches
// and the commits are the real ones, on real Redis processes configured like the embedded one. Hosts,
// pages, links and how long a page takes are made up by arithmetic; nothing is fetched. This is no test: the
// times depend on the machine; bytes and counts do not.
import { availableParallelism } from 'node:os';
import { machineWords } from './measure/machine.ts';
import { parseOptions } from './measure/options.ts';
import { scaleHead, scaleLine, scaleSummary, tenthOf } from './scale/report.ts';
import { runScale, type ScaleOptions } from './scale/run.ts';

const usage = `node bench/scale.ts [options]
  --redis <n>          number of Redis processes (default 4)
  --shards <n>         number of shards over them, a power of two up to 64 (default 8)
  --urls <n>           number of URLs to test against the seen set; those that are new go through a lane, a
                       dispatch and a commit, while there is time (default 2000000)
  --hosts <n>          number of hosts, up to 1000000, a few large and many small (default 100000)
  --seeds <n>          number of seeds (default 10000)
  --links <n>          links of a page (default 20)
  --known <share>      share of the links whose URL was found before (default 0.9)
  --abroad <share>     share of the links that lead to other hosts (default 0.3)
  --timed <share>      share of the hosts with a delay of one second (default 0.1)
  --window <n>         requests that one dispatch should hand over (default 50)
  --drivers <n>        processes that dispatch and commit (default: as many as cores)
  --queue              requests go through BullMQ's queue too
  --most-memory <n>    percent of the free memory at which it ends (default 60)
  --minutes <n>        after so long it ends (default: no limit)
  --json               print what was read as JSON`;

const values = parseOptions('scale', {
  redis: { type: 'string', default: '4' },
  shards: { type: 'string', default: '8' },
  urls: { type: 'string', default: '2000000' },
  hosts: { type: 'string', default: '100000' },
  seeds: { type: 'string', default: '10000' },
  links: { type: 'string', default: '20' },
  known: { type: 'string', default: '0.9' },
  abroad: { type: 'string', default: '0.3' },
  timed: { type: 'string', default: '0.1' },
  window: { type: 'string', default: '50' },
  drivers: { type: 'string', default: String(availableParallelism()) },
  queue: { type: 'boolean', default: false },
  'most-memory': { type: 'string', default: '60' },
  minutes: { type: 'string', default: 'Infinity' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [redis, shards, urls, hosts, seeds, links, window, drivers] = [
  ...[values.redis, values.shards, values.urls, values.hosts, values.seeds, values.links],
  ...[values.window, values.drivers],
].map(Number) as [number, number, number, number, number, number, number, number];
const shares = [values.known, values.abroad, values.timed].map(Number) as [number, number, number];
const [known, abroad, timed] = shares;
const mostMemory = Number(values['most-memory']) / 100;
const mostSeconds = Number(values.minutes) * 60;
const isUsable =
  mostSeconds > 0 &&
  [redis, shards, urls, hosts, seeds, links, window, drivers].every((n) => Number.isInteger(n) && n >= 1) &&
  [...shares, mostMemory].every((share) => share >= 0 && share <= 1) &&
  shards <= 64 &&
  Number.isInteger(Math.log2(shards)) &&
  hosts <= 1_000_000 &&
  links <= 200 &&
  drivers <= shards &&
  // Each page must find another one, or the crawl ends before its time.
  links * (1 - known) > 1;
if (values.help || !isUsable) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const options: ScaleOptions = {
  ...{
    redis,
    shards,
    urls,
    seeds,
    window,
    drivers,
    mostMemory,
    mostSeconds,
    delayMs: 1000,
    withQueue: values.queue,
  },
  web: { hosts, links, known, abroad, timed },
};
const print = (line: string) => values.json || console.log(line);
print(`${machineWords()}\n\n${scaleHead()}`);
const run = await runScale(options, (sofar) => print(scaleLine(sofar)));
print(`\n${scaleSummary(run, urls)}`);
if (values.json) {
  const tenths = run.marks.slice(1).map((mark, index) => {
    const before = run.marks[index];
    return before && tenthOf(before, mark, run.emptyBytes);
  });
  console.log(
    JSON.stringify({ machine: machineWords(), options, end: run.end, total: run.total, tenths }, null, 2),
  );
}
