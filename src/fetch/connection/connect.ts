// Makes a TCP connection to a name or an address: looks up the name, lets the guard check the addresses, and
// tries the addresses one after the other with a short delay; the first that answers is used ("happy
// eyeballs", RFC 8305).
import net from 'node:net';
import { type Failure, failure } from '../../errors.ts';
import type { Guard } from '../guard.ts';
import type { Lookup, Names } from '../names/lookup.ts';

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

export interface ConnectEvents {
  /** Called when the look-up begins. Not called for an address. */
  lookup(): void;
  /** Called before the first SYN is sent. SYNs are sent only to addresses that the guard allows. */
  connect(): void;
  done(socket: net.Socket): void;
  /** Called when the look-up fails or the guard refuses all addresses. */
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
  guard: Guard,
  names: Names,
  events: ConnectEvents,
): () => void {
  let stop: () => void = () => undefined;
  const stopLookup = lookUpAllowed(target, guard, names, {
    lookup: () => events.lookup(),
    passed: (addresses) => {
      events.connect();
      stop = race(addresses, target.port, events);
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
  return names.resolve(target.host, (lookup: Lookup) => {
    if (lookup.ok) go(lookup.addresses);
    else events.refused(lookup.failure);
  });
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

/**
 * Tries the addresses. The first connection is used, the other attempts end. The returned function ends them
 * all.
 */
function race(addresses: readonly string[], port: number, events: ConnectEvents): () => void {
  const open = new Set<net.Socket>();
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  let firstError: NodeJS.ErrnoException | null = null;

  const stop = () => {
    clearTimeout(timer);
    next = addresses.length;
    for (const socket of open) socket.destroy();
    open.clear();
  };
  const attempt = () => {
    clearTimeout(timer);
    const host = addresses[next++];
    if (host === undefined) return;
    const socket = net.connect({ host, port, noDelay: true, autoSelectFamily: false });
    open.add(socket);
    const onError = (error: NodeJS.ErrnoException) => {
      if (!open.delete(socket)) return;
      firstError ??= error;
      if (next < addresses.length) attempt();
      else if (open.size === 0) events.failed(firstError);
    };
    socket.on('error', onError);
    socket.once('connect', () => {
      if (!open.delete(socket)) return;
      socket.removeListener('error', onError);
      stop();
      events.done(socket);
    });
    if (next < addresses.length) timer = setTimeout(attempt, attemptMs);
  };
  attempt();
  return stop;
}
