// The hook that refreshes a bearer token: a module of the user's, whose default export is a function.
import { pathToFileURL } from 'node:url';
import { resolveOwnName } from '../../config/own-name.ts';
import { DroverError } from '../../errors.ts';
import { redact } from '../../redact.ts';
import type { FreshToken } from './keepers.ts';

/** How long the module may take, its loading included. */
export const FRESH_TOKEN_MS = 10_000;

/** What the function is given. */
export interface TokenRequest {
  readonly origin: string;
  /** Aborted when its time is over. */
  readonly signal: AbortSignal;
}

/** The module is loaded for the first token. Its errors are E_CREDENTIALS. */
export function freshTokenBy(path: string, origin: string, limitMs = FRESH_TOKEN_MS): FreshToken {
  return async () => {
    const over = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      over.abort();
      late.reject(new Error(`it took longer than ${limitMs / 1000} s`));
    }, limitMs);
    try {
      return await Promise.race([ask(path, { origin, signal: over.signal }), late.promise]);
    } catch (error) {
      const why = redact(String((error as Error)?.message ?? error)).slice(0, 300);
      throw new DroverError('E_CREDENTIALS', `${origin}: ${path}: ${why.replace(/\.$/, '')}.`);
    } finally {
      clearTimeout(timer);
    }
  };
}

export function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(text);
}

async function ask(path: string, request: TokenRequest): Promise<string> {
  resolveOwnName();
  const { default: fresh } = await import(pathToFileURL(path).href);
  if (typeof fresh !== 'function') throw new Error('its default export is no function');
  const token: unknown = await fresh(request);
  if (typeof token !== 'string') throw new Error('it returned no text');
  if (!isToken(token)) throw new Error('a token holds visible ASCII characters alone');
  return token;
}
