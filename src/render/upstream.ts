// The connections to servers that drover's own proxy makes for one page in a browser. TLS is drover's too: a
// certificate counts exactly when it would for a fetch (--ca, --insecure).
import http from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Failure } from '../errors.ts';
import { failureOf } from '../fetch/failures.ts';
import type { AllowList } from '../fetch/guard.ts';
import type { ProxySource } from '../fetch/proxy/source.ts';
import { originOf } from '../url/host.ts';
import { type DialSource, type DialTarget, dialServer, dialWithin } from './dial.ts';
import type { Traffic } from './traffic.ts';

/** What the proxy knows of a page. */
export interface ProxiedPage {
  readonly traffic: Traffic;
  readonly allow: AllowList;
  /** Those of the page's session; null: straight to the servers. */
  readonly proxies: ProxySource | null;
  /** The origin of the page. It alone gets `headers`, and sees a certificate of drover (--client-cert). */
  readonly home: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** For a connection, and for TLS on it. */
const CONNECT_MS = 30_000;
const MOST_CONNECTIONS = 32;

/** Why there is no connection to a server. */
export class Unreached extends Error {
  readonly failure: Failure;
  constructor(reason: Failure) {
    super(reason.code);
    this.failure = reason;
  }
}

/** Keeps the connections of one page, for http or for https. */
export function agentOfPage(source: DialSource, page: ProxiedPage, isSecure: boolean): http.Agent {
  const agent = new http.Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });
  agent.createConnection = (options, connected) => {
    const target = { host: options.host ?? '', port: Number(options.port), isSecure };
    void connect(source, page, target).then((upstream) => {
      if ('code' in upstream) return connected?.(new Unreached(upstream), null as unknown as Duplex);
      upstream.on('error', () => undefined);
      page.traffic.follow(upstream, urlOf(target));
      connected?.(null, upstream);
    });
    return null;
  };
  return agent;
}

async function connect(source: DialSource, page: ProxiedPage, target: DialTarget): Promise<Duplex | Failure> {
  const { traffic, allow, proxies } = page;
  const limits = { guard: traffic.guard, allow, proxies, timeoutMs: CONNECT_MS };
  const tcp = await dialServer(source, target, limits);
  return 'code' in tcp || !target.isSecure ? tcp : secured(source, page, target, tcp);
}

let usual: tls.SecureContext | null = null;

function secured(
  { network }: DialSource,
  { traffic, home }: ProxiedPage,
  target: DialTarget,
  tcp: Duplex,
): Promise<Duplex | Failure> {
  const { host, port } = target;
  const own = network?.tlsFor({ host, port }, traffic.guard);
  const shown = originOf(urlOf(target)) === home ? own?.secureContext : undefined;
  if (network === null) usual ??= tls.createSecureContext();
  const context = shown ?? network?.secureContext() ?? usual;
  const socket = tls.connect({
    ...{ socket: tcp, host, servername: isIP(host) === 0 ? host : '', ALPNProtocols: ['http/1.1'] },
    ...(context === null ? {} : { secureContext: context }),
    ...(own?.rejectUnauthorized === false ? { rejectUnauthorized: false } : {}),
  });
  const place = { phase: 'tls' as const, chunked: false, peer: `${host}:${port}` };
  return dialWithin(CONNECT_MS, target, (done) => {
    const failed = (error: Error) => done(failureOf(error, place));
    socket.once('error', failed);
    socket.once('close', () => failed(new Error('closed during the TLS handshake')));
    socket.once('secureConnect', () => done(socket));
    return () => socket.destroy();
  });
}

function urlOf({ host, port, isSecure }: DialTarget): string {
  return `${isSecure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}
