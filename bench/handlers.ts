// drover bench handlers: what handlers cost a crawl, against the cost of cheerio alone, and the same work by
// Crawlee. This is no test: the figures depend on the machine.
import { cpus } from 'node:os';
import { startSite } from '../test/support/site/site.ts';
import { cheerioAlone } from './handlers/cheerio-alone.ts';
import { crawleeCrawl } from './handlers/crawlee.ts';
import { budgetsOf, type PartName, report } from './handlers/report.ts';
import type { Bench, Sample } from './measure/measure.ts';
import { parseOptions } from './measure/options.ts';
import { droverCrawl, droverHandler, droverOwnCheerio, droverQuery } from './speed/drover-crawl.ts';

const parts: Record<PartName, (bench: Bench) => Promise<Sample>> = {
  crawl: droverCrawl,
  nothing: droverHandler,
  query: droverQuery,
  own: droverOwnCheerio,
  cheerio: cheerioAlone,
  crawlee: crawleeCrawl,
};

const usage = `drover bench handlers [options]
  --only <parts>       crawl, nothing, query, own, cheerio, crawlee; separate several by commas (default:
                       all). crawlee is installed into ~/.cache
  --pages <n>          number of pages of the site (default 5000)
  --runs <n>           number of runs of each part; medians are reported (default 5)
  --concurrency <n>    number of fetches in flight (default 50)
  --json               print figures and samples as JSON`;

const values = parseOptions('handlers', {
  only: { type: 'string', default: Object.keys(parts).join(',') },
  pages: { type: 'string', default: '5000' },
  runs: { type: 'string', default: '5' },
  concurrency: { type: 'string', default: '50' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [pages = 0, runs = 0, concurrency = 0] = [values.pages, values.runs, values.concurrency].map(Number);
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
const rounds: Partial<Record<PartName, Sample>>[] = [];
try {
  for (let run = 1; run <= runs; run++) {
    const round: Partial<Record<PartName, Sample>> = {};
    // The parts take turns, so that other work of the machine affects all of them alike.
    for (const name of names) {
      const sample = await parts[name]({ site, pages, concurrency });
      round[name] = sample;
      const perSecond = (sample.pages / sample.seconds).toFixed(0);
      process.stderr.write(`run ${run}/${runs} ${name}: ${perSecond} pages/s\n`);
    }
    rounds.push(round);
  }
} finally {
  await site.stop();
}

const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`;
if (values.json) console.log(JSON.stringify({ machine, budgets: budgetsOf(rounds), rounds }, null, 2));
else {
  console.log(
    `\n${machine}; ${pages} pages of 10 kB with 20 links, concurrency ${concurrency}, ${runs} rounds\n`,
  );
  console.log(report(rounds));
}
