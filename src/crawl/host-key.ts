// The limiter key that a user names by a host or URL.
import { DroverError } from '../errors.ts';
import { limiterKeyOf } from '../url/host.ts';
import { normalizeUrl } from '../url/normalize.ts';

/**
 * Returns `example.com` for `https://Example.com/a` and `Example.com`; any other key unchanged. Throws
 * E_USAGE.
 */
export function hostKey(text: string): string {
  const isUrl = /^https?:\/\//i.test(text);
  const normalized = normalizeUrl(isUrl ? text : `http://${text}/`);
  if ('url' in normalized) return limiterKeyOf(normalized.url);
  // Requests may name limiter keys that are not hosts.
  if (!isUrl && /^[\x21-\x7e]{1,200}$/.test(text)) return text;
  throw new DroverError('E_USAGE', `${JSON.stringify(text)} is neither a host nor another limiter key.`);
}
