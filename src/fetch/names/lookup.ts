// Looks up the addresses of names. It asks the name servers itself: getaddrinfo would fill the thread pool
// while a name server does not answer.
import dns, { Resolver } from 'node:dns';
import { isIP } from 'node:net';
import { DroverError, type Failure, failure } from '../../errors.ts';
import { openHostsFile } from './hosts-file.ts';
import { Pins } from './pins.ts';
import { type NameAnswer, queryName } from './query.ts';

export type Lookup = { ok: true; addresses: readonly string[] } | { ok: false; failure: Failure };

export interface Names {
  /**
   * Looks up the addresses of a name, IPv4 first. `done` is called once; it is called before this function
   * returns if the answer is known already. There is no time limit. The returned function ends the waiting;
   * `done` is then not called. `port`: for which the address is wanted, if for one; see Pins.
   */
  resolve(name: string, done: (lookup: Lookup) => void, port?: number | null): () => void;
  /** Whether `resolve` would answer before it returns. */
  isKnown(name: string, port?: number | null): boolean;
  /** Cancels all questions to name servers. */
  close(): void;
}

const mostKept = 10_000;
const leastKeptMs = 1000;
const longestKeptMs = 300_000;
const absenceKeptMs = 5000;
/**
 * A round: a question is sent three times at most. c-ares sends it again after 1 s, or sooner where the
 * server usually answers at once (five times its usual time, at least 250 ms), and waits twice as long each
 * time. As long as a fetch waits for the answer, drover begins a new round, not sooner than `timeout` for
 * each try.
 */
const defaultRetransmission = { timeout: 1000, tries: 3 };
const loopback = ['127.0.0.1', '::1'];

/**
 * Makes a look-up with a cache. It asks `servers` ("address" or "address:port"), or the system's name servers
 * if the list is empty. Throws E_SETTING if the address of a server is invalid. The first of these that has
 * an answer decides: a literal address, the pins, the cache, the hosts file, localhost (RFC 6761 section
 * 6.3), the name servers. getaddrinfo is asked in two cases only, and only with the system's name servers: if
 * the system has none configured, and for a name without a dot that they do not know. Only getaddrinfo knows
 * the search list and the other sources of nsswitch.conf.
 */
export function createNames(options: NamesOptions): Names {
  return new CachedNames(options);
}

export interface NamesOptions {
  servers: readonly string[];
  /** Names that have addresses of the operator's, in the notation of --resolve. */
  pins?: readonly string[];
  /** Path of the hosts file. Default: /etc/hosts. */
  hostsFile?: string;
  /** `timeout`: milliseconds before a question is sent again; `tries`: how often it is sent. */
  retransmission?: { timeout: number; tries: number };
}

class CachedNames implements Names {
  readonly #makeResolver: () => Resolver;
  readonly #resolver: Resolver;
  readonly #alone = new Set<Resolver>();
  readonly #ofSystem: boolean;
  /** The least time from one round of questions for a name to the next, in milliseconds. */
  readonly #roundMs: number;
  readonly #hosts;
  readonly #pins: Pins;
  readonly #known = new Map<string, { lookup: Lookup; until: number }>();
  readonly #asked = new Map<string, Set<(lookup: Lookup) => void>>();
  #closed = false;

  constructor({
    servers,
    pins = [],
    hostsFile = '/etc/hosts',
    retransmission = defaultRetransmission,
  }: NamesOptions) {
    this.#pins = new Pins(pins);
    this.#makeResolver = () => resolverOf(servers, retransmission);
    this.#resolver = this.#makeResolver();
    this.#ofSystem = servers.length === 0;
    this.#roundMs = retransmission.timeout * retransmission.tries;
    this.#hosts = openHostsFile(hostsFile);
  }

  isKnown(name: string, port: number | null = null): boolean {
    return this.#atHand(keyOf(name), port) !== null;
  }

  resolve(name: string, done: (lookup: Lookup) => void, port: number | null = null): () => void {
    const key = keyOf(name);
    const atHand = this.#atHand(key, port);
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
    for (const resolver of [this.#resolver, ...this.#alone]) resolver.cancel();
  }

  #atHand(name: string, port: number | null): Lookup | null {
    if (isIP(name) !== 0) return { ok: true, addresses: [name] };
    const pinned = this.#pins.addressesOf(name, port);
    if (pinned) return { ok: true, addresses: pinned };
    const known = this.#known.get(name);
    if (known && known.until > performance.now()) return known.lookup;
    const listed = this.#hosts.addressesOf(name);
    if (listed.length > 0) return { ok: true, addresses: listed };
    if (name === 'localhost' || name.endsWith('.localhost')) return { ok: true, addresses: loopback };
    return null;
  }

  #ask(name: string, waiting: Set<unknown>): void {
    const nextRoundAt = performance.now() + this.#roundMs;
    queryName(this.#resolver, name, (answer) => {
      if (answer.kind === 'silent' && waiting.size > 0 && !this.#closed)
        setTimeout(() => this.#askAgain(name, waiting), Math.max(0, nextRoundAt - performance.now())).unref();
      else if (answer.kind === 'temporary' && answer.code === 'EBADRESP' && !this.#closed)
        this.#askAlone(name);
      else this.#hear(name, answer);
    });
  }

  /**
   * After an answer that cannot be read, c-ares gives up all questions of the same socket with the same
   * error. So it is not known whose answer it was, and each is asked on a socket of its own.
   */
  #askAlone(name: string): void {
    const resolver = this.#makeResolver();
    this.#alone.add(resolver);
    queryName(resolver, name, (answer) => {
      this.#alone.delete(resolver);
      this.#hear(name, answer);
    });
  }

  #hear(name: string, answer: NameAnswer): void {
    if (this.#needsSystem(name, answer)) askSystem(name, (second) => this.#finish(name, second));
    else this.#finish(name, answer);
  }

  #askAgain(name: string, waiting: Set<unknown>): void {
    if (waiting.size > 0 && !this.#closed) this.#ask(name, waiting);
    else this.#finish(name, { kind: 'silent' });
  }

  #needsSystem(name: string, answer: NameAnswer): boolean {
    if (!this.#ofSystem) return false;
    if (answer.kind === 'none') return !name.includes('.');
    return answer.kind === 'temporary' && answer.code === 'ECONNREFUSED' && hasNoServer();
  }

  #finish(name: string, answer: NameAnswer): void {
    const lookup = lookupOf(name, answer);
    const keptMs = keptFor(answer);
    if (keptMs > 0) this.#keep(name, lookup, keptMs);
    const waiting = this.#asked.get(name) ?? [];
    this.#asked.delete(name);
    for (const done of waiting) done(lookup);
  }

  #keep(name: string, lookup: Lookup, keptMs: number): void {
    this.#known.delete(name); // moves the name to the end of the map: the oldest answer is deleted first
    if (this.#known.size >= mostKept) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(name, { lookup, until: performance.now() + keptMs });
  }
}

/** The form under which a name is kept. */
function keyOf(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
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

/**
 * Whether the system has no name servers. Without a resolv.conf, c-ares asks this machine, where none
 * answers.
 */
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
