// The options of drover dead …, except settings, and the types that its programs get.
import { DroverError } from '../../src/errors.ts';
import { readCode } from '../command/error-code.ts';
import {
  inGroup,
  likeSetting,
  type OptionsOf,
  readLineFormat,
  text,
  toggle,
  type ValuesOf,
  value,
} from '../command/typed-options.ts';
import { asJson, overwrite } from '../options.ts';

/** The filters that choose letters. */
export const filterOptions = {
  code: value('--code <code>', 'only letters with this error code, such as E_HTTP_5XX', readCode),
  host: text('--host <host>', 'only letters of this host, such as example.com or example.com:8080'),
  since: text(
    '--since <time>',
    'only letters that failed since then: a duration such as 2h or 7d, or a time such as 2026-01-31T12:00',
  ),
  minAttempts: likeSetting('attempts', '--min-attempts <n>', 'only letters with at least n attempts'),
  q: text('--q <text>', 'only letters with this text in the URL or the message'),
};
export type FilterOptions = ValuesOf<typeof filterOptions>;

export const summaryOptions = { ...filterOptions, ...asJson };
export type SummaryOptions = OptionsOf<typeof summaryOptions>;

export const listLettersOptions = {
  ...filterOptions,
  limit: likeSetting('limit', '--limit <n>', 'show at most n letters', '50'),
  ...asJson,
};
export type ListLettersOptions = OptionsOf<typeof listLettersOptions>;

export const exportOptions = {
  ...filterOptions,
  format: value(
    '--format <ndjson|csv>',
    'JSON lines, or a table for a spreadsheet',
    readLineFormat,
    'ndjson',
  ),
  output: text(
    '-o, --output <file>',
    'write to this file, complete or not at all, instead of standard output',
  ),
  overwrite,
  ...asJson,
};
export type ExportOptions = OptionsOf<typeof exportOptions>;

const all = toggle('--all', 'all dead letters');

export const purgeOptions = {
  ...filterOptions,
  all,
  export: toggle('--no-export', 'delete them without an export'),
  ...asJson,
};
export type PurgeOptions = OptionsOf<typeof purgeOptions>;

const otherLimit = 'time limit instead of the one of their crawl';

/** How letters are replayed, and values that replace those of their requests. */
export const howOptions = {
  canary: value(
    '--canary <n>',
    'try n letters of each group first; 0 for none (default: 5 in a group of more than 20)',
    readCanary,
  ),
  rate: value(
    '--rate <0..1>',
    'share of these that must be recorded before the rest follows',
    readRate,
    '0.8',
  ),
  wait: toggle('--wait', 'wait until all have ended, and print how many were recorded'),
  attempts: likeSetting('attempts', '--attempts <n>', 'number of attempts before they are dead again'),
  header: likeSetting(
    'header',
    '--header <"name: value">',
    'add this header to their requests, or replace the one with that name',
  ),
  delayMs: likeSetting(
    'delay',
    '--delay <duration>',
    'least time between two starts at their host, from now on',
  ),
  timeoutDns: likeSetting('timeoutDns', '--timeout-dns <ms>', otherLimit),
  timeoutConnect: likeSetting('timeoutConnect', '--timeout-connect <ms>', otherLimit),
  timeoutTls: likeSetting('timeoutTls', '--timeout-tls <ms>', otherLimit),
  timeoutSend: likeSetting('timeoutSend', '--timeout-send <ms>', otherLimit),
  timeoutResponse: likeSetting('timeoutResponse', '--timeout-response <ms>', otherLimit),
  timeoutRead: likeSetting('timeoutRead', '--timeout-read <ms>', otherLimit),
  timeoutRequest: likeSetting('timeoutRequest', '--timeout-request <ms>', otherLimit),
};
export type HowOptions = ValuesOf<typeof howOptions>;

const { wait, canary, rate, ...others } = howOptions;
const { attempts, header, delayMs, ...timeLimits } = others;

export const replayOptions = {
  ...inGroup('often', {
    all,
    ...filterOptions,
    dryRun: toggle('--dry-run', 'only print how many would be replayed'),
    ...{ wait, canary, rate },
  }),
  ...inGroup('failures', { attempts, header, delayMs }),
  ...inGroup('times', timeLimits),
  ...asJson,
};
export type ReplayOptions = OptionsOf<typeof replayOptions>;

function readCanary(given: string, flag: string): number {
  if (/^\d{1,6}$/.test(given)) return Number(given);
  throw new DroverError('E_USAGE', `${flag}: expected a whole number (got ${JSON.stringify(given)}).`);
}

function readRate(given: string, flag: string): number {
  const rate = /^(0|1|0?\.\d+|1\.0+)$/.test(given) ? Number(given) : Number.NaN;
  if (rate >= 0 && rate <= 1) return rate;
  throw new DroverError(
    'E_USAGE',
    `${flag}: expected a share from 0 to 1, such as 0.8 (got ${JSON.stringify(given)}).`,
  );
}
