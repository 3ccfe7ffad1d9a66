// The settings as options of a command.
import { type Command, Option } from 'commander';
import { type SettingName, settingNames } from '../../src/config/settings.ts';
import { definitions } from '../../src/config/table.ts';

/** Adds the flags of these settings, with their defaults named in the help but left to readSettings. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flags, help, default: value, many } = definitions[name];
    if (!flags) continue;
    const shown =
      Array.isArray(value) || value === null || typeof value === 'object'
        ? ''
        : ` (default: ${String(value)})`;
    const option = new Option(flags, help + (typeof value === 'boolean' ? '' : shown));
    if (many) option.argParser((text: string, former: string[] | undefined) => [...(former ?? []), text]);
    command.addOption(option);
  }
  return command;
}

/** What commander parsed, under the names of the settings. */
export function flagsOf(options: Record<string, unknown>): Partial<Record<SettingName, unknown>> {
  const flags: Partial<Record<SettingName, unknown>> = {};
  for (const name of settingNames) {
    const text = definitions[name].flags;
    if (!text) continue;
    const option = new Option(text);
    const value = options[option.attributeName()];
    // Of a flag such as --no-adaptive, commander says true where it was not given.
    if (value !== undefined && !(option.negate && value === true)) flags[name] = value;
  }
  return flags;
}

export const crawlNames = settingNames.filter((name) => definitions[name].of === 'crawl');
export const placeNames: SettingName[] = ['dataDir', 'redisUrl', 'namespace', 'logLevel'];
export const consumerNames: SettingName[] = [
  'concurrency',
  'dnsServers',
  'grace',
  'autoReplay',
  'keepDead',
  'keepDeadCount',
  'purgeUnexported',
  'otelEndpoint',
];
export const apiNames: SettingName[] = ['apiHost', 'apiPort', 'allowHost', 'queuesWritable'];

/** What was said of these settings, as words of a command line again. */
export function wordsOf(options: Record<string, unknown>, names: readonly SettingName[]): string[] {
  const flags = flagsOf(options);
  return names.flatMap((name) => {
    const value = flags[name];
    const long = new Option(definitions[name].flags ?? '').long;
    if (value === undefined || !long) return [];
    return [value].flat().flatMap((one) => (typeof one === 'boolean' ? [long] : [long, String(one)]));
  });
}
