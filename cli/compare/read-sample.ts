// Reads the list of --urls and chooses the sample.
import { nameBadLine, seedsFromArguments } from '../../producers/seeds/arguments.ts';
import { SampleChoice } from '../../src/compare/sample/choose.ts';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';
import type { RequestInput } from '../../src/request.ts';
import { assumedText } from '../../src/seeds/bare-url.ts';
import { urlRulesOf } from '../../src/url/normalize.ts';
import type { CompareOptions } from '../options.ts';
import { createBadLineNotice } from '../terminal/bad-lines.ts';

/**
 * Chooses the sample of a list. Bad lines are told with `say`, and the others are used. Throws E_FILE, and
 * E_USAGE without a URL.
 */
export async function readSample(
  urls: string,
  { sample, quiet }: CompareOptions,
  settings: Settings,
  say: (line: string) => void,
): Promise<{ requests: RequestInput[]; badLines: number }> {
  const choice = new SampleChoice(sample);
  const onBadLine = createBadLineNotice(say);
  let [badLines, isAssumed] = [0, false];
  for await (const seed of seedsFromArguments([urls], urlRulesOf(settings), process.stdin)) {
    if ('failure' in seed) {
      badLines++;
      onBadLine(nameBadLine(seed));
      continue;
    }
    if (seed.assumed && !isAssumed && !quiet) say(assumedText(seed.assumed, seed.input.url));
    isAssumed ||= seed.assumed !== undefined;
    choice.add(seed.input);
  }
  process.stdin.destroy();
  const { requests, leftOut } = choice.counts();
  const why = leftOut > 0 ? `, only ${leftOut} requests that are no GET or HEAD` : '';
  if (requests === 0) throw new DroverError('E_USAGE', `There is no URL in ${urls}${why}.`);
  return { requests: choice.chosen(), badLines };
}
