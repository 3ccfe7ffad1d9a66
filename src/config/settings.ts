// What follows from the table of settings: types, names by owner, variables, flags, defaults; and a crawl's
// part as Redis keeps it.
import { definitions, type Owner } from './table.ts';

export type SettingName = keyof typeof definitions;

/** The names of the settings of these owners. */
export type NameOf<Of extends Owner> = {
  [N in SettingName]: (typeof definitions)[N]['of'] extends Of ? N : never;
}[SettingName];

export type Settings = { [N in SettingName]: (typeof definitions)[N]['default'] };

/** The settings that a crawl takes with it into Redis. */
export type CrawlSettings = Pick<Settings, NameOf<'crawl'>>;

export const settingNames = Object.keys(definitions) as SettingName[];

/** The settings of these owners, one owner after the other. */
export function namesOf<const Of extends Owner>(...owners: readonly Of[]): NameOf<Of>[] {
  return owners.flatMap((owner) =>
    settingNames.filter((name) => definitions[name].of === owner),
  ) as NameOf<Of>[];
}

export const defaultSettings = Object.freeze(
  Object.fromEntries(settingNames.map((name) => [name, definitions[name].default])),
) as Settings;

/** DROVER_TIMEOUT_DNS for timeoutDns; of the few that have another variable, that one. */
export function variableOf(name: SettingName): string {
  return definitions[name].variable ?? variableNamed(name);
}

function variableNamed(name: string): string {
  return `DROVER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** --timeout-dns for timeoutDns; of a setting without a flag, its name. */
export function flagOf(name: SettingName): string {
  return /--[a-z-]+/.exec(definitions[name].flags ?? '')?.[0] ?? name;
}

function flagNamed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The flag that the setting had under its former name, or null. */
export function formerFlagOf(name: SettingName): string | null {
  const { formerly, flags } = definitions[name];
  return formerly && flags ? flagNamed(formerly) : null;
}

/** What a key, a variable or a flag of a former name is called now; null for every other text. */
export function presentNameOf(former: string): string | null {
  for (const name of settingNames) {
    const { formerly } = definitions[name];
    if (formerly === undefined) continue;
    if (former === formerly) return name;
    if (former === variableNamed(formerly)) return variableOf(name);
    if (former === flagNamed(formerly)) return flagOf(name);
  }
  return null;
}

const crawlNames = namesOf('crawl');

/** The crawl's part of the settings, as plain JSON. */
export function crawlSettings(settings: Settings): CrawlSettings {
  return Object.fromEntries(crawlNames.map((name) => [name, settings[name]])) as CrawlSettings;
}

/**
 * A crawl's settings from the JSON that Redis keeps of it, maybe written by another version of drover: what
 * stands there under a former name is taken, and what is missing has its default.
 */
export function storedSettings(text: string | null | undefined): CrawlSettings {
  const stored: Record<string, unknown> = JSON.parse(text ?? '{}');
  const entries = crawlNames.map((name) => {
    const { formerly, default: value } = definitions[name];
    const found = [name, formerly].find((key) => key !== undefined && Object.hasOwn(stored, key));
    return [name, found === undefined ? value : stored[found]];
  });
  return Object.fromEntries(entries) as CrawlSettings;
}
