// The tunnel through a proxy: CONNECT (RFC 9110 section 9.3.6) or SOCKS 5 (RFC 1928). Every answer that opens
// none is the proxy's own.
import http, { type IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProxyAddress } from '../../config/proxy-address.ts';
import type { ConnectTarget } from '../connection/connect.ts';
import { openSocks } from './socks.ts';
import { type Undialled, undialled } from './undialled.ts';

/** The header of a proxy's answer is read up to this size. */
const MOST_HEAD_BYTES = 64 * 1024;
/** What a proxy says of its refusal is shown up to this length. */
const MOST_SAID = 60;

/**
 * Resolves with the same socket when it leads to the target. Rejects with Undialled, and the socket is then
 * closed. There is no time limit: closing the socket ends the wait.
 */
export async function openTunnel(
  proxy: ProxyAddress,
  socket: Duplex,
  target: ConnectTarget,
): Promise<Duplex> {
  try {
    await (proxy.kind === 'socks5' ? openSocks : connect)(proxy, socket, target);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** `Basic …`; null without a user. */
export function authorizationOf({ user, password }: ProxyAddress): string | null {
  return user === null ? null : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function connect(proxy: ProxyAddress, socket: Duplex, { host, port }: ConnectTarget): Promise<void> {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const authorization = authorizationOf(proxy);
  return new Promise((resolve, reject) => {
    const request = http.request({
      method: 'CONNECT',
      path: place,
      headers: { host: place, ...(authorization ? { 'proxy-authorization': authorization } : {}) },
      createConnection: () => socket,
      maxHeaderSize: MOST_HEAD_BYTES,
    });
    // Node would ask the proxy to close a connection that no agent keeps.
    request.removeHeader('connection');
    request.once('error', (error: NodeJS.ErrnoException) =>
      reject(undialled('E_PROXY_CONNECT', proxy, `${error.code ?? error.message} in answer to CONNECT.`)),
    );
    // Node takes any answer to CONNECT as the end of HTTP on this connection.
    request.once('connect', ({ statusCode = 0, headers }, _socket, rest) => {
      if (statusCode < 200 || statusCode > 299) return reject(refusalOf(proxy, statusCode, headers));
      // The server speaks only when it is spoken to, so these bytes answer no request.
      if (rest.length > 0)
        return reject(undialled('E_PROXY_REFUSED', proxy, 'it sent more than its answer.'));
      resolve();
    });
    request.end();
  });
}

function refusalOf(proxy: ProxyAddress, status: number, headers: IncomingHttpHeaders): Undialled {
  // tinyproxy answers a wrong password with 401.
  if (isAboutLogin(status)) return undialled('E_PROXY_AUTH', proxy, loginText(proxy, status));
  const isOfAddress = status >= 500 && status < 600;
  return undialled('E_PROXY_REFUSED', proxy, `status ${status}${reasonIn(headers)}.`, isOfAddress);
}

export function isAboutLogin(status: number): boolean {
  return status === 401 || status === 407;
}

export function loginText({ user }: ProxyAddress, status: number): string {
  return `status ${status}, asked ${user === null ? 'without user and password' : 'with user and password'}.`;
}

/** What the proxy says besides its status: squid's own header, or that of RFC 9209. */
export function reasonIn(headers: IncomingHttpHeaders): string {
  const said = headers['x-squid-error'] ?? headers['proxy-status'];
  if (said === undefined) return '';
  return `, ${String(said)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, MOST_SAID)}`;
}
