// One address for each name, so that several names of the same server can be recognised.
import type { Names } from './lookup.ts';

const PATIENCE_MS = 5000;

/**
 * The lowest of the name's addresses in the order of text, IPv4 before IPv6. Null if the name has no address
 * or if no name server answers within 5 s. Never rejects.
 */
export function firstAddress(names: Names, hostname: string): Promise<string | null> {
  const name = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      stop();
      resolve(null);
    }, PATIENCE_MS);
    const stop = names.resolve(name, (lookup) => {
      clearTimeout(late);
      if (!lookup.ok) return resolve(null);
      const [v4 = [], v6 = []] = [false, true].map((wanted) =>
        lookup.addresses.filter((address) => address.includes(':') === wanted).sort(),
      );
      resolve(v4[0] ?? v6[0] ?? null);
    });
  });
}
