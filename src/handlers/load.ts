// Loads handler files with Node's own type stripping.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolveOwnName } from '../config/own-name.ts';
import { DroverError } from '../errors.ts';
import { checkHandler, type Handler } from './define.ts';
import { whyNotLoaded } from './load-failures.ts';

/**
 * Loads handlers in the order given: files, whose default export is a handler or an array of them, and
 * handlers that a program gives. A relative path belongs to `directory`. Throws E_HANDLER_FILE, with the file
 * and, where it is known, the line.
 */
export async function loadHandlers(
  given: readonly (string | object)[],
  directory = process.cwd(),
): Promise<Handler[]> {
  const handlers: Handler[] = [];
  for (const one of given) {
    if (typeof one === 'string') handlers.push(...(await loadFile(resolve(directory, one))));
    else handlers.push(checkHandler(one, 'handlers'));
  }
  const names = handlers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new DroverError('E_HANDLER_FILE', `Two handlers are called ${twice}: give each its own name.`);
  return handlers;
}

async function loadFile(path: string): Promise<Handler[]> {
  if (!existsSync(path)) throw new DroverError('E_HANDLER_FILE', `${path}: there is no such file.`);
  resolveOwnName();
  let loaded: { default?: unknown };
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (cause) {
    throw new DroverError('E_HANDLER_FILE', whyNotLoaded(cause, path), { cause });
  }
  const { default: exported } = loaded;
  if (exported === undefined)
    throw new DroverError(
      'E_HANDLER_FILE',
      `${path}: it has no default export; write export default defineHandler({ … }).`,
    );
  const all = Array.isArray(exported) ? exported : [exported];
  if (all.length === 0) throw new DroverError('E_HANDLER_FILE', `${path}: it exports no handlers.`);
  return all.map((one) => checkHandler(one, path));
}
