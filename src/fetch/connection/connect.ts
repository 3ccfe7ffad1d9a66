// Makes a TCP connection to a name or an address: looks up the name, lets the guard check the addresses, and
// tries the addresses one after the other with a short delay, both families in turn; the first that answers
// is used ("happy eyeballs", RFC 8305).
import net from 'node:net';
import { type Failure, failure } from '../../errors.ts';
import type { Guard } from '../guard.ts';
import type { Lookup, Names } from '../names/lookup.ts';
import type { Network } from '../network/network.ts';

/**
 * Delay after which the next address is tried as well, while the one before it is still tried (RFC 8305
 * section 5).
 */
const attemptMs = 250;

export interface ConnectTarget {
  /** A name or address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ConnectParts {
  readonly guard: Guard;
  readonly names: Names;
  /** Null: connections begin where the system lets them. */
  readonly network: Network | null;
}

export interface ConnectEvents {
  /** Called when the look-up begins. Not called for an address. */
  lookup(): void;
  /** Called before the first SYN is sent. SYNs are sent only to addresses that the guard allows. */
  connect(): void;
  done(socket: net.Socket): void;
  /** Called when the look-up fails, the guard refuses all addresses, or --interface leads to none. */
  refused(failure: Failure): void;
  /**
   * Called when no address can be connected to, with the system's error for the address that failed first.
   */
  failed(error: NodeJS.ErrnoException): void;
}

/**
 * Connects to `target`. Calls `done`, `refused` or `failed` exactly once. Calling the returned function
 * before that ends all attempts, and none of the three is called.
 */
export function connectTcp(
  target: ConnectTarget,
  { guard, names, network }: ConnectParts,
  events: ConnectEvents,
): () => void {
  let stop: () => void = () => undefined;
  const stopLookup = lookUpAllowed(target, guard, names, {
    lookup: () => events.lookup(),
    passed: (addresses) => {
      const ways = interleaved(addresses).map((host) => ({
        host,
        localAddress: network?.localAddressFor(host),
      }));
      const open = ways.filter((way): way is Way => way.localAddress !== null);
      if (open.length === 0) return events.refused(cutOff(target, addresses, network?.interfaceName));
      events.connect();
      stop = race(open, target.port, events);
    },
    refused: (failure) => events.refused(failure),
  });
  return () => {
    stopLookup();
    stop();
  };
}

export interface LookupEvents {
  /** Called when the look-up begins. Not called for an address. */
  lookup(): void;
  /** The addresses of the target to which the guard lets drover connect: at least one. */
  passed(addresses: readonly string[]): void;
  refused(failure: Failure): void;
}

/**
 * Looks the target up and asks the guard. Calls `passed` or `refused` once, perhaps before it returns. The
 * returned function ends the waiting.
 */
export function lookUpAllowed(
  target: ConnectTarget,
  guard: Guard,
  names: Names,
  events: LookupEvents,
): () => void {
  const go = (addresses: readonly string[]) => {
    const passed = passGuard(target, addresses, guard);
    if (Array.isArray(passed)) events.passed(passed);
    else events.refused(passed as Failure);
  };
  if (net.isIP(target.host) !== 0) {
    go([target.host]);
    return () => undefined;
  }
  events.lookup();
  const hear = (lookup: Lookup) => {
    if (lookup.ok) go(lookup.addresses);
    else events.refused(lookup.failure);
  };
  return names.resolve(target.host, hear, target.port);
}

/** Both families in turn (RFC 8305 section 4), the first address first, else in the order of the look-up. */
export function interleaved(addresses: readonly string[]): string[] {
  const isSix = net.isIPv6(addresses[0] ?? '');
  const first = addresses.filter((address) => net.isIPv6(address) === isSix);
  const other = addresses.filter((address) => net.isIPv6(address) !== isSix);
  if (other.length === 0) return first;
  const most = Math.max(first.length, other.length);
  return Array.from({ length: most }, (_, at) => [first[at], other[at]])
    .flat()
    .filter((address) => address !== undefined);
}

function cutOff({ host }: ConnectTarget, [address = '']: readonly string[], from?: string): Failure {
  const family = net.isIPv6(address) ? 'IPv6' : 'IPv4';
  return failure('E_CONNECT_UNREACHABLE', `${host} has ${family} alone, and --interface ${from} has none.`);
}

function passGuard(
  target: ConnectTarget,
  addresses: readonly string[],
  guard: Guard,
): readonly string[] | Failure {
  if (guard.names(target.host, target.port)) return addresses;
  const refusals = addresses.map((address) => guard.refuses(address));
  const passed = addresses.filter((_, index) => refusals[index] === null);
  if (passed.length > 0) return passed;
  const where = target.host === addresses[0] ? '' : ` has the address ${addresses[0]}`;
  return failure('E_SSRF', `${target.host}${where} (${refusals[0]}), port ${target.port}.`);
}

/** An address to try. `localAddress`: where the connection begins, if that is said. */
interface Way {
  readonly host: string;
  readonly localAddress: string | undefined;
}

/**
 * Tries the addresses. The first connection is used, the other attempts end. The returned function ends them
 * all.
 */
function race(ways: readonly Way[], port: number, events: ConnectEvents): () => void {
  const open = new Set<net.Socket>();
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  let firstError: NodeJS.ErrnoException | null = null;

  const stop = () => {
    clearTimeout(timer);
    next = ways.length;
    for (const socket of open) socket.destroy();
    open.clear();
  };
  const attempt = () => {
    clearTimeout(timer);
    const way = ways[next++];
    if (way === undefined) return;
    const socket = net.connect({ ...way, port, noDelay: true, autoSelectFamily: false });
    open.add(socket);
    const onError = (error: NodeJS.ErrnoException) => {
      if (!open.delete(socket)) return;
      firstError ??= error;
      if (next < ways.length) attempt();
      else if (open.size === 0) events.failed(firstError);
    };
    socket.on('error', onError);
    socket.once('connect', () => {
      if (!open.delete(socket)) return;
      socket.removeListener('error', onError);
      stop();
      events.done(socket);
    });
    if (next < ways.length) timer = setTimeout(attempt, attemptMs);
  };
  attempt();
  return stop;
}
