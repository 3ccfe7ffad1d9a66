// What follows from the table of settings: types, names by owner, variables, flags and defaults, and the
// settings of a crawl as Redis keeps them.
import { definitions, type Owner } from './table.ts';

export type SettingName = keyof typeof definitions;

/** The names of the settings of these owners. */
export type NameOf<Of extends Owner> = {
  [N in SettingName]: (typeof definitions)[N]['of'] extends Of ? N : never;
}[SettingName];

export type Settings = { [N in SettingName]: (typeof definitions)[N]['default'] };

/** The settings that are stored with a crawl in Redis. */
export type CrawlSettings = Pick<Settings, NameOf<'crawl'>>;

export const settingNames = Object.keys(definitions) as SettingName[];

/** The names of the settings of these owners, one owner after the other. */
export function namesOf<const Of extends Owner>(...owners: readonly Of[]): NameOf<Of>[] {
  return owners.flatMap((owner) =>
    settingNames.filter((name) => definitions[name].of === owner),
  ) as NameOf<Of>[];
}

export const defaultSettings = Object.freeze(
  Object.fromEntries(settingNames.map((name) => [name, definitions[name].default])),
) as Settings;

/** DROVER_TIMEOUT_DNS for timeoutDns. A few settings have another variable, which is then returned. */
export function variableOf(name: SettingName): string {
  return definitions[name].variable ?? variableNamed(name);
}

function variableNamed(name: string): string {
  return `DROVER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** --timeout-dns for timeoutDns. For a setting without a flag, its name. */
export function flagOf(name: SettingName): string {
  return /--[a-z0-9-]+/.exec(definitions[name].flags ?? '')?.[0] ?? name;
}

function flagNamed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The flag that the setting had under its former name, or null. */
export function formerFlagOf(name: SettingName): string | null {
  const { formerly, flags } = definitions[name];
  return formerly && flags ? flagNamed(formerly) : null;
}

/** The present name of a former key, variable or flag; null for any other text. */
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

/** The settings of the crawl, as plain JSON. */
export function crawlSettings(settings: Settings): CrawlSettings {
  return Object.fromEntries(crawlNames.map((name) => [name, settings[name]])) as CrawlSettings;
}

/**
 * The settings of a crawl from the JSON in Redis, which another version of drover may have written. A value
 * under a former name is taken, and a missing one gets its default.
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
