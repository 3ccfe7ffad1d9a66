// Which server a socket leads to. Behind a proxy, the other end of the socket is the proxy.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** The addresses of the servers behind proxies; null where the proxy has looked the name up. */
const behindProxies = new WeakMap<Duplex, string | null>();

/** To be called with each socket that leads through a proxy, in the form in which requests use it. */
export function noteServer(socket: Duplex, address: string | null): void {
  behindProxies.set(socket, address);
}

/** The IP address of the server; null if it is not known. */
export function serverAddressOf(socket: Socket): string | null {
  const known = behindProxies.get(socket);
  return known === undefined ? (socket.remoteAddress ?? null) : known;
}
