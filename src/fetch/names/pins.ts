// The addresses that the operator has given to names (--resolve). No name server is asked for them; the
// guard checks them like any other.
import { type ResolveEntry, readResolveEntry } from '../../config/network-forms.ts';

export class Pins {
  readonly #byPlace = new Map<string, readonly string[]>();
  readonly #entries: readonly ResolveEntry[];

  /** In the notation of --resolve. Of two entries for the same host and port, the later one counts. */
  constructor(texts: readonly string[]) {
    this.#entries = texts.map(readResolveEntry);
    for (const { host, port, addresses } of this.#entries) this.#byPlace.set(`${host}:${port}`, addresses);
  }

  /**
   * The addresses of a name (in lower case) at a port; null if it is not pinned. `port` is null for whoever
   * asks about the host as a whole: then those of its first entry.
   */
  addressesOf(name: string, port: number | null): readonly string[] | null {
    if (this.#entries.length === 0) return null;
    if (port !== null) return this.#byPlace.get(`${name}:${port}`) ?? this.#byPlace.get(`*:${port}`) ?? null;
    const of = (host: string) => this.#entries.find((entry) => entry.host === host)?.addresses;
    return of(name) ?? of('*') ?? null;
  }
}
