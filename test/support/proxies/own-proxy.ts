// A proxy of the tests: http or https with CONNECT and absolute form, or SOCKS 5. It connects from an address
// of its own (127.0.0.2), so that a server's log tells what came through it, and keeps what it was asked for.
import { once } from 'node:events';
import {
  createServer as createHttp,
  request as httpRequest,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export const PROXY_ADDRESS = '127.0.0.2';

/** A test, or the whole of several: what is to end with it. */
export interface Cleaned {
  after(end: () => Promise<void>): void;
}

export interface OwnProxyOptions {
  kind?: 'http' | 'https' | 'socks5';
  /** `user:password`; without them anybody may use it. */
  login?: string | null;
  /** Certificate and key of an https proxy, as PEM. */
  pem?: string;
  /** What it answers to CONNECT in place of a tunnel: a whole head, or null for silence. */
  says?: string | null;
  /** The reply of SOCKS in place of a connection (RFC 1928 section 6). */
  reply?: number;
  /** Where it connects to, whatever it was asked for: so that names of the test need no name server. */
  leadsTo?: (host: string, port: number) => { host: string; port: number };
  port?: number;
  /** The address that it connects from. */
  from?: string;
}

export interface OwnProxy {
  readonly url: string;
  readonly port: number;
  /** `host:port` of each tunnel, and the URLs of requests in absolute form, in order. */
  readonly asked: string[];
  /** The lines of each request head that it got, as they came. */
  readonly heads: string[];
  /** How many connections it accepted. */
  readonly accepted: () => number;
  /** Ends at once: all its connections are reset, and its port is closed. */
  kill(): Promise<void>;
}

export async function startOwnProxy(t: Cleaned, options: OwnProxyOptions = {}): Promise<OwnProxy> {
  const { kind = 'http', login = null, port = 0 } = options;
  const proxy = new Running(options);
  const server =
    kind === 'socks5' ? net.createServer((socket) => proxy.serveSocks(socket)) : proxy.httpServer();
  server.on('connection', (socket: Socket) => proxy.keep(socket));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const kill = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    proxy.reset();
    await closed;
  };
  t.after(kill);
  const [, user = '', password = ''] = /^([^:]*):(.*)$/.exec(login ?? '') ?? [];
  const prefix = login === null ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  const { asked, heads } = proxy;
  return {
    url: `${kind}://${prefix}127.0.0.1:${bound}`,
    port: bound,
    asked,
    heads,
    accepted: () => proxy.accepted,
    kill,
  };
}

class Running {
  readonly asked: string[] = [];
  readonly heads: string[] = [];
  accepted = 0;
  readonly #options: OwnProxyOptions;
  readonly #open = new Set<Socket>();

  constructor(options: OwnProxyOptions) {
    this.#options = options;
  }

  keep(socket: Socket): void {
    this.accepted++;
    this.#open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#open.delete(socket));
  }

  reset(): void {
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  httpServer(): Server {
    const { kind, pem } = this.#options;
    const server = kind === 'https' ? createHttps({ cert: pem, key: pem }) : createHttp();
    server.on('connect', (request: IncomingMessage, socket: Duplex) => this.#connect(request, socket));
    server.on('request', (request, response) => {
      this.#note(request, request.url ?? '');
      if (!this.#isWelcome(request.headers['proxy-authorization'])) {
        response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end('login');
        return;
      }
      const { hostname, port, pathname, search, host } = new URL(request.url ?? '');
      const { 'proxy-authorization': _login, ...headers } = request.headers;
      const sent = httpRequest({
        ...this.#placeOf(hostname, Number(port) || 80),
        localAddress: this.#from,
        ...{ method: request.method, path: pathname + search, headers: { ...headers, host } },
      });
      sent.on('response', (answer) =>
        answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers)),
      );
      sent.on('error', () =>
        response.writeHead(502, { 'proxy-status': 'own; error=connection_refused' }).end(),
      );
      request.pipe(sent);
    });
    return server;
  }

  get #from(): string {
    return this.#options.from ?? PROXY_ADDRESS;
  }

  #connect(request: IncomingMessage, near: Duplex): void {
    const place = request.url ?? '';
    this.#note(request, place);
    near.on('error', () => near.destroy());
    const { says } = this.#options;
    if (says === null) return;
    if (says !== undefined) return void near.end(says);
    if (!this.#isWelcome(request.headers['proxy-authorization']))
      return void near.end(
        'HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nlogin',
      );
    const colon = place.lastIndexOf(':');
    const host = place.slice(0, colon).replace(/^\[|\]$/g, '');
    this.#join(near, host, Number(place.slice(colon + 1)), {
      opened: () => void near.write('HTTP/1.0 200 Connection established\r\nProxy-Agent: own\r\n\r\n'),
      failed: () => void near.end('HTTP/1.1 503 No\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n\r\n'),
    });
  }

  #note(request: IncomingMessage, place: string): void {
    this.asked.push(place);
    this.heads.push(`${request.method} ${request.url}\r\n${request.rawHeaders.join('\r\n')}`);
  }

  #isWelcome(authorization: string | undefined): boolean {
    const { login = null } = this.#options;
    return login === null || authorization === `Basic ${Buffer.from(login).toString('base64')}`;
  }

  #placeOf(host: string, port: number): { host: string; port: number } {
    return this.#options.leadsTo?.(host, port) ?? { host, port };
  }

  #join(near: Duplex, host: string, port: number, on: { opened: () => void; failed: () => void }): void {
    const far = net.connect({ ...this.#placeOf(host, port), localAddress: this.#from });
    far.once('connect', () => {
      on.opened();
      near.pipe(far).pipe(near);
      far.off('error', on.failed);
      far.on('error', () => near.destroy());
    });
    far.once('error', on.failed);
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
  }

  serveSocks(near: Socket): void {
    this.#socks(near).catch(() => near.destroy());
  }

  async #socks(near: Socket): Promise<void> {
    const { login = null, reply } = this.#options;
    const readBytes = reader(near);
    const [, count = 0] = await readBytes(2);
    const ways = await readBytes(count);
    const way = login === null ? 0 : 2;
    near.write(Buffer.from([5, ways.includes(way) ? way : 255]));
    if (!ways.includes(way)) return void near.end();
    if (login !== null) {
      const [, users = 0] = await readBytes(2);
      const user = (await readBytes(users)).toString();
      const [passwords = 0] = await readBytes(1);
      const isRight = `${user}:${(await readBytes(passwords)).toString()}` === login;
      near.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) return void near.end();
    }
    const [, , , type = 0] = await readBytes(4);
    const host = await hostOf(type, readBytes);
    const port = (await readBytes(2)).readUInt16BE();
    this.asked.push(`${host}:${port}`);
    const answer = (code: number) => near.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
    if (reply !== undefined) return void near.end(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
    this.#join(near, host, port, { opened: () => void answer(0), failed: () => void answer(5) });
  }
}

async function hostOf(type: number, readBytes: (bytes: number) => Promise<Buffer>): Promise<string> {
  if (type === 3) return (await readBytes((await readBytes(1))[0] ?? 0)).toString();
  const bytes = await readBytes(type === 4 ? 16 : 4);
  if (type === 1) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function reader(socket: Socket): (bytes: number) => Promise<Buffer> {
  return async (bytes) => {
    for (;;) {
      const got: Buffer | null = bytes === 0 ? Buffer.alloc(0) : socket.read(bytes);
      if (got) return got;
      await Promise.race([
        once(socket, 'readable'),
        once(socket, 'close').then(() => Promise.reject(new Error())),
      ]);
    }
  };
}
