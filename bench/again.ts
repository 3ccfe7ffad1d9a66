// drover bench again: a site of many pages, served by nginx, is crawled, crawled again as it is, and again
// with some pages changed, new and gone: what that costs, and whether `drover changes` names exactly those.
// This is no test: the figures depend on the machine. Exits with 1 if a check fails.
import { join } from 'node:path';
import { type AgainRun, checksOf, report } from './again/report.ts';
import { crawlOnce, plant } from './again/runs.ts';
import { machineWords } from './measure/machine.ts';
import { withDirectory } from './measure/measure.ts';
import { parseOptions } from './measure/options.ts';
import { watchRedis } from './measure/redis-use.ts';
import { findNginx, nginxVersion, startNginx } from './rivals/nginx.ts';

const usage = `drover bench again [options]
  --pages <n>          number of pages of the site beside its root (default 10000)
  --planted <n>        how many pages change, are new or go (default 25)
  --concurrency <n>    number of fetches in flight (default 50)
  --delay <duration>   of the last run, which asks only for what is due (default 1s)
  --json               print figures as JSON`;

const values = parseOptions('again', {
  pages: { type: 'string', default: '10000' },
  planted: { type: 'string', default: '25' },
  concurrency: { type: 'string', default: '50' },
  delay: { type: 'string', default: '1s' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [pages = 0, planted = 0, concurrency = 0] = [values.pages, values.planted, values.concurrency].map(
  Number,
);
if (values.help || ![pages, concurrency].every((n) => n >= 1) || !(planted >= 3 && 30 * planted <= pages)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const nginx = await findNginx();
if (nginx === null) {
  process.stderr.write('there is no nginx here; install it\n');
  process.exit(2);
}

const site = await startNginx(nginx, { pages, linksPerPage: 20, bytes: 10_000 }, true);
const runs: AgainRun[] = [];
try {
  await withDirectory(async (directory) => {
    await watchRedis(async ({ url }) => {
      const place = ['--redis', url, '--data-dir', join(directory, 'data')];
      const options = ['-c', String(concurrency), '--per-host', String(concurrency)];
      const again = ['--again', 'site'];
      const crawl = async (title: string, args: string[], expected: AgainRun['expected']) => {
        const run = await crawlOnce({ site, place, title, args: [...args, ...options], expected });
        runs.push(run);
        process.stderr.write(`${title}: ${run.seconds.toFixed(1)} s\n`);
      };
      await crawl('first', [`${site.url}/`, '--crawl', 'site'], null);
      await crawl('nothing changed', again, { new: [], changed: [], gone: [] });
      const changes = await plant(site, pages, planted);
      await crawl(`${planted} changes`, again, changes);
      const due = ['--only-due', '--delay', values.delay];
      await crawl(`--only-due --delay ${values.delay}`, [...again, ...due], null);
    });
  });
} finally {
  await site.stop();
}

const checks = checksOf(runs);
const caption = `${machineWords()}; ${await nginxVersion(nginx)}; ${(pages + 1).toLocaleString('en')} pages of 10 kB with 20 links, concurrency ${concurrency}`;
if (values.json) console.log(JSON.stringify({ caption, runs, checks }, null, 2));
else console.log(`\n${caption}\n\n${report(runs, checks)}`);
if (checks.some(({ holds }) => !holds)) process.exitCode = 1;
