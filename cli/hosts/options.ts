// The options of drover hosts …, except settings, and the types that its programs get.
import { likeSetting, type OptionsOf, text, toggle } from '../command/typed-options.ts';
import { asJson } from '../options.ts';

export const listHostsOptions = {
  limit: likeSetting('limit', '--limit <n>', 'show at most n hosts', '50'),
  ...asJson,
};
export type ListHostsOptions = OptionsOf<typeof listHostsOptions>;

export const setOptions = {
  concurrency: likeSetting('perHost', '--concurrency <n>', 'most fetches in flight'),
  delayMs: likeSetting('delay', '--delay <duration>', 'least time from one start to the next'),
  max: likeSetting('limit', '--max <n>', 'most starts within --duration'),
  durationMs: likeSetting(
    'timeoutRequest',
    '--duration <duration>',
    'time for --max, whose starts are spread evenly over it',
  ),
  reset: toggle('--reset', 'remove limits that were set before'),
  ...asJson,
};
export type SetOptions = OptionsOf<typeof setOptions>;

export const pauseOptions = {
  for: text('--for <duration>', 'length of the pause (default: until it is resumed)'),
  ...asJson,
};
export type PauseOptions = OptionsOf<typeof pauseOptions>;
