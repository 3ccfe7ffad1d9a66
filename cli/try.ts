// drover try: fetches one page, runs the handler that takes it, and prints what it would emit and enqueue.
import { readSettings } from '../src/config/read.ts';
import { DroverError } from '../src/errors.ts';
import { loadHandlers } from '../src/handlers/load.ts';
import { tryPage } from '../src/handlers/try-page.ts';
import { normalizeUrl } from '../src/url/normalize.ts';
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
  const spelled = normalizeUrl(args[0] ?? '', { maxLength: settings.maxUrlLength });
  if ('failure' in spelled) throw new DroverError(spelled.failure.code, spelled.failure.detail);
  const handlers = await loadHandlers(settings.handlers);
  const { label = null, userData = null } = options;
  const tried = await tryPage({ url: spelled.url, label, userData, log: toStderr }, handlers, settings);
  process.stdout.write(options.json ? `${JSON.stringify(tried)}\n` : triedText(tried));
  return tried.error === null && tried.handler !== null ? EXIT.recorded : EXIT.dead;
}

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
