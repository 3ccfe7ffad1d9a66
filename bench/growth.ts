// npm run bench -- --growth: one crawl of each of several sizes, of a site made up by arithmetic. This is no
// test: the figures depend on the machine. Exits with 1 if a crawl did not fetch every page.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type KeptGrowth, mergeKept, readKept, writeKept } from './growth/kept.ts';
import { growthSvg } from './growth/plot.ts';
import { growthMarkdown, growthText } from './growth/report.ts';
import { growthRun } from './growth/run.ts';
import { machineWords } from './measure/machine.ts';
import { parseOptions } from './measure/options.ts';
import { writeToDocs } from './measure/written.ts';
import { ownVersion } from './rivals/install.ts';

const usage = `npm run bench -- --growth [options]
  --sizes <n,…>        numbers of pages, one crawl for each (default 10000,100000,1000000; the last takes
                       some twenty minutes and 12 GB in the folder for temporary files)
  --concurrency <n>    number of fetches in flight (default 50)
  --write              put the figures into bench/growth/kept.json, and table and plot of all that is kept
                       there into docs/; the sizes may be measured one at a time
  --json               print figures as JSON`;

const values = parseOptions('growth', {
  growth: { type: 'boolean', default: true },
  sizes: { type: 'string', default: '10000,100000,1000000' },
  concurrency: { type: 'string', default: '50' },
  write: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [concurrency, ...sizes] = [values.concurrency, ...values.sizes.split(',')].map(Number);
if (values.help || !concurrency || ![concurrency, ...sizes].every((n) => Number.isInteger(n) && n >= 1)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const machine = `${machineWords()}, drover ${await ownVersion('drover')}; pages of 10 kB with 20 links, concurrency ${concurrency}`;
const measured: KeptGrowth[] = [];
for (const pages of sizes) {
  try {
    const figures = await growthRun(pages, concurrency);
    measured.push({ ...figures, date: new Date().toISOString().slice(0, 10), machine });
    if (values.write) write();
    process.stderr.write(`${pages} pages: ${(pages / figures.seconds).toFixed(0)} pages/s\n`);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${pages} pages FAILED: ${error instanceof Error ? error.message : error}\n`);
  }
}
if (values.json) console.log(JSON.stringify(measured, null, 2));
else console.log(`\n${machine}\n\n${growthText(measured)}`);

/** After each size, so that a size that fails later takes nothing along. */
function write(): void {
  const kept = mergeKept(readKept(), measured);
  writeKept(kept);
  writeToDocs('growth', growthMarkdown(kept));
  writeFileSync(fileURLToPath(new URL('../docs/images/growth.svg', import.meta.url)), growthSvg(kept));
}
