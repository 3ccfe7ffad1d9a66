// drover bench render: a crawl whose pages a browser makes, each of which also asks for what it may not have.
// Shows what the browser takes meanwhile, and what is left after kill -9. This is no test: the figures depend
// on the machine. Exits with 1 when a page is missing, or a process is left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrawlRecord } from '../src/record.ts';
import { bundledDrover } from '../test/support/project/bundle.ts';
import { startScriptedSite } from '../test/support/render/site.ts';
import { parseOptions } from './measure/options.ts';
import { isThere, watchBrowser } from './render/sample.ts';

const usage = `drover bench render [options]
  --pages <n>          number of pages (default 500)
  --places <n>         pages in the browser at a time (default 2)
  --json               print figures as JSON`;

const values = parseOptions('render', {
  pages: { type: 'string', default: '500' },
  places: { type: 'string', default: '2' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [pages = 0, places = 0] = [values.pages, values.places].map(Number);
if (values.help || ![pages, places].every((n) => Number.isInteger(n) && n >= 1)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

/** Each asks the site, a private address and a host that robots.txt forbids, and makes many elements. */
const script = `const app = document.getElementById('app');
const at = (address) => 'http://' + address + ':' + location.port + '/api/' + location.pathname.slice(6);
for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
  fetch(at(address)).then((answer) => answer.text()).then((text) => app.append(text), () => app.append('refused '));
for (let i = 0; i < 2000; i++) app.append(Object.assign(document.createElement('p'), { textContent: 'line ' + i }));
window.kept = new Array(1e6).fill(location.href);`;

const site = await startScriptedSite({ '/page/': script });
const folder = await mkdtemp(join(tmpdir(), 'drover-bench-render-'));
const environment = { ...process.env, DROVER_DATA_DIR: join(folder, 'data') };
const words = ['--render', '--render-pages', String(places), '--processes', '1', '--per-host', '8'];
const allow = ['--allow-private', '127.0.0.1/32', '--allow-private', '127.0.0.3/32'];

function crawl(name: string, urls: string, ...more: string[]) {
  const args = [bundledDrover(), 'crawl', urls, '--crawl', name, '--quiet', ...words, ...allow, ...more];
  return spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
}

try {
  const list = join(folder, 'urls.txt');
  await writeFile(list, Array.from({ length: pages }, (_, i) => `${site.urls.site}/page/${i}`).join('\n'));
  const output = join(folder, 'out.jsonl');
  const began = performance.now();
  const running = crawl('render', list, '-o', output);
  const use = watchBrowser(running.pid ?? 0);
  const [code] = await once(running, 'exit');
  const seconds = (performance.now() - began) / 1000;
  use.stop();
  const records = (await readFile(output, 'utf8')).split('\n').filter(Boolean).map(readRecord);
  const right = records.filter(({ rendered }) => rendered?.refused.length === 2).length;
  await sleep(1000);
  const leftAfterEnd = [...use.pids].filter(isThere).length;

  const killed = crawl('killed', list);
  const before = watchBrowser(killed.pid ?? 0);
  while (before.mostProcesses < 3 && killed.exitCode === null) await sleep(200);
  await sleep(2000);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  before.stop();
  await sleep(2000);
  const leftAfterKill = [...before.pids].filter(isThere).length;

  const megabytes = use.megabytes.filter((one) => one > 0);
  const median = (list: number[]) => Math.round(list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0);
  const quarter = Math.ceil(megabytes.length / 4);
  const figures = {
    ...{ pages, places, code, right, seconds: Math.round(seconds) },
    pagesPerSecond: Math.round((pages / seconds) * 100) / 100,
    browserMB: {
      most: Math.round(Math.max(0, ...megabytes)),
      firstQuarter: median(megabytes.slice(0, quarter)),
      lastQuarter: median(megabytes.slice(-quarter)),
    },
    droverMB: Math.round(Math.max(0, ...use.own)),
    ...{ mostProcesses: use.mostProcesses, leftAfterEnd, leftAfterKill },
  };
  console.log(values.json ? JSON.stringify(figures) : figures);
  if (right !== pages || leftAfterEnd + leftAfterKill > 0) process.exitCode = 1;
} finally {
  await site.stop();
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

function readRecord(line: string): CrawlRecord {
  return JSON.parse(line) as CrawlRecord;
}
