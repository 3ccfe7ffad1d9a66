// node bench/politeness.ts: the proof of politeness. A fleet that loses consumers crawls hosts with various
// limits. The server's log shows whether it kept the limits, and how much of the allowed throughput it used.
// With --idle it measures how much CPU waiting takes, with --due how late waiting ends.
import { parseOptions } from './measure/options.ts';
import { crawlPolitely } from './politeness/crawl.ts';
import { figuresOf } from './politeness/figures.ts';
import { politeHosts } from './politeness/hosts.ts';
import { idleUse, lateness } from './politeness/quiet.ts';
import { percent, report, verdictOf } from './politeness/report.ts';

const usage = `node bench/politeness.ts [options]
  --urls <n>   number of URLs, over 20 hosts (default 10000, which take 80 s; at least 400)
  --log <file> write the server's log to this file, one JSON line for each request
  --idle       measure instead the CPU of a consumer and of Redis while 1,000 hosts wait for ten minutes
  --due        measure instead how late requests start at 50 hosts with a delay of 3 s
  --json       print the figures as JSON
Exits with 1 if a limit was broken, a URL was lost, or (--idle, --due) a budget was missed.`;

const values = parseOptions('politeness', {
  urls: { type: 'string', default: '10000' },
  log: { type: 'string' },
  idle: { type: 'boolean', default: false },
  due: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});

/** With fewer URLs, the slowest host would get none. */
const LEAST_URLS = 400;
/** The budget of the consumer and of Redis each, as a share of one CPU. */
const MOST_IDLE_CPU = 0.03;
const MOST_LATE_MS = 50;

interface Outcome {
  figures: unknown;
  text: string;
  good: boolean;
}

async function crawl(): Promise<Outcome> {
  const crawled = await crawlPolitely({
    urls: Number(values.urls),
    logFile: values.log,
    note: (line) => process.stderr.write(`${line}\n`),
  });
  const { log, ...about } = crawled;
  const hosts = figuresOf(log, politeHosts, about);
  const verdict = verdictOf(hosts, crawled);
  return { figures: { verdict, ...about, hosts }, text: report(hosts, verdict), good: verdict.polite };
}

async function idle(): Promise<Outcome> {
  const use = await idleUse();
  const good = use.consumer < MOST_IDLE_CPU && use.redis < MOST_IDLE_CPU;
  const text = `${use.hosts} hosts waiting, over ${use.seconds} s: consumer ${percent(use.consumer)} of a CPU, Redis ${percent(use.redis)}; allowed ${percent(MOST_IDLE_CPU)} each: ${good ? 'met' : 'MISSED'}`;
  return { figures: use, text, good };
}

async function due(): Promise<Outcome> {
  const late = await lateness();
  const good = late.percentile99Ms <= MOST_LATE_MS;
  const text = `${late.starts} starts after their delay: ${late.medianMs.toFixed(1)} ms late (median), ${late.percentile99Ms.toFixed(1)} ms (99th percentile), ${late.mostMs.toFixed(1)} ms (most); allowed ${MOST_LATE_MS} ms: ${good ? 'met' : 'MISSED'}\nthe machine's CPUs were ${percent(late.busy)} busy`;
  return { figures: late, text, good };
}

if (values.help || !(Number(values.urls) >= LEAST_URLS)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const { figures, text, good } = await (values.idle ? idle() : values.due ? due() : crawl());
console.log(values.json ? JSON.stringify(figures, null, 2) : text);
process.exitCode = good ? 0 : 1;
