// One address that stands for a name, so that names of one server can be told.
import type { Names } from './lookup.ts';

const PATIENCE_MS = 5000;

/** The least of the name's addresses (IPv4 before IPv6), null if it has none or nobody answers in 5 s. */
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
