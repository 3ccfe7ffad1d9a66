// Names to addresses, without the thread pool that getaddrinfo would fill while a name server is silent.
import dns, { Resolver } from 'node:dns';
import { isIP } from 'node:net';
import { DroverError, type Failure, failure } from '../../errors.ts';
import { openHostsFile } from './hosts-file.ts';
import { type NameAnswer, queryName } from './query.ts';

export type Lookup = { ok: true; addresses: readonly string[] } | { ok: false; failure: Failure };

export interface Names {
  /**
   * Addresses of a name, IPv4 first; `done` is called once, at once if the answer is at hand. There is no time limit
   * here: the function returned ends the waiting.
   */
  resolve(name: string, done: (lookup: Lookup) => void): () => void;
  close(): void;
}

const mostKept = 10_000;
const leastKeptMs = 1000;
const longestKeptMs = 300_000;
const absenceKeptMs = 5000;
/** A question without an answer is repeated after a second, two, four; then, while someone waits, it is asked anew. */
const defaultRetransmission = { timeout: 1000, tries: 3 };
const loopback = ['127.0.0.1', '::1'];

/**
 * Asks `servers` ("address" or "address:port"; E_SETTING if one is neither), or those of the system if there are none.
 * The order: literal addresses, localhost (RFC 6761 section 6.3), the hosts file, what is known, the name servers.
 * getaddrinfo is asked only when the system has no name server set, or for a name without a dot that they do not
 * know, since it alone follows the search list and the other sources of nsswitch.conf.
 */
export function createNames(options: NamesOptions): Names {
  return new CachedNames(options);
}

export interface NamesOptions {
  servers: readonly string[];
  /** Default /etc/hosts. */
  hostsFile?: string;
  /** Milliseconds before the first repetition, and how often a question is sent. */
  retransmission?: { timeout: number; tries: number };
}

class CachedNames implements Names {
  readonly #resolver: Resolver;
  readonly #ofSystem: boolean;
  readonly #hosts;
  readonly #known = new Map<string, { lookup: Lookup; until: number }>();
  readonly #asked = new Map<string, Set<(lookup: Lookup) => void>>();
  #closed = false;

  constructor({ servers, hostsFile = '/etc/hosts', retransmission = defaultRetransmission }: NamesOptions) {
    this.#resolver = resolverOf(servers, retransmission);
    this.#ofSystem = servers.length === 0;
    this.#hosts = openHostsFile(hostsFile);
  }

  resolve(name: string, done: (lookup: Lookup) => void): () => void {
    const key = name.toLowerCase().replace(/\.$/, '');
    const atHand = this.#atHand(key);
    if (atHand) {
      done(atHand);
      return () => undefined;
    }
    let waiting = this.#asked.get(key);
    if (!waiting) {
      waiting = new Set();
      this.#asked.set(key, waiting);
      this.#ask(key, waiting);
    }
    waiting.add(done);
    return () => waiting.delete(done);
  }

  close(): void {
    this.#closed = true;
    this.#resolver.cancel();
  }

  #atHand(name: string): Lookup | null {
    if (isIP(name) !== 0) return { ok: true, addresses: [name] };
    const known = this.#known.get(name);
    if (known && known.until > performance.now()) return known.lookup;
    const listed = this.#hosts.addressesOf(name);
    if (listed.length > 0) return { ok: true, addresses: listed };
    if (name === 'localhost' || name.endsWith('.localhost')) return { ok: true, addresses: loopback };
    return null;
  }

  #ask(name: string, waiting: Set<unknown>): void {
    queryName(this.#resolver, name, (answer) => {
      if (answer.kind === 'silent' && waiting.size > 0 && !this.#closed) this.#ask(name, waiting);
      else if (this.#wantsSystem(name, answer)) askSystem(name, (second) => this.#settle(name, second));
      else this.#settle(name, answer);
    });
  }

  #wantsSystem(name: string, answer: NameAnswer): boolean {
    if (!this.#ofSystem) return false;
    if (answer.kind === 'none') return !name.includes('.');
    return answer.kind === 'temporary' && answer.code === 'ECONNREFUSED' && hasNoServer();
  }

  #settle(name: string, answer: NameAnswer): void {
    const lookup = lookupOf(name, answer);
    const keptMs = keptFor(answer);
    if (keptMs > 0) this.#keep(name, lookup, keptMs);
    const waiting = this.#asked.get(name) ?? [];
    this.#asked.delete(name);
    for (const done of waiting) done(lookup);
  }

  #keep(name: string, lookup: Lookup, keptMs: number): void {
    this.#known.delete(name); // to the end of the order: the oldest answer goes first
    if (this.#known.size >= mostKept) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(name, { lookup, until: performance.now() + keptMs });
  }
}

function resolverOf(
  servers: readonly string[],
  retransmission: { timeout: number; tries: number },
): Resolver {
  const resolver = new Resolver(retransmission);
  try {
    if (servers.length > 0) resolver.setServers(servers);
  } catch (cause) {
    throw new DroverError('E_SETTING', `dnsServers: ${(cause as Error).message}.`, { cause });
  }
  return resolver;
}

/** Without a resolv.conf, c-ares asks this machine, where nobody answers. */
function hasNoServer(): boolean {
  return dns.getServers().every((server) => loopback.includes(server));
}

function askSystem(name: string, done: (answer: NameAnswer) => void): void {
  dns.lookup(name, { all: true, order: 'ipv4first' }, (error, found) => {
    if (!error) done({ kind: 'found', addresses: found.map(({ address }) => address), ttlSeconds: 0 });
    else if (error.code === 'ENOTFOUND') done({ kind: 'none' });
    else done({ kind: 'temporary', code: error.code ?? 'EUNKNOWN' });
  });
}

function lookupOf(name: string, answer: NameAnswer): Lookup {
  switch (answer.kind) {
    case 'found':
      return { ok: true, addresses: answer.addresses };
    case 'none':
      return { ok: false, failure: failure('E_DNS_NOT_FOUND', `${name}.`) };
    case 'silent':
      return { ok: false, failure: failure('E_DNS_TIMEOUT', `${name}.`) };
    case 'temporary':
      return { ok: false, failure: failure('E_DNS_TEMPORARY', `${name}: ${answer.code}.`) };
    default:
      return answer satisfies never;
  }
}

function keptFor(answer: NameAnswer): number {
  if (answer.kind === 'none') return absenceKeptMs;
  if (answer.kind !== 'found') return 0;
  return Math.min(Math.max(answer.ttlSeconds * 1000, leastKeptMs), longestKeptMs);
}
