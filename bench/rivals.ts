// npm run bench -- --rivals: drover, a bare loop over got, and other crawlers, one after the other on one
// local site. This is no test: the figures depend on the machine. Exits with 1 if one missed a page.
import { startSite } from '../test/support/site/site.ts';
import { machineWords } from './measure/machine.ts';
import type { MeasuredSite, Sample } from './measure/measure.ts';
import { parseOptions } from './measure/options.ts';
import { writeToDocs } from './measure/written.ts';
import { type Entry, entriesOf, entryNames } from './rivals/entries.ts';
import { findNginx, nginxVersion, startNginx } from './rivals/nginx.ts';
import { hasFailed, type Result, type RivalReport, rivalMarkdown, rivalText } from './rivals/report.ts';
import { figuresOf, median } from './speed/figures.ts';

const usage = `npm run bench -- --rivals [options]
  --only <names>       ${entryNames.slice(0, 6).join(', ')},
                       ${entryNames.slice(6).join(', ')}; separate several by commas (default: all)
  --pages <n>          number of pages of the site beside its root (default 10000)
  --runs <n>           number of runs of each; medians are reported (default 3)
  --concurrency <n>    number of fetches in flight (default 50)
  --server <s>         nginx, or own for the site of the tests (default: nginx if there is one)
  --write              put the table into docs/BENCHMARKS.md; not with --only
  --json               print figures and samples as JSON
Rivals that are missing are installed: npm packages into ~/.cache/drover-bench, Python's by the system's
package manager.`;

const values = parseOptions('rivals', {
  rivals: { type: 'boolean', default: true },
  only: { type: 'string', default: entryNames.join(',') },
  pages: { type: 'string', default: '10000' },
  runs: { type: 'string', default: '3' },
  concurrency: { type: 'string', default: '50' },
  server: { type: 'string' },
  write: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [pages = 0, runs = 0, concurrency = 0] = [values.pages, values.runs, values.concurrency].map(Number);
const wanted = values.only.split(',');
const isUsable =
  [pages, runs, concurrency].every((n) => Number.isInteger(n) && n >= 1) &&
  wanted.every((name) => entryNames.includes(name)) &&
  ['nginx', 'own', undefined].includes(values.server) &&
  (!values.write || entryNames.every((name) => wanted.includes(name)));
if (values.help || !isUsable) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const { entries, leftOut } = await entriesOf(wanted);
for (const { title, because } of leftOut) process.stderr.write(`left out: ${title}: ${because}\n`);
const { site, words } = await serve();
const samples = new Map<Entry, Sample[]>(entries.map((entry) => [entry, []]));
const failures = new Map<Entry, string>();
try {
  for (let run = 1; run <= runs; run++)
    // One after the other, so that other work of the machine affects all of them alike.
    for (const entry of entries.filter((each) => !failures.has(each))) await runOnce(entry, run);
} finally {
  await site.stop();
}

const report: RivalReport = {
  leftOut,
  results: entries.map((entry): Result => {
    const { name, title, version, isFollowing, keeps } = entry;
    const failure = failures.get(entry) ?? null;
    const figures = failure === null ? figuresOf(samples.get(entry) ?? []) : null;
    return { name, title, version, isFollowing, keeps, figures, failure };
  }),
};
const others = median(report.results.map(({ figures }) => figures?.otherCpus ?? 0));
const caption = `${new Date().toISOString().slice(0, 10)}; ${machineWords()}; ${words}; ${(pages + 1).toLocaleString('en')} pages of 10 kB with 20 links, concurrency ${concurrency}, ${runs === 1 ? 'one run' : `medians of ${runs} runs`}; other programs kept ${others.toFixed(2)} CPUs busy`;
if (values.json) {
  const all = entries.map((entry) => ({ name: entry.name, samples: samples.get(entry) }));
  console.log(JSON.stringify({ caption, ...report, samples: all }, null, 2));
} else console.log(`\n${caption}\n\n${rivalText(report)}`);

if (hasFailed(report)) process.exitCode = 1;
else if (values.write) writeToDocs('rivals', `${caption}.\n\n${rivalMarkdown(report)}`);

async function runOnce(entry: Entry, run: number): Promise<void> {
  try {
    const sample = await entry.run({ site, pages, concurrency, processes: 'auto' });
    samples.get(entry)?.push(sample);
    const perSecond = (sample.pages / sample.seconds).toFixed(0);
    process.stderr.write(`run ${run}/${runs} ${entry.title}: ${perSecond} pages/s\n`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`run ${run}/${runs} ${entry.title} FAILED: ${message}\n`);
    failures.set(entry, message.split('\n', 1)[0] ?? '');
  }
}

async function serve(): Promise<{ site: MeasuredSite & { stop(): Promise<void> }; words: string }> {
  const nginx = values.server === 'own' ? null : await findNginx();
  if (nginx) {
    const shape = { pages, linksPerPage: 20, bytes: 10_000 };
    return { site: await startNginx(nginx, shape), words: await nginxVersion(nginx) };
  }
  if (values.server === 'nginx') {
    process.stderr.write('there is no nginx here; install it, or leave out --server\n');
    process.exit(2);
  }
  return { site: await startSite({ pages }), words: 'the site of the tests' };
}
