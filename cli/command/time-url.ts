// explain --timing: which fleet there is to ask, and under which settings the request is sent.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type GivenFlags, readSettings } from '../../src/config/read.ts';
import type { SettingName, Settings } from '../../src/config/settings.ts';
import { createLoadedCrawls } from '../../src/crawl/loaded-crawl.ts';
import { DroverError } from '../../src/errors.ts';
import { timeUrl, type UrlTiming } from '../../src/explain/time-url.ts';
import { assumedText } from '../../src/seeds/bare-url.ts';
import { parseSeedValue } from '../../src/seeds/read.ts';
import type { ExplainOptions } from '../options.ts';
import { openStoreSession, type StoreSession } from './store-session.ts';

/** How long --timing waits for a slot of its host, or for the time of its start. */
const PATIENCE_MS = 30_000;

/** Throws what the URL is not fit for: E_URL_INVALID, E_URL_SCHEME and the like; E_SETTING. */
export async function readTimed(
  text: string,
  flags: GivenFlags,
): Promise<{ url: string; settings: Settings }> {
  const settings = await readSettings(flags);
  const seed = parseSeedValue(text, { maxLength: settings.maxUrlLength });
  if ('failure' in seed) throw new DroverError(seed.failure.code, seed.failure.detail);
  const { url } = seed.input;
  if (seed.assumed) process.stderr.write(`${assumedText(seed.assumed, url)}\n`);
  return { url, settings };
}

/** Null when no fleet is set and none has been in this data directory: nothing is started for a timing. */
export async function sessionIfAny(
  settings: Settings,
  { settings: flags, crawl }: ExplainOptions,
): Promise<StoreSession | null> {
  if (!settings.redisUrl && !existsSync(join(settings.dataDir, 'redis'))) {
    if (crawl === undefined) return null;
    throw new DroverError('E_CRAWL_UNKNOWN', `${crawl}. There is no crawl in ${settings.dataDir}.`);
  }
  return openStoreSession(flags).catch((error: unknown) => {
    if (!(error instanceof DroverError) || error.layer !== 'redis' || crawl !== undefined) throw error;
    process.stderr.write(`without the decisions and the limits of the fleet: ${error.message}\n`);
    return null;
  });
}

interface Timed {
  url: string;
  settings: Settings;
  options: ExplainOptions;
}

/** The limits of `crawl` hold, or the defaults for ''. The settings are its own if it was named. */
export async function timeIn(
  session: StoreSession | null,
  crawl: string,
  { url, settings, options }: Timed,
): Promise<UrlTiming> {
  const { repeat, crawl: named } = options;
  const asked =
    session && named !== undefined ? await settingsIn(session, crawl, options.settings) : settings;
  const gate = session && { fleet: session.fleet, crawl, patienceMs: PATIENCE_MS };
  return timeUrl({ url, settings: asked, mayNameHost: true, repeat, gate });
}

/** The settings of a named crawl; flags come before them. */
async function settingsIn(
  { fleet, settings }: StoreSession,
  crawl: string,
  flags: GivenFlags,
): Promise<Settings> {
  const loaded = await createLoadedCrawls(fleet).get(crawl);
  const given = (Object.keys(flags) as SettingName[]).filter((name) => flags[name] !== undefined);
  return {
    ...settings,
    ...loaded?.settings,
    ...Object.fromEntries(given.map((name) => [name, settings[name]])),
  };
}
