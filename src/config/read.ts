// Reads the settings from flags, DROVER_* variables and drover.config. Only this file reads process.env.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DroverError } from '../errors.ts';
import { type AwsProfile, readAwsProfile } from './aws-profile.ts';
import { resolveOwnName } from './own-name.ts';
import { type ProxyVariables, readProxyVariables } from './proxy-variables.ts';
import { completeS3, isS3, plainS3, readS3Address } from './s3-address.ts';
import {
  defaultSettings,
  flagOf,
  type SettingName,
  type Settings,
  settingNames,
  variableOf,
} from './settings.ts';
import { definitions } from './table.ts';
import { unknownKey } from './unknown.ts';

/** Values as they were given, not checked yet. */
export type GivenFlags = Readonly<Partial<Record<SettingName, unknown>>>;

/**
 * Settings from flags, then DROVER_* variables, then drover.config.{ts,json} in `directory`, then defaults.
 * Throws E_SETTING, which names the place, the key and the nearest known key.
 */
export async function readSettings(
  flags: GivenFlags = {},
  directory = process.cwd(),
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Settings> {
  const file = await readConfigFile(directory);
  const result: Record<string, unknown> = { ...defaultSettings };
  for (const name of settingNames) {
    const variable = variableOf(name);
    const sources: [unknown, string][] = [
      [flags[name], flagOf(name)],
      [environment[variable] || undefined, variable],
      [file.values[name], `${name} in ${file.path}`],
    ];
    const found = sources.find(([value]) => value !== undefined);
    if (found) result[name] = (await loadParser())(name, found[0], found[1]);
  }
  refuseUnknownVariables(environment);
  const settings = result as Settings;
  const { store, warc } = settings;
  return {
    ...settings,
    store: store === null ? null : await completed('store', store, environment),
    warc: warc === null ? null : await warcPlace(warc, environment),
  };
}

/** Adds what the variables and files of AWS say to the address of a bucket. Throws E_SETTING. */
async function completed(
  name: 'store' | 'warc',
  given: string,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const address = completeS3(given, () => readAwsProfile(environment));
  return (await loadParser())(name, address, 'AWS_ENDPOINT_URL or AWS_REGION') as string;
}

/** The place of WARC files that a user names, as settings have it. Throws E_SETTING; `source` names it. */
export async function readWarcPlace(given: string, source: string): Promise<string> {
  const place = (await loadParser())('warc', given, source) as string;
  return warcPlace(place, process.env);
}

async function warcPlace(given: string, environment: NodeJS.ProcessEnv): Promise<string> {
  if (!isS3(given)) return given;
  return plainS3(readS3Address(await completed('warc', given, environment)));
}

/** Loaded when there is a value to check: many commands are given none. */
async function loadParser(): Promise<typeof import('./parse.ts').parseSetting> {
  return (await import('./parse.ts')).parseSetting;
}

/** What the variables and files of AWS say now. */
export function currentAwsProfile(): AwsProfile {
  return readAwsProfile(process.env);
}

/** Which proxies the variables of the system name now. */
export function currentProxyVariables(): ProxyVariables {
  return readProxyVariables(process.env);
}

/** What a variable holds whose name a user has given; undefined if there is none. */
export function environmentValue(name: string): string | undefined {
  return process.env[name];
}

async function readConfigFile(directory: string): Promise<{ path: string; values: Record<string, unknown> }> {
  for (const name of ['drover.config.ts', 'drover.config.json']) {
    const path = join(directory, name);
    if (!existsSync(path)) continue;
    const values = await loadConfigFile(path);
    for (const key of Object.keys(values)) {
      if (!Object.hasOwn(definitions, key)) throw unknownKey(key, path, settingNames);
    }
    return { path: name, values };
  }
  return { path: '', values: {} };
}

async function loadConfigFile(path: string): Promise<Record<string, unknown>> {
  resolveOwnName();
  try {
    const text = path.endsWith('.json') ? await readFile(path, 'utf8') : null;
    const values = text === null ? (await import(pathToFileURL(path).href)).default : JSON.parse(text);
    if (values === null || typeof values !== 'object' || Array.isArray(values)) {
      throw new Error('expected an object of settings');
    }
    return values;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall !== undefined)
      throw new DroverError('E_FILE', `${path}: ${(cause as Error).message}.`, { cause });
    throw new DroverError('E_SETTING', `${path} cannot be read: ${String(cause)}`, { cause });
  }
}

/** A variable of the environment that a login asks for; undefined if it is not set. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/** The environment of a child process: that of this one, with these variables where it has none. */
export function environmentWith(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...more, ...process.env };
}

/** Where programs are looked for. */
export function currentPath(): string {
  return process.env.PATH ?? '';
}

/** Whether the terminal can only print and has no cursor to move. (Node reads NO_COLOR for hasColors.) */
export function isDumbTerminal(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.TERM === 'dumb';
}

function refuseUnknownVariables(environment: NodeJS.ProcessEnv): void {
  // DROVER_URL belongs to the programs of users (examples/): it tells them where the API is.
  const known = [...settingNames.map(variableOf), 'DROVER_URL'];
  for (const key of Object.keys(environment)) {
    if (key.startsWith('DROVER_') && !known.includes(key)) throw unknownKey(key, 'the environment', known);
  }
}
