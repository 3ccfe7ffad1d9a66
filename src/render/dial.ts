// Connects drover's own proxy to servers, as a fetch would be: the name is looked up and its addresses pass
// the guard here, and the address that was checked is the one that is connected to; through a proxy of the
// operator's if there is one.
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { catalogue, type Failure, failure } from '../errors.ts';
import { type ConnectParts, type ConnectTarget, connectTcp } from '../fetch/connection/connect.ts';
import type { DialEvents } from '../fetch/connection/route.ts';
import { failureOf } from '../fetch/failures.ts';
import { type AllowList, type Guard, refusedByUrl } from '../fetch/guard.ts';
import type { Names } from '../fetch/names/lookup.ts';
import type { Network } from '../fetch/network/network.ts';
import type { ProxyResult, ProxySource } from '../fetch/proxy/source.ts';

export interface DialSource {
  readonly names: Names;
  /** Null: connections begin where the system lets them. */
  readonly network: Network | null;
}

export interface DialLimits {
  readonly guard: Guard;
  readonly allow: AllowList;
  /** Null: straight to the servers. */
  readonly proxies: ProxySource | null;
  readonly timeoutMs: number;
}

export interface DialTarget extends ConnectTarget {
  readonly isSecure: boolean;
}

/** Resolves with a connection to the target, or why there is none. `signal` gives up. */
export async function dialServer(
  { names, network }: DialSource,
  target: DialTarget,
  { guard, allow, proxies, timeoutMs }: DialLimits,
): Promise<Duplex | Failure> {
  const parts = { guard, names, network };
  if (proxies === null) return dialWithin(timeoutMs, target, (done) => straight(target, parts, done));
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const url = new URL(`${target.isSecure ? 'https' : 'http'}://${host}:${target.port}/`);
  const picked = await proxies.pick(url, []);
  if (picked.kind === 'direct') return dialWithin(timeoutMs, target, (done) => straight(target, parts, done));
  if (picked.kind === 'none') return picked.failure;
  const refused = proxies.isByName ? refusedByUrl(url.href, allow) : null;
  if (refused) {
    picked.done('unknown', null);
    return refused;
  }
  const { routeOf } = await import('../fetch/proxy/route.ts');
  const route = routeOf(picked.proxy, proxies.isByName);
  const secureContext = () => tls.createSecureContext();
  const dialled = await dialWithin(timeoutMs, target, (done) => {
    const events: DialEvents = { enter: () => undefined, done: (socket) => done(socket), refused: done };
    return route.dial(target, { ...parts, secureContext }, events);
  });
  const isFailed = 'code' in dialled;
  picked.done(isFailed ? resultOf(dialled) : 'worked', isFailed ? dialled : null);
  return dialled;
}

const resultOf = (reason: Failure): ProxyResult => catalogue[reason.code].ofProxy ?? 'worked';

type Done = (dialled: Duplex | Failure) => void;

function straight(target: ConnectTarget, parts: ConnectParts, done: Done): () => void {
  const peer = `${target.host}:${target.port}`;
  return connectTcp(target, parts, {
    lookup: () => undefined,
    connect: () => undefined,
    done,
    refused: done,
    failed: (error) => done(failureOf(error, { phase: 'connect', chunked: false, peer })),
  });
}

/** `dial` is stopped by what it returns when it takes longer. */
export function dialWithin(
  timeoutMs: number,
  { host, port }: ConnectTarget,
  dial: (done: Done) => () => void,
): Promise<Duplex | Failure> {
  return new Promise((resolve) => {
    let stop: () => void = () => undefined;
    const late = setTimeout(() => {
      stop();
      resolve(failure('E_CONNECT_TIMEOUT', `${host}:${port}, limit ${timeoutMs} ms.`));
    }, timeoutMs);
    stop = dial((dialled) => {
      clearTimeout(late);
      resolve(dialled);
    });
  });
}
