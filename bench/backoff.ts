// node bench/backoff.ts: what hosts that fail now and then, or are too much asked, do to a crawl. Sites whose
// failing pages are those of the same site without them, beside; hosts that are slowed down; pauses that
// servers name.
import { resolve } from 'node:path';
import { bundledDrover } from '../test/support/project/bundle.ts';
import { crawlScene } from './backoff/crawl.ts';
import type { SlowedFigures } from './backoff/figures.ts';
import { keepPauses, type NamedFigures, slowDown, troubles } from './backoff/fleet.ts';
import { namedReport, type Pair, pairsReport, slowedReport } from './backoff/report.ts';
import { scenes } from './backoff/sites.ts';
import { parseOptions } from './measure/options.ts';

const parts = [...scenes.map(({ name }) => name), 'slowed', 'named'];

const usage = `node bench/backoff.ts [options]
  --only <parts>    ${parts.join(', ')}; several with commas (default: all)
  --runs <n>        runs of each crawl, with and without faults in turn; the median is reported (default 1)
  --most <seconds>  a crawl that takes longer is interrupted (default 120)
  --drover <path>   the command to measure (default: the bundle of this checkout)
  --json            figures as JSON
mixed: 8 hosts, 5 % of the pages fail in some way. failing: 2 % are always 500. flaky: 3 % answer 503 once or twice.
slowed: two consumers at a host that answers 503 only, and at one that gets ten times as slow. named: starts in the pauses that servers named.
Ends with 1 if something took longer than it may, or a start lay in a pause.`;

const values = parseOptions('backoff', {
  only: { type: 'string', default: parts.join(',') },
  runs: { type: 'string', default: '1' },
  most: { type: 'string', default: '120' },
  drover: { type: 'string', default: bundledDrover() },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});
const [runs, mostSeconds] = [Number(values.runs), Number(values.most)];
const wanted = new Set(values.only.split(','));
const unknown = [...wanted].filter((part) => !parts.includes(part));
if (values.help || unknown.length > 0 || !(runs >= 1) || !(mostSeconds > 0)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const drover = resolve(values.drover);
const note = (line: string) => process.stderr.write(`${line}\n`);

const pairs: Pair[] = [];
for (let run = 1; run <= runs; run++) {
  for (const scene of scenes.filter(({ name }) => wanted.has(name))) {
    const most = { drover, mostMs: mostSeconds * 1000 };
    const plain = await crawlScene({ ...scene, faults: [] }, most);
    const faulty = await crawlScene(scene, most);
    pairs.push({ scene, plain, faulty });
    note(
      `run ${run}/${runs} ${scene.name}: ${plain.seconds.toFixed(1)} s, with faults ${faulty.seconds.toFixed(1)} s`,
    );
  }
}
const slowed: { name: string; figures: SlowedFigures }[] = [];
if (wanted.has('slowed')) {
  for (const trouble of troubles) {
    note(`two consumers: ${trouble.name}`);
    slowed.push({ name: trouble.name, figures: await slowDown(trouble, drover) });
  }
}
let named: NamedFigures[] = [];
if (wanted.has('named')) {
  note('two consumers: pauses that servers name');
  named = await keepPauses(drover);
}

const reports = [pairsReport(pairs), slowedReport(slowed), namedReport(named)].filter(
  ({ text }) => text !== '',
);
console.log(
  values.json
    ? JSON.stringify({ pairs, slowed, named }, null, 2)
    : `\n${reports.map(({ text }) => text).join('\n\n')}`,
);
process.exitCode = reports.every(({ good }) => good) ? 0 : 1;
