// drover try: fetches one page, runs the handler that takes it, and prints what it would emit and enqueue.
import { readSettings } from '../src/config/read.ts';
import { defaultSettings, flagOf } from '../src/config/settings.ts';
import { DroverError } from '../src/errors.ts';
import { loadHandlers } from '../src/handlers/load.ts';
import { tryPage } from '../src/handlers/try-page.ts';
import { assumedText } from '../src/seeds/bare-url.ts';
import { parseSeedValue } from '../src/seeds/read.ts';
import { EXIT } from './command/failures.ts';
import { rerunAtEachSave } from './command/watch-files.ts';
import type { TryOptions } from './options.ts';
import { triedText } from './terminal/tried-text.ts';

/** Resolves with the exit code: 1 when no handler has done its work. Throws E_USAGE, E_HANDLER_FILE. */
export async function run(args: string[], options: TryOptions): Promise<number> {
  const settings = await readSettings(options.settings);
  if (settings.handlers.length === 0)
    throw new DroverError('E_USAGE', 'drover try needs a handler: --handler FILE.');
  if (options.watch)
    return rerunAtEachSave(settings.handlers.filter((handler) => typeof handler === 'string'));
  const seed = parseSeedValue(args[0] ?? '', { maxLength: settings.maxUrlLength });
  if ('failure' in seed) throw new DroverError(seed.failure.code, seed.failure.detail);
  const { url } = seed.input;
  if (seed.assumed) process.stderr.write(`${assumedText(seed.assumed, url)}\n`);
  const handlers = await loadHandlers(settings.handlers);
  const unused = leftOut.filter((name) => settings[name] !== defaultSettings[name]).map(flagOf);
  if (unused.length > 0)
    process.stderr.write(`drover try leaves out ${unused.join(', ')}: a crawl may get another page\n`);
  const { label = null, userData = null } = options;
  const tried = await tryPage({ url, label, userData, log: toStderr }, handlers, settings);
  process.stdout.write(options.json ? `${JSON.stringify(tried)}\n` : triedText(tried));
  return tried.error === null && tried.handler !== null ? EXIT.recorded : EXIT.dead;
}

/** What a single page without a crawl does not go through. */
const leftOut = ['sessions', 'login', 'loginUrl', 'render', 'renderWhen'] as const;

const write =
  (level: string) =>
  (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
    process.stderr.write(`${level}: ${message}${more}\n`);
  };
/** What the handler logs. */
const toStderr = {
  debug: write('debug'),
  info: write('info'),
  warn: write('warn'),
  error: write('error'),
};
