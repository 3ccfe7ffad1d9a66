// npm run bench: compares drover with its references, one after the other, on one local server. This is no
// test: the figures depend on the machine.
import { cpus } from 'node:os';
import { startSite } from '../test/support/site/site.ts';
import type { Bench, Sample } from './measure/measure.ts';
import { parseOptions } from './measure/options.ts';
import { droverCrawl, droverHandler, droverList, droverQuery } from './speed/drover-crawl.ts';
import { type Figures, figuresOf, type PartName } from './speed/figures.ts';
import { gotLoop } from './speed/got-loop.ts';
import { noopJobs } from './speed/noop-jobs.ts';
import { budgetsOf, report } from './speed/report.ts';

// The other measurements of this command have options of their own.
const other = ['rivals', 'growth', 'check'].find((name) => process.argv.includes(`--${name}`));
if (other) {
  await import(`./${other}.ts`);
  process.exit();
}

const parts: Record<PartName, (bench: Bench) => Promise<Sample>> = {
  got: gotLoop,
  bullmq: noopJobs,
  crawl: droverCrawl,
  list: droverList,
  handler: droverHandler,
  query: droverQuery,
};

const usage = `npm run bench -- [options]
  --only <parts>       got, bullmq, crawl, list, handler, query; separate several by commas (default: all)
  --pages <n>          number of pages of the site (default 10000)
  --runs <n>           number of runs of each part; the median is reported (default 3)
  --concurrency <n>    number of fetches in flight (default 50)
  --json               print figures and samples as JSON
npm run bench -- --rivals compares drover with other crawlers, --growth sites of 10,000 to 1,000,000 pages, and
--check holds a crawl's CPU against a kept figure; --help behind them lists their options.`;

const values = parseOptions('speed', {
  only: { type: 'string', default: Object.keys(parts).join(',') },
  pages: { type: 'string', default: '10000' },
  runs: { type: 'string', default: '3' },
  concurrency: { type: 'string', default: '50' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [pages, runs, concurrency] = [values.pages, values.runs, values.concurrency].map(Number) as [
  number,
  number,
  number,
];
const names = values.only.split(',') as PartName[];
if (
  values.help ||
  ![pages, runs, concurrency].every((n) => n >= 1) ||
  !names.every((name) => name in parts)
) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const site = await startSite({ pages });
const samples = new Map<PartName, Sample[]>(names.map((name) => [name, []]));
try {
  for (let run = 1; run <= runs; run++) {
    // The parts take turns, so that other work of the machine affects all of them alike.
    for (const name of names) {
      const sample = await parts[name]({ site, pages, concurrency });
      samples.get(name)?.push(sample);
      process.stderr.write(
        `run ${run}/${runs} ${name}: ${(sample.pages / sample.seconds).toFixed(0)} pages/s\n`,
      );
    }
  }
} finally {
  await site.stop();
}

const figures: Figures = Object.fromEntries([...samples].map(([name, all]) => [name, figuresOf(all)]));
const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`;
if (values.json) {
  const all = { machine, figures, budgets: budgetsOf(figures), samples: Object.fromEntries(samples) };
  console.log(JSON.stringify(all, null, 2));
} else {
  console.log(
    `\n${machine}; ${pages} pages of 10 kB with 20 links, concurrency ${concurrency}, median of ${runs}\n`,
  );
  console.log(report(figures));
}
