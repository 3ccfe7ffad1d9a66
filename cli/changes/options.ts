// The options of drover changes.
import { type OptionsOf, text, texts, toggle, value } from '../command/typed-options.ts';
import { asJson, overwrite } from '../options.ts';
import { readChangeFormat, readFailOnKinds, readIgnored, readKinds } from './read-options.ts';

export const changesOptions = {
  from: text('--from <id>', 'compare with this run (default: the one before)'),
  to: text('--to <id>', 'compare this run (default: the newest that has finished)'),
  kind: value('--kind <kinds>', 'list only these, with commas: new, changed, gone, back, unknown', readKinds),
  diff: toggle('--no-diff', 'do not compare texts line by line'),
  textOnly: toggle(
    '--text',
    'a page counts as changed only when its text does: not its markup, navigation or footer',
  ),
  ignore: {
    ...texts(
      '--ignore <regexp>',
      'lines of text that match do not count; with it, --text holds; may be repeated',
    ),
    read: readIgnored,
  },
  failOn: value(
    '--fail-on <kinds>',
    'exit with 1 when there is one of these: any, new, changed, gone, back, unknown',
    readFailOnKinds,
  ),
  format: value(
    '--format <format>',
    'text, json or csv (default: by the ending of the file, else text)',
    readChangeFormat,
  ),
  output: text(
    '-o, --output <file>',
    'write to this file instead of standard output: changes.txt, .json or .csv',
  ),
  overwrite,
  ...asJson,
};
export type ChangesOptions = OptionsOf<typeof changesOptions>;
