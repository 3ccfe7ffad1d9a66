// Loads handler files with Node's own type stripping.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolveOwnName } from '../config/own-name.ts';
import { DroverError } from '../errors.ts';
import { checkHandler, type Handler } from './define.ts';
import { whyNotLoaded } from './load-failures.ts';

/** What a file awaits at its top level may take. */
export const LOAD_LIMIT_MS = 60_000;

/**
 * Loads handlers in the order given: files, whose default export is a handler or an array of them, and
 * handlers that a program gives. A relative path belongs to `directory`. Throws E_HANDLER_FILE, with the file
 * and, where it is known, the line.
 */
export async function loadHandlers(
  given: readonly (string | object)[],
  { directory = process.cwd(), limitMs = LOAD_LIMIT_MS }: { directory?: string; limitMs?: number } = {},
): Promise<Handler[]> {
  const handlers: Handler[] = [];
  for (const one of given) {
    if (typeof one === 'string') handlers.push(...(await loadFile(resolve(directory, one), limitMs)));
    else handlers.push(checkHandler(one, 'handlers'));
  }
  const names = handlers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new DroverError('E_HANDLER_FILE', `Two handlers are called ${twice}: give each its own name.`);
  return handlers;
}

async function loadFile(path: string, limitMs: number): Promise<Handler[]> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new DroverError('E_HANDLER_FILE', `${path}: there is no such file.`);
  if (stats.isDirectory())
    throw new DroverError('E_HANDLER_FILE', `${path}: it is a folder; name a file in it.`);
  resolveOwnName();
  let loaded: { default?: unknown } | null;
  try {
    loaded = await within(limitMs, import(pathToFileURL(path).href));
  } catch (cause) {
    throw new DroverError('E_HANDLER_FILE', whyNotLoaded(cause, path), { cause });
  }
  if (loaded === null)
    throw new DroverError(
      'E_HANDLER_FILE',
      `${path}: after ${limitMs / 1000} s, it has not been loaded: an await outside of all functions has not ended. Put it into a function that run calls.`,
    );
  const { default: exported } = loaded;
  if (exported === undefined || isEmptyObject(exported))
    throw new DroverError(
      'E_HANDLER_FILE',
      `${path}: it has no default export; write export default defineHandler({ … }).`,
    );
  const all = Array.isArray(exported) ? exported : [exported];
  if (all.length === 0) throw new DroverError('E_HANDLER_FILE', `${path}: it exports no handlers.`);
  return all.map((one) => checkHandler(one, path));
}

/** A file without import and export is CommonJS, whose export is an empty object at first. */
function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}

/** Null after this time. Until then the process goes on: without a timer, an await without an end ends it. */
async function within<T>(limitMs: number, loading: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), limitMs);
  try {
    return await Promise.race([loading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
