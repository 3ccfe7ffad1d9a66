// The proxy through which all traffic of the browser goes. It listens on this machine alone and knows each
// page by a password of its own, so nobody else can use it, nor can the browser for its maker's services.
// http comes with the whole URL, https and WebSockets as CONNECT. TLS of the browser ends here: it trusts the
// key of this proxy alone, and the proxy trusts whom a fetch would.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { type Failure, failure } from '../errors.ts';
import { hostOf, portOf } from '../fetch/target.ts';
import { originOf } from '../url/host.ts';
import { makeCertificate } from './certificate.ts';
import type { DialSource } from './dial.ts';
import { answerHeadersOf, forwardedHeaders, upgradeHeaders, withOwn } from './forwarded.ts';
import { agentOfPage, type ProxiedPage, Unreached } from './upstream.ts';

/** How a page logs in. */
export interface ProxyLogin {
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

interface Known extends ProxiedPage {
  readonly password: Buffer;
  readonly http: http.Agent;
  readonly https: http.Agent;
  /** Those that the browser has opened. */
  readonly tunnels: Set<Socket>;
}

/** A connection that was opened with CONNECT: what comes in it is for one server. */
interface Tunnel {
  readonly page: Known;
  /** https://HOST:PORT, or http:// where no TLS began in it. */
  readonly base: string;
}

/** A TLS connection begins with it (RFC 8446 section 5.1); no method of HTTP does. */
const HANDSHAKE = 0x16;

export class RenderProxy {
  readonly #source: DialSource;
  readonly #server: http.Server;
  readonly #pages = new Map<string, Known>();
  readonly #tunnels = new WeakMap<Duplex, Tunnel>();
  readonly #secureContext: tls.SecureContext;
  /** What the browser is to trust (ProxyCertificate). */
  readonly spkiHash: string;
  #count = 0;

  private constructor(source: DialSource) {
    this.#source = source;
    const { cert, key, spkiHash } = makeCertificate();
    this.spkiHash = spkiHash;
    this.#secureContext = tls.createSecureContext({ cert, key });
    this.#server = http.createServer((request, answer) => void this.#forward(request, answer));
    this.#server.on('connect', (request, socket: Socket, head) => void this.#tunnel(request, socket, head));
    this.#server.on('upgrade', (request, socket: Socket) => void this.#upgrade(request, socket));
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  static async open(source: DialSource): Promise<RenderProxy> {
    const proxy = new RenderProxy(source);
    const server = proxy.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.unref();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Lets a page in. `leave` ends its connections, and its login is worth nothing any more. */
  admit(page: ProxiedPage): { login: ProxyLogin; leave: () => void } {
    const username = `page-${++this.#count}`;
    const password = randomBytes(24).toString('base64url');
    const agents = {
      http: agentOfPage(this.#source, page, false),
      https: agentOfPage(this.#source, page, true),
    };
    const known = { ...page, ...agents, password: Buffer.from(password), tunnels: new Set<Socket>() };
    this.#pages.set(username, known);
    const leave = () => {
      this.#pages.delete(username);
      end(known);
    };
    return { login: { server: this.url, username, password }, leave };
  }

  close(): void {
    for (const page of this.#pages.values()) end(page);
    this.#pages.clear();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #pageOf({ headers }: http.IncomingMessage): Known | null {
    const [scheme, credentials = ''] = (headers['proxy-authorization'] ?? '').split(' ', 2);
    if (scheme?.toLowerCase() !== 'basic') return null;
    const [username = '', password = ''] = Buffer.from(credentials, 'base64').toString().split(':', 2);
    const page = this.#pages.get(username);
    const given = Buffer.from(password);
    if (!page || given.length !== page.password.length) return null;
    return timingSafeEqual(given, page.password) ? page : null;
  }

  async #tunnel(request: http.IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const page = this.#tunnels.has(socket) ? null : this.#pageOf(request);
    if (page === null) return refuseTunnel(socket, 407);
    const hostPort = request.url ?? '';
    if (!/^.+:\d{1,5}$/.test(hostPort) || !URL.canParse(`https://${hostPort}/`))
      return refuseTunnel(socket, 400);
    if ((await page.traffic.judgeTunnel(hostPort)) !== null) return refuseTunnel(socket, 403);
    if (page.traffic.isOver) return void socket.destroy();
    page.tunnels.add(socket);
    socket.once('close', () => page.tunnels.delete(socket));
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const begin = (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const isSecure = first[0] === HANDSHAKE;
      const inner = isSecure ? this.#accept(socket) : socket;
      this.#tunnels.set(inner, { page, base: `${isSecure ? 'https' : 'http'}://${hostPort}` });
      this.#server.emit('connection', inner);
      if (!isSecure) process.nextTick(() => socket.resume());
    };
    if (head.length > 0) begin(head);
    else socket.once('data', begin);
  }

  #accept(socket: Socket): tls.TLSSocket {
    const secureContext = this.#secureContext;
    const inner = new tls.TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    inner.on('error', () => socket.destroy());
    inner.once('close', () => socket.destroy());
    return inner;
  }

  /** Whose request it is, and for what. A number: the status with which it is refused. */
  async #asked(request: http.IncomingMessage): Promise<{ page: Known; url: URL } | number> {
    const tunnel = this.#tunnels.get(request.socket);
    const page = tunnel?.page ?? this.#pageOf(request);
    if (page === null) return 407;
    const path = request.url ?? '';
    const url = tunnel ? (path.startsWith('/') ? URL.parse(tunnel.base + path) : null) : URL.parse(path);
    if (url === null || (!tunnel && url.protocol !== 'http:')) return 400;
    return (await page.traffic.judge(url.href)) === null ? { page, url } : 403;
  }

  #send(
    request: http.IncomingMessage,
    { page, url }: { page: Known; url: URL },
    headers: readonly string[],
    refused: (status: number) => void,
  ): http.ClientRequest {
    const isHome = originOf(url.href) === page.home;
    const sent = http.request({
      ...{ host: hostOf(url), port: portOf(url), path: `${url.pathname}${url.search}`, setHost: false },
      ...{ agent: url.protocol === 'https:' ? page.https : page.http, method: request.method },
      headers: isHome ? withOwn(headers, page.headers) : [...headers],
    });
    sent.on('error', (error) => {
      const reason = error instanceof Unreached ? error.failure : failure('E_RESET', `${url.host}.`);
      page.traffic.noteFailure(url.href, reason);
      refused(statusOf(reason));
    });
    return sent;
  }

  async #forward(request: http.IncomingMessage, answer: http.ServerResponse): Promise<void> {
    request.on('error', () => undefined);
    answer.on('error', () => undefined);
    const asked = await this.#asked(request);
    if (typeof asked === 'number') return refuse(answer, asked);
    const sent = this.#send(request, asked, forwardedHeaders(request), (status) => {
      if (answer.headersSent) answer.destroy();
      else refuse(answer, status);
    });
    sent.on('response', (response) => {
      const { statusCode = 502, statusMessage } = response;
      response.on('error', () => answer.destroy());
      answer.writeHead(statusCode, statusMessage, answerHeadersOf(response));
      response.pipe(answer);
    });
    answer.once('close', () => sent.destroy());
    request.pipe(sent);
  }

  /** A WebSocket: browsers open it within a tunnel. */
  async #upgrade(request: http.IncomingMessage, socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    const asked = this.#tunnels.has(socket) ? await this.#asked(request) : 400;
    if (typeof asked === 'number') return refuseTunnel(socket, asked);
    const headers = [...forwardedHeaders(request), ...upgradeHeaders(request)];
    const sent = this.#send(request, asked, headers, (status) => refuseTunnel(socket, status));
    sent.on('response', ({ statusCode = 502 }) => {
      refuseTunnel(socket, statusCode);
      sent.destroy();
    });
    sent.on('upgrade', (response, upstream, head) => {
      const lines = [...answerHeadersOf(response), ...upgradeHeaders(response)];
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headText(lines)}\r\n`);
      if (head.length > 0) socket.write(head);
      socket.once('close', () => upstream.destroy());
      upstream.once('close', () => socket.destroy());
      socket.pipe(upstream);
      upstream.pipe(socket);
    });
    socket.once('close', () => sent.destroy());
    sent.end();
  }
}

function end({ traffic, tunnels, http: plain, https: secure }: Known): void {
  traffic.end();
  plain.destroy();
  secure.destroy();
  for (const tunnel of tunnels) tunnel.destroy();
}

function headText(lines: readonly string[]): string {
  let text = '';
  for (let i = 0; i + 1 < lines.length; i += 2) text += `${lines[i]}: ${lines[i + 1]}\r\n`;
  return text;
}

const LOGIN = 'Basic realm="drover"';

function refuse(answer: http.ServerResponse, status: number): void {
  answer.writeHead(status, status === 407 ? { 'proxy-authenticate': LOGIN } : {});
  answer.end();
}

function refuseTunnel(socket: Duplex, status: number): void {
  const login = status === 407 ? `Proxy-Authenticate: ${LOGIN}\r\n` : '';
  (socket as Socket).end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${login}Content-Length: 0\r\n\r\n`,
  );
}

const statusOf = ({ code }: Failure): number => (code === 'E_SSRF' ? 403 : 502);
