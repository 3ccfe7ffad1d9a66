// drover bench processes: what more processes bring, beside what more bare loops bring. One and several of
// each fetch the same site in turn. This is no test: the figures depend on the machine and its cores.
import { startSite } from '../test/support/site/site.ts';
import { inColumns } from './measure/columns.ts';
import { machineWords } from './measure/machine.ts';
import type { Bench, Sample } from './measure/measure.ts';
import { parseOptions } from './measure/options.ts';
import { findNginx, startNginx } from './rivals/nginx.ts';
import { droverCrawl, droverList } from './speed/drover-crawl.ts';
import { figuresOf, type PartFigures } from './speed/figures.ts';
import { gotLoop } from './speed/got-loop.ts';

const usage = `drover bench processes [options]
  --processes <n>      the larger number of processes (default 2)
  --pages <n>          number of pages of the site (default 10000)
  --runs <n>           number of runs of each; medians are reported (default 3)
  --concurrency <n>    number of fetches in flight in each process (default 50)
  --json               print figures and samples as JSON`;

const values = parseOptions('processes', {
  processes: { type: 'string', default: '2' },
  pages: { type: 'string', default: '10000' },
  runs: { type: 'string', default: '3' },
  concurrency: { type: 'string', default: '50' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const numbers = [values.processes, values.pages, values.runs, values.concurrency].map(Number);
const [processes = 0, pages = 0, runs = 0, concurrency = 0] = numbers;
if (values.help || processes < 2 || !numbers.every((n) => Number.isInteger(n) && n >= 1)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const programs: Record<string, (bench: Bench) => Promise<Sample>> = {
  'bare got.stream loop': gotLoop,
  'drover crawl': droverCrawl,
  'drover crawl of a list': droverList,
};
const parts = Object.entries(programs).flatMap(([title, run]) =>
  [1, processes].map((count) => ({ title, run, count, samples: [] as Sample[] })),
);

const nginx = await findNginx();
const site = nginx
  ? await startNginx(nginx, { pages, linksPerPage: 20, bytes: 10_000 })
  : await startSite({ pages });
try {
  for (let run = 1; run <= runs; run++)
    // One after the other, so that other work of the machine affects all of them alike.
    for (const { title, run: measure, count, samples } of parts) {
      const sample = await measure({ site, pages, concurrency, processes: count });
      samples.push(sample);
      const perSecond = (sample.pages / sample.seconds).toFixed(0);
      process.stderr.write(`run ${run}/${runs} ${count} × ${title}: ${perSecond} pages/s\n`);
    }
} finally {
  await site.stop();
}

const all = parts.map((part) => ({ ...part, figures: figuresOf(part.samples) }));
if (values.json) console.log(JSON.stringify({ machine: machineWords(), all }, null, 2));
else {
  const rows = all.map(({ title, count, figures }) => {
    const one = all.find((other) => other.title === title && other.count === 1)?.figures ?? figures;
    return row(`${count} × ${title}`, figures, one);
  });
  const head = ['', 'pages/s', 'to one', 'CPU s per 1,000: processes', 'to one', 'Redis', 'server'];
  console.log(
    `\n${machineWords()}; ${nginx ? 'nginx' : 'the site of the tests'}; ${pages} pages of 10 kB with 20 links, concurrency ${concurrency} in each process, medians of ${runs}\n`,
  );
  console.log(inColumns([[...head, 'peak MB', 'CPUs of others'], ...rows]));
}

function row(title: string, figures: PartFigures, one: PartFigures): string[] {
  const { pagesPerSecond, cpu, peakBytes, otherCpus } = figures;
  return [
    title,
    pagesPerSecond.toFixed(0),
    `${(pagesPerSecond / one.pagesPerSecond).toFixed(2)} ×`,
    cpu.process.toFixed(3),
    `${(cpu.process / one.cpu.process).toFixed(2)} ×`,
    cpu.redis?.toFixed(3) ?? '–',
    cpu.server?.toFixed(3) ?? '–',
    (peakBytes.process / 1e6).toFixed(0),
    otherCpus.toFixed(2),
  ];
}
