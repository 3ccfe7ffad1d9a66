// What a fetcher is made with.
import type { AuthorizationSource } from '../credentials/source.ts';
import type { NetworkSettings } from '../network/settings.ts';
import type { ProxySource } from '../proxy/source.ts';

export interface FetcherOptions {
  /**
   * The largest number of requests in flight, and so of connections in use. A fetch beyond it waits. The
   * limit of idle connections is twice this number, and at least 128.
   */
  concurrency: number;
  /** Name servers ("address" or "address:port") to ask. If the list is empty: those of the system. */
  dnsServers: readonly string[];
  /** Certificate authorities (PEM) to trust instead of those of Node. */
  ca?: string;
  /** The identity that `auto` means. */
  identityFile?: string;
  /** Where connections begin, what names mean, and whom TLS trusts. */
  network?: NetworkSettings | null;
  /** What is sent to which origin, and to no other. */
  credentials?: AuthorizationSource | null;
  /** Null: every connection goes straight to the server. */
  proxies: ProxySource | null;
}
