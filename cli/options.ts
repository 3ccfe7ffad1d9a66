// The own options of the commands that stand in this folder, and what their programs get of them.
import { from, type OptionsOf, text, toggle, value } from './command/typed-options.ts';

export const asJson = { json: toggle('--json', 'as JSON') };
export type LookOptions = OptionsOf<typeof asJson>;

const quiet = toggle('--quiet', 'print nothing but errors');
const verbose = toggle('-v, --verbose', 'write more to the log');

/** Of commands that tell how they get on. */
export const shownOptions = {
  quiet,
  json: toggle('--json', 'print the summary as one JSON line on standard output'),
  verbose,
};

export const enqueueOptions = {
  crawl: text('--crawl <name>', 'name of the crawl; else made from the seeds'),
};
export type EnqueueOptions = OptionsOf<typeof enqueueOptions & typeof shownOptions>;

export const crawlOptions = {
  ...enqueueOptions,
  output: text(
    '-o, --output <file>',
    'write the records there, one JSON line each, when the crawl has ended',
  ),
};
export type CrawlOptions = OptionsOf<typeof crawlOptions & typeof shownOptions>;

export const consumeOptions = {
  processes: value('--processes <n>', 'consumer processes to run', from(1, 256), '1'),
};
export type ConsumeOptions = OptionsOf<typeof consumeOptions & typeof shownOptions>;

export const serveOptions = {
  processes: value('--processes <n>', 'consumer processes to run beside it; 0: none', from(0, 256), '1'),
  quiet,
  verbose,
};
export type ServeOptions = OptionsOf<typeof serveOptions>;

export const resultsOptions = {
  output: text('-o, --output <file>', 'write them there instead of standard output'),
  ...asJson,
};
export type ResultsOptions = OptionsOf<typeof resultsOptions>;

export const explainOptions = {
  crawl: text('--crawl <name>', 'in this crawl, by name or id; else in the newest that knows the URL'),
  ...asJson,
};
export type ExplainOptions = OptionsOf<typeof explainOptions>;
