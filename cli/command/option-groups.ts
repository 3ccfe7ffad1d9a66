// A command with many options shows them in groups with headings, the most used first.
import { type Command, Option } from 'commander';
import { type OptionGroup, optionGroups } from '../../src/config/table.ts';

export interface GroupedOption {
  option: Option;
  /** Default: `more`. */
  group?: OptionGroup | undefined;
}

/** A help with more options than this has headings. */
const MOST_IN_ONE = 14;

const order = Object.keys(optionGroups) as OptionGroup[];

/** Adds the options to the command. Within a group they keep their order. */
export function addInGroups(command: Command, options: readonly GroupedOption[]): void {
  if (options.length <= MOST_IN_ONE) {
    for (const { option } of options) command.addOption(option);
    return;
  }
  const placed = options.map(({ option, group = 'more' }) => ({ option, group }));
  const sorted = placed.toSorted((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
  for (const { option, group } of sorted) command.addOption(option.helpGroup(optionGroups[group]));
  const help = new Option('-h, --help', 'show this help').helpGroup(optionGroups.output);
  command.addHelpOption(help);
}
