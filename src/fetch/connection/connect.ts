// A TCP connection to a name or address: look-up, guard, then the addresses raced (RFC 8305).
import net from 'node:net';
import { type Failure, failure } from '../../errors.ts';
import type { Guard } from '../guard.ts';
import type { Lookup, Names } from '../names/lookup.ts';

/** How long one address is tried alone before the next is tried beside it (RFC 8305 section 5). */
const attemptMs = 250;

export interface ConnectTarget {
  /** A name or address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ConnectEvents {
  /** The look-up begins: for names alone. */
  lookup(): void;
  /** The first SYN is sent: to an address that the guard has passed, and to no other. */
  connect(): void;
  done(socket: net.Socket): void;
  /** Refused by the look-up or the guard: an error with a code of our own. */
  refused(failure: Failure): void;
  /** What the system said of the first address. */
  failed(error: NodeJS.ErrnoException): void;
}

/** Calls `done`, `refused` or `failed` once, unless the function returned, which gives it all up, is called before. */
export function connectTcp(
  target: ConnectTarget,
  guard: Guard,
  names: Names,
  events: ConnectEvents,
): () => void {
  let stop: () => void = () => undefined;
  const go = (addresses: readonly string[]) => {
    const passed = passGuard(target, addresses, guard);
    if (!Array.isArray(passed)) return events.refused(passed as Failure);
    events.connect();
    stop = race(passed, target.port, events);
  };
  if (net.isIP(target.host) !== 0) {
    go([target.host]);
  } else {
    events.lookup();
    const stopWaiting = names.resolve(target.host, (lookup: Lookup) => {
      if (lookup.ok) go(lookup.addresses);
      else events.refused(lookup.failure);
    });
    // An answer that was at hand has begun the race already.
    const racing = stop;
    stop = () => {
      stopWaiting();
      racing();
    };
  }
  return () => stop();
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

/** The first address to connect wins, and the others are given up. */
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
