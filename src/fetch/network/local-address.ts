// Where connections begin (--interface): an address of the machine, or the addresses of an interface.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DroverError } from '../../errors.ts';

/** How long the addresses of an interface are taken as read, in milliseconds. They may change. */
const KEPT_MS = 5000;

type Family = 4 | 6;

export class LocalAddress {
  /** As the operator gave it. */
  readonly name: string;
  #known: Record<Family, string | null>;
  #readAt = performance.now();

  /** Throws E_SETTING for an interface that the machine does not have. */
  constructor(name: string) {
    this.name = name;
    const found = addressesOf(name);
    if (found === null) {
      const others = Object.keys(networkInterfaces()).join(', ');
      throw new DroverError(
        'E_SETTING',
        `--interface: this machine has no interface ${JSON.stringify(name)}${others ? `; it has ${others}` : ''}.`,
      );
    }
    this.#known = found;
  }

  /** Null if there is none of this family. */
  of(family: Family): string | null {
    const now = performance.now();
    if (now - this.#readAt > KEPT_MS) {
      this.#readAt = now;
      this.#known = addressesOf(this.name) ?? { 4: null, 6: null };
    }
    return this.#known[family];
  }
}

/**
 * The first of each family; of IPv6, none that holds on its own link alone. Null: there is no such interface.
 */
function addressesOf(name: string): Record<Family, string | null> | null {
  const family = isIP(name);
  if (family !== 0) return { 4: family === 4 ? name : null, 6: family === 6 ? name : null };
  const all = networkInterfaces()[name];
  if (all === undefined) return null;
  const first = (wanted: string) =>
    all.find((one) => one.family === wanted && !/^fe[89ab]/i.test(one.address))?.address ?? null;
  return { 4: first('IPv4'), 6: first('IPv6') };
}
