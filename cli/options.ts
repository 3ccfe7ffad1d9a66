// The options of the commands in this folder, except settings, and the types that their programs get.
import { readDuration } from '../src/config/duration.ts';
import { DroverError } from '../src/errors.ts';
import { FORMAT_FORM } from '../src/records/export/format.ts';
import { STATUS_FORM, TYPE_FORM, URL_FORM } from '../src/records/filter-forms.ts';
import type { RequestInput } from '../src/request.ts';
import { readCode } from './command/error-code.ts';
import {
  from,
  inGroup,
  likeSetting,
  type OptionsOf,
  text,
  texts,
  toggle,
  value,
} from './command/typed-options.ts';
import { readDrainLimit } from './operate/drain-limit.ts';
import { readFailOn } from './report/fail-on.ts';

export const asJson = inGroup('output', { json: toggle('--json', 'print JSON') });
export type LookOptions = OptionsOf<typeof asJson>;

export const doctorOptions = {
  acl: toggle('--acl', 'print the lines that give a Redis user the least rights that drover needs, and end'),
  ...asJson,
};
export type DoctorOptions = OptionsOf<typeof doctorOptions>;

const { quiet, verbose } = inGroup('output', {
  quiet: toggle('--quiet', 'print only errors'),
  verbose: toggle('-v, --verbose', 'write more to the log'),
});

/** The options of commands that show their progress. */
export const shownOptions = inGroup('output', {
  quiet,
  json: toggle('--json', 'print the summary as one JSON line on standard output'),
  verbose,
});

export const enqueueOptions = inGroup('often', {
  crawl: text('--crawl <name>', 'name of the crawl (default: made from the seeds)'),
  again: text(
    '--again <name>',
    'the next run of a crawl that has ended, with its seeds and settings; flags given besides change those (docs/AGAIN.md)',
  ),
});
export type EnqueueOptions = OptionsOf<typeof enqueueOptions & typeof shownOptions>;

export const { overwrite } = inGroup('output', {
  overwrite: toggle('--overwrite', 'replace the file of -o if it exists, or the directory if drover made it'),
});

export const crawlOptions = inGroup('often', {
  ...enqueueOptions,
  output: text(
    '-o, --output <file>',
    'file for the records, written when the crawl has ended; its ending says in which format, as for results',
  ),
  overwrite,
});
export type CrawlOptions = OptionsOf<typeof crawlOptions & typeof shownOptions>;

export const forgetOptions = {
  records: toggle('--records', 'delete its records in the data directory too'),
  ...asJson,
};
export type ForgetOptions = OptionsOf<typeof forgetOptions>;

const age = (given: string, flag: string): number => {
  const duration = readDuration(given);
  if (duration !== null) return duration;
  throw new DroverError(
    'E_USAGE',
    `${flag}: expected an age such as 12h or 30d (got ${JSON.stringify(given)}).`,
  );
};

export const purgeCrawlsOptions = {
  olderThan: value('--older-than <age>', 'crawls that ended longer ago than this: 30d', age),
  keep: value('--keep <n>', 'all but the newest n runs of each name', from(0, 1_000_000)),
  bodiesOlderThan: value(
    '--bodies-older-than <age>',
    'bodies of records of crawls that ended longer ago than this; the records stay',
    age,
  ),
  crawl: texts('--crawl <name>', 'only runs of this name, or the crawl with this id; may be repeated'),
  all: toggle('--all', 'all crawls, as far as the other options do not keep them'),
  unfinished: toggle('--unfinished', 'cancel crawls that have not ended, and purge them too'),
  dryRun: toggle('--dry-run', 'only show what would go'),
  yes: toggle('--yes', 'do not ask'),
  ...asJson,
};
export type PurgeCrawlsOptions = OptionsOf<typeof purgeCrawlsOptions>;

export const consumeOptions = {
  ...inGroup('often', {
    drainAfter: value(
      '--drain-after <limit>',
      'stop after this time (30m), or after so many pages (10000 pages): take nothing new, finish what is in flight',
      readDrainLimit,
    ),
  }),
  ...inGroup('render', { render: value('--render <n>', 'the same as --render-pages', from(0, 100)) }),
};
export type ConsumeOptions = OptionsOf<typeof consumeOptions & typeof shownOptions>;

export const serveOptions = inGroup('often', { quiet, verbose });
export type ServeOptions = OptionsOf<typeof serveOptions>;

/** The filters that choose records. */
export const recordFilterOptions = {
  status: text('--status <status>', `only records with ${STATUS_FORM}`),
  ok: toggle('--ok', 'only records with a status 2xx, and 304 of unchanged pages'),
  failed: toggle('--failed', 'only records that --ok leaves out'),
  code: value('--code <code>', 'only records with this error code, such as E_HTTP_4XX', readCode),
  host: text('--host <host>', 'only records of this host, such as example.com or example.com:8080'),
  label: text('--label <label>', 'only records whose request had this label'),
  type: text('--type <type>', `only records with ${TYPE_FORM}`),
  url: text('--url <text>', `only records with this ${URL_FORM}`),
  since: text(
    '--since <time>',
    'only records that ended since then: a duration such as 2h or 7d, or a time such as 2026-01-31T12:00',
  ),
};

const outputFile = text(
  '-o, --output <file>',
  'write to this file instead of standard output; its ending says in which format, and .gz or .zst compresses it',
);

export const resultsOptions = {
  ...recordFilterOptions,
  fields: text(
    '--fields <list>',
    'only these fields, and the columns of a table: url,status,error.code,userData.sku',
  ),
  format: text('--format <format>', `${FORMAT_FORM} (default: by the ending of the file, else jsonl)`),
  output: outputFile,
  overwrite,
  ...asJson,
};
export type ResultsOptions = OptionsOf<typeof resultsOptions>;

export const archiveOptions = {
  output: text(
    '-o, --output <file>',
    'write the WACZ to this file (default: the name of the crawl and .wacz)',
  ),
  overwrite,
  from: text(
    '--from <place>',
    'the directory or s3://bucket/prefix of the WARC files (default: that of --warc)',
  ),
  ...asJson,
};
export type ArchiveOptions = OptionsOf<typeof archiveOptions>;

export const itemsOptions = {
  format: text(
    '--format <format>',
    'jsonl, json, csv or parquet (default: by the ending of the file, else jsonl)',
  ),
  of: text('--of <handler>', 'only the items of this handler'),
  output: outputFile,
  overwrite,
};
export type ItemsOptions = OptionsOf<typeof itemsOptions>;

export const reportOptions = {
  failOn: value(
    '--fail-on <kinds>',
    'exit with 1 when there is one of these: any, broken, redirects, external, slow, orphans, … (docs/REPORT.md)',
    readFailOn,
  ),
  slow: likeSetting('delay', '--slow <duration>', 'pages are slow whose first byte takes this long', '1s'),
  heavy: likeSetting('maxBytes', '--heavy <size>', 'pages are heavy whose HTML has this size', '500kb'),
  similar: value('--similar <percent>', 'how alike near-duplicates are at least', from(50, 100), '80'),
  format: text(
    '--format <format>',
    'html, json, csv or text (default: by the ending of the file, else text)',
  ),
  output: text(
    '-o, --output <file>',
    'write to this file instead of standard output: report.html, .json, .csv or .txt',
  ),
  overwrite,
  ...asJson,
};
export type ReportOptions = OptionsOf<typeof reportOptions>;

export const tryOptions = {
  label: text('--label <label>', 'the label that the request would have'),
  userData: value('--user-data <json>', 'the user data that the request would have', readJson),
  watch: toggle('--watch', 'again whenever a file beside the handler is saved'),
  ...asJson,
};
export type TryOptions = OptionsOf<typeof tryOptions>;

export const compareOptions = {
  ...inGroup('often', {
    urls: text('--urls <file>', 'URLs or JSON requests, one a line; - for standard input; or one URL'),
    replica: toggle(
      '--replica',
      'fetch each URL of the sample once, then measure against a local server that answers as slowly',
    ),
    sample: value('--sample <n>', 'how many URLs to measure, spread over the hosts', from(1, 1000), '20'),
    budget: likeSetting('grace', '--budget <duration>', 'time for all runs; fewer rounds if it ends', '60s'),
    concurrencies: value(
      '--concurrencies <list>',
      'concurrencies to try, such as 1,10,100 (default: what may be the best)',
      readSteps,
    ),
    plot: text('--plot <file>', 'draw the figures in this file, as SVG'),
  }),
  overwrite: toggle('--overwrite', 'replace the file of --plot if it exists'),
  ...inGroup('output', { quiet }),
  ...asJson,
};
export type CompareOptions = OptionsOf<typeof compareOptions>;

export const explainOptions = {
  crawl: text('--crawl <name>', 'name or id of the crawl (default: the newest that knows the URL)'),
  timing: toggle(
    '--timing',
    'send one request and show where its time goes, phase by phase, with the limits',
  ),
  repeat: value(
    '--repeat <n>',
    'with --timing: so many requests; the later ones show a warm connection',
    from(1, 10),
    '1',
  ),
  ...asJson,
};
export type ExplainOptions = OptionsOf<typeof explainOptions>;

/** What `drover bench` runs: each is a program in bench/. The first is the default. */
export const benchmarks: readonly string[] = [
  ...['speed', 'frontier', 'politeness', 'backoff', 'handlers', 'stores', 'compare', 'rivals', 'growth'],
  ...['processes', 'check', 'again', 'many-hosts', 'shards', 'scale', 'render'],
];

/** Concurrencies, each once and rising. */
function readSteps(given: string, flag: string): number[] {
  const steps = given.split(',').map((step) => from(1, 1000)(step.trim(), flag));
  return [...new Set(steps)].sort((a, b) => a - b);
}

function readJson(given: string, flag: string): RequestInput['userData'] {
  try {
    return JSON.parse(given);
  } catch {
    throw new DroverError('E_USAGE', `${flag}: expected JSON (got ${given}).`);
  }
}
