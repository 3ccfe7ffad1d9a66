// The options of a consumer process, besides the settings of consumers.
import { type OptionsOf, value } from '../command/typed-options.ts';

export const consumerProcessOptions = {
  serve: value('--serve <crawl>', 'the crawl whose requests it brings into the queue', (id) => id, '*'),
};
export type ConsumerProcessOptions = OptionsOf<typeof consumerProcessOptions>;
