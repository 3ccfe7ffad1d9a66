// A way to servers that leads through a proxy, as the agents use it. What it is made of is loaded only where
// there are proxies (src/fetch/proxy/).
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import type { Failure } from '../../errors.ts';
import type { Guard } from '../guard.ts';
import type { Names } from '../names/lookup.ts';
import type { Network } from '../network/network.ts';
import type { Blame, Phase } from '../timeouts.ts';
import type { ConnectTarget } from './connect.ts';

export interface Route {
  /** Requests share connections only if their routes have the same key. It may hold a password. */
  readonly key: string;
  /** The proxy as messages and records name it. */
  readonly name: string;
  /** The proxy looks up the names of servers, so that the guard sees only addresses in URLs. */
  readonly isByName: boolean;
  /** How plain http is asked for. Null: through a tunnel, as https always is. */
  readonly absoluteForm: AbsoluteForm | null;
  /**
   * Makes a connection to the target. Calls `done` or `refused` once; calling the returned function before
   * that gives up, and neither is called.
   */
  dial(target: ConnectTarget, parts: DialParts, events: DialEvents): () => void;
  /** Makes a connection to the proxy itself, for requests in absolute form. */
  dialProxy(parts: DialParts, events: DialEvents): () => void;
}

/** Requests with the whole URL in the request line (RFC 9112 section 3.2.2). */
export interface AbsoluteForm {
  /** Added to each request. They are for the proxy alone. */
  readonly headers: Readonly<Record<string, string>>;
  /** Why the answer is the proxy's own; null if it is the server's, as far as can be known. */
  refusalOf(status: number, headers: IncomingHttpHeaders): Failure | null;
}

export interface DialParts {
  readonly guard: Guard;
  readonly names: Names;
  readonly network: Network | null;
  readonly secureContext: () => tls.SecureContext;
}

export interface DialEvents {
  /** A phase begins. `blame`: what to report when its time is over. */
  enter(phase: Phase, blame?: Blame): void;
  /** `address`: that of the server, as the proxy was asked for it; null if it was asked for a name. */
  done(socket: Duplex, address: string | null): void;
  refused(failure: Failure): void;
}
