// The settings as flags of a command: those of the owners whose settings the command follows.
import { type Command, Option } from 'commander';
import { renamedSetting } from '../../src/config/parse.ts';
import type { GivenFlags } from '../../src/config/read.ts';
import { flagOf, formerFlagOf, namesOf, type SettingName } from '../../src/config/settings.ts';
import { definitions, type Owner } from '../../src/config/table.ts';

/** Whose settings every command follows: where the fleet is, and what concerns any command. */
export const EVERY_COMMAND = ['place', 'command'] as const satisfies readonly Owner[];

/** Adds the flags of their settings, with their defaults named in the help but left to readSettings. */
export function addSettings(command: Command, owners: readonly Owner[]): void {
  for (const name of namesOf(...owners)) {
    const { flags, help, default: value, many } = definitions[name];
    if (!flags) continue;
    const isShown = value !== null && typeof value !== 'object' && typeof value !== 'boolean';
    const option = new Option(flags, isShown ? `${help} (default: ${value})` : help);
    if (many) option.argParser(gather);
    command.addOption(option);
    addFormerFlag(command, name);
  }
}

/** For an option that may be given more than once. */
export function gather(text: string, former: string[] | undefined): string[] {
  return [...(former ?? []), text];
}

/** Whoever still uses it is told the present one. */
function addFormerFlag(command: Command, name: SettingName): void {
  const former = formerFlagOf(name);
  if (former === null) return;
  const option = new Option(`${former} [value]`).hideHelp();
  command.addOption(option).on(`option:${option.name()}`, () => {
    throw renamedSetting(former, 'the command line');
  });
}

/** What commander parsed of the settings of these owners, under their names. */
export function flagsOf(options: Readonly<Record<string, unknown>>, owners: readonly Owner[]): GivenFlags {
  const flags: Partial<Record<SettingName, unknown>> = {};
  for (const name of namesOf(...owners)) {
    const text = definitions[name].flags;
    if (!text) continue;
    const option = new Option(text);
    const value = options[option.attributeName()];
    // Of a flag such as --no-adaptive, commander says true where it was not given.
    if (value !== undefined && !(option.negate && value === true)) flags[name] = value;
  }
  return flags;
}

/** What was said of the settings of these owners, as words of a command line again. */
export function wordsOf(flags: GivenFlags, owners: readonly Owner[]): string[] {
  return namesOf(...owners).flatMap((name) => {
    const value = flags[name];
    if (value === undefined) return [];
    const flag = flagOf(name);
    return [value].flat().flatMap((one) => (typeof one === 'boolean' ? [flag] : [flag, String(one)]));
  });
}
