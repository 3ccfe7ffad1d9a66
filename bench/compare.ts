// node bench/compare.ts: drover compare on five plain cases, some times each. Exits with 1 when a
// recommendation is wrong.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Comparison } from '../src/compare/compare.ts';
import { bundledDrover } from '../test/support/project/bundle.ts';
import { startSite } from '../test/support/site/site.ts';
import { inColumns } from './measure/columns.ts';
import { withDirectory } from './measure/measure.ts';
import { parseOptions } from './measure/options.ts';

const usage = `node bench/compare.ts [options]
  --times <n>    how often each case is measured (default 5)
  --budget <d>   the budget of each measurement (default 60s)
  --only <case>  io, cpu, sleep, fast or mixed`;

const values = parseOptions('compare', {
  times: { type: 'string', default: '5' },
  budget: { type: 'string', default: '60s' },
  only: { type: 'string' },
  help: { type: 'boolean', default: false },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const computing = (ms: number) =>
  `const since = process.threadCpuUsage(); for (;;) { const { user, system } = process.threadCpuUsage(since); if (user + system >= ${ms * 1000}) break; for (let n = 0; n < 20_000; n++) Math.sqrt(n); }`;
const cases: Record<string, { latencyMs: number; code: string; wanted: string }> = {
  io: { latencyMs: 100, code: '', wanted: 'loop' },
  cpu: { latencyMs: 20, code: computing(50), wanted: 'hybrid' },
  sleep: {
    latencyMs: 100,
    code: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);',
    wanted: 'threads',
  },
  fast: { latencyMs: 4, code: "emit(/<title>(.*?)</.exec(page.text)?.[1] ?? '');", wanted: 'loop' },
  mixed: { latencyMs: 100, code: computing(30), wanted: 'hybrid' },
};

const rows: string[][] = [
  ['case', 'wanted', 'got', 'requests', 'threads', 'pages/s', 'rounds', 'surety', 'seconds'],
];
let wrong = 0;
await withDirectory(async (directory) => {
  for (let time = 0; time < Number(values.times); time++)
    for (const [name, one] of Object.entries(cases)) {
      if (values.only !== undefined && values.only !== name) continue;
      const row = await measured(directory, name, one);
      rows.push(row);
      process.stderr.write(`${row.join('  ')}\n`);
      if (row[2] !== one.wanted) wrong++;
    }
});
console.log(inColumns(rows, 3));
process.exitCode = wrong > 0 ? 1 : 0;

async function measured(directory: string, name: string, one: (typeof cases)[string]): Promise<string[]> {
  const site = await startSite({ pages: 20, latencyMs: one.latencyMs, keepLog: false });
  try {
    const [urls, handler] = [join(directory, 'urls.txt'), join(directory, `${name}.mjs`)];
    await writeFile(urls, Array.from({ length: 20 }, (_, page) => `${site.url}/p/${page}\n`).join(''));
    await writeFile(
      handler,
      `export default { name: '${name}', run({ page, emit }) { ${one.code} emit(page.url); } };\n`,
    );
    const since = performance.now();
    const drover = bundledDrover();
    const args = [
      'compare',
      '--urls',
      urls,
      '--handler',
      handler,
      '--replica',
      '--budget',
      values.budget,
      '--json',
    ];
    const child = spawn(process.execPath, [drover, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await once(child, 'close');
    const { recommendation, concurrency, threads, runs, surety } = JSON.parse(text) as Comparison;
    const run = runs.find(
      (of) => of.mode === recommendation && of.concurrency === concurrency && of.threads === threads,
    );
    const seconds = (performance.now() - since) / 1000;
    const speed = (run?.pagesPerSecond ?? 0).toFixed(1);
    return [
      name,
      one.wanted,
      recommendation,
      `${concurrency}`,
      `${threads}`,
      speed,
      `${run?.rounds ?? 0}`,
      surety === null ? 'unsure' : `${surety}`,
      seconds.toFixed(0),
    ];
  } finally {
    await site.stop();
  }
}
