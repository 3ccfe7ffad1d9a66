// The own options of drover hosts …, and what its programs get of them.
import { likeSetting, type OptionsOf, text, toggle } from '../command/typed-options.ts';
import { asJson } from '../options.ts';

export const listOptions = { limit: likeSetting('limit', '--limit <n>', 'at most so many', '50'), ...asJson };
export type ListOptions = OptionsOf<typeof listOptions>;

export const setOptions = {
  concurrency: likeSetting('perHost', '--concurrency <n>', 'fetches in flight'),
  delayMs: likeSetting('delay', '--delay <duration>', 'least time from one start to the next'),
  max: likeSetting('limit', '--max <n>', 'at most so many starts …'),
  durationMs: likeSetting('timeoutRequest', '--duration <duration>', '… in this time, evenly spread'),
  reset: toggle('--reset', 'take back what was set before'),
  ...asJson,
};
export type SetOptions = OptionsOf<typeof setOptions>;

export const pauseOptions = {
  for: text('--for <duration>', 'for so long; until it is resumed if not given'),
  ...asJson,
};
export type PauseOptions = OptionsOf<typeof pauseOptions>;
