// The settings as flags of commands. A command has the flags of the owners whose settings it follows.
import { type Command, Option } from 'commander';
import type { GivenFlags } from '../../src/config/read.ts';
import { flagOf, formerFlagOf, namesOf, type SettingName } from '../../src/config/settings.ts';
import { definitions, type Owner } from '../../src/config/table.ts';
import { renamedSetting } from '../../src/config/unknown.ts';
import type { GroupedOption } from './option-groups.ts';

/** Owners whose settings every command follows: those of the fleet's place, and those of all commands. */
export const EVERY_COMMAND = ['place', 'command'] as const satisfies readonly Owner[];

/**
 * The flags of these owners' settings. Defaults are shown in the help, but readSettings applies them.
 */
export function settingOptions(owners: readonly Owner[]): GroupedOption[] {
  return namesOf(...owners).flatMap((name) => {
    const { flags, help, default: value, many, group } = definitions[name];
    if (!flags) return [];
    const isShown = value !== null && typeof value !== 'object' && typeof value !== 'boolean';
    const option = new Option(flags, isShown ? `${help} (default: ${withUnit(flags, value)})` : help);
    if (many) option.argParser(gather);
    return { option, group };
  });
}

/** Adds the former flags of these owners' settings. Using one is an error that names the present flag. */
export function addFormerFlags(command: Command, owners: readonly Owner[]): void {
  for (const name of namesOf(...owners)) {
    const former = formerFlagOf(name);
    if (former === null) continue;
    const option = new Option(`${former} [value]`).hideHelp();
    command.addOption(option).on(`option:${option.name()}`, () => {
      throw renamedSetting(former, 'the command line');
    });
  }
}

/** A default as a user would type it: `60s` for 60000 milliseconds, `10MiB` for 10485760 bytes. */
function withUnit(flags: string, value: string | number): string {
  if (typeof value !== 'number' || value === 0) return String(value);
  const units = /<(duration|ms)>/.test(flags) ? { s: 1000, ms: 1 } : /<size>/.test(flags) ? sizes : { '': 1 };
  const [unit, factor] = Object.entries(units).find(([, one]) => value % one === 0) ?? ['', 1];
  return `${value / factor}${unit}`;
}

const sizes = { MiB: 1024 ** 2, KiB: 1024, B: 1 };

/** Collects the values of an option that may be given more than once. */
export function gather(text: string, former: string[] | undefined): string[] {
  return [...(former ?? []), text];
}

/** Returns the settings of these owners that commander has parsed, by name. */
export function flagsOf(options: Readonly<Record<string, unknown>>, owners: readonly Owner[]): GivenFlags {
  const flags: Partial<Record<SettingName, unknown>> = {};
  for (const name of namesOf(...owners)) {
    const text = definitions[name].flags;
    if (!text) continue;
    const option = new Option(text);
    const value = options[option.attributeName()];
    // For a flag such as --no-adaptive, commander gives true when the flag is absent.
    if (value !== undefined && !(option.negate && value === true)) flags[name] = value;
  }
  return flags;
}

/** Turns given settings of these owners back into words of a command line. */
export function wordsOf(flags: GivenFlags, owners: readonly Owner[]): string[] {
  return namesOf(...owners).flatMap((name) => {
    const value = flags[name];
    if (value === undefined) return [];
    const flag = flagOf(name);
    return [value].flat().flatMap((one) => (typeof one === 'boolean' ? [flag] : [flag, String(one)]));
  });
}
