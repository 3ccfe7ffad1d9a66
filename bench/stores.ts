// drover bench stores: the same crawl with each store of records, one after the other. The stores run on this
// machine, and so on the cores that drover uses. This is no test: the figures depend on the machine.
import { cpus } from 'node:os';
import { startSite } from '../test/support/site/site.ts';
import { parseOptions } from './measure/options.ts';
import { budgetsOf, report, type StoreName, type StoreSample, storeNames } from './stores/report.ts';
import { startStores } from './stores/servers.ts';
import { storeCrawl } from './stores/store-crawl.ts';

const usage = `drover bench stores [options]
  --only <stores>      file, postgres, s3; separate several by commas (default: all)
  --pages <n>          number of pages of the site (default 4000)
  --runs <n>           number of rounds; medians are reported (default 5)
  --concurrency <n>    number of fetches in flight (default 50)
  --json               print figures and samples as JSON`;

const values = parseOptions('stores', {
  only: { type: 'string', default: storeNames.join(',') },
  pages: { type: 'string', default: '4000' },
  runs: { type: 'string', default: '5' },
  concurrency: { type: 'string', default: '50' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [pages = 0, runs = 0, concurrency = 0] = [values.pages, values.runs, values.concurrency].map(Number);
const names = values.only.split(',') as StoreName[];
if (
  values.help ||
  ![pages, runs, concurrency].every((n) => n >= 1) ||
  !names.every((name) => storeNames.includes(name))
) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const site = await startSite({ pages });
const stores = await startStores(names);
const rounds: Partial<Record<StoreName, StoreSample>>[] = [];
try {
  for (let run = 1; run <= runs; run++) {
    const round: Partial<Record<StoreName, StoreSample>> = {};
    // The stores take turns, so that other work of the machine affects all of them alike.
    for (const name of names) {
      const sample = await storeCrawl({ site, pages, concurrency }, stores.at(name));
      round[name] = sample;
      const { seconds, cpuSeconds, storeCpuSeconds } = sample;
      process.stderr.write(
        `run ${run}/${runs} ${name}: ${(pages / seconds).toFixed(0)} pages/s, CPU of drover ${cpuSeconds.toFixed(2)} s, of the store ${storeCpuSeconds.toFixed(2)} s\n`,
      );
    }
    rounds.push(round);
  }
} finally {
  await stores.stop();
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
