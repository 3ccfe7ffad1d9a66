// Waits for the addresses of a name before a fetch needs them, so that the wait holds nothing else up.
import { type Failure, failure } from '../../errors.ts';
import type { Names } from './lookup.ts';

/**
 * Resolves with null when the name has addresses, otherwise with the reason: E_DNS_TIMEOUT after `limitMs`,
 * or what the name server said. Aborting ends the wait with null: the fetch then tells of the abort itself.
 */
export function awaitName(
  names: Names,
  hostname: string,
  limitMs: number,
  signal?: AbortSignal,
): Promise<Failure | null> {
  return new Promise((resolve) => {
    const finish = (reason: Failure | null) => {
      clearTimeout(late);
      signal?.removeEventListener('abort', leave);
      resolve(reason);
    };
    const leave = () => {
      stop();
      finish(null);
    };
    const late = setTimeout(() => {
      stop();
      finish(failure('E_DNS_TIMEOUT', `Limit ${limitMs} ms.`));
    }, limitMs);
    signal?.addEventListener('abort', leave, { once: true });
    const stop = names.resolve(hostname, (lookup) => finish(lookup.ok ? null : lookup.failure));
  });
}
