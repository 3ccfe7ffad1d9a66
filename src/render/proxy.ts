// The proxy through which all traffic of the browser goes. It listens on this machine alone and knows each
// page by a password of its own, so nobody else can use it, nor can the browser for its maker's services.
// https and WebSockets come as CONNECT, http with the whole URL.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Failure, failure } from '../errors.ts';
import type { AllowList } from '../fetch/guard.ts';
import { hostOf, portOf } from '../fetch/target.ts';
import { type DialSource, dialServer } from './dial.ts';
import type { Traffic } from './traffic.ts';

const CONNECT_MS = 30_000;
/** Headers of the connection to the proxy (RFC 9110 section 7.6.1); they are not for the server. */
const ofConnection = new Set([
  ...['connection', 'proxy-connection', 'proxy-authorization', 'keep-alive', 'te', 'trailer', 'upgrade'],
]);

const MOST_CONNECTIONS = 32;

/** Why there is no connection to a server. */
class Unreached extends Error {
  readonly failure: Failure;
  constructor(reason: Failure) {
    super(reason.code);
    this.failure = reason;
  }
}

/** How a page logs in. */
export interface ProxyLogin {
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

interface Known {
  readonly password: Buffer;
  readonly traffic: Traffic;
  readonly allow: AllowList;
  readonly agent: http.Agent;
}

export class RenderProxy {
  readonly #source: DialSource;
  readonly #server: http.Server;
  readonly #pages = new Map<string, Known>();
  #count = 0;

  private constructor(source: DialSource) {
    this.#source = source;
    this.#server = http.createServer((request, answer) => void this.#forward(request, answer));
    this.#server.on('connect', (request, socket: Duplex, head) => void this.#tunnel(request, socket, head));
    this.#server.on('upgrade', (_request, socket: Duplex) => socket.destroy()); // browsers use CONNECT
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
  admit(traffic: Traffic, allow: AllowList): { login: ProxyLogin; leave: () => void } {
    const username = `page-${++this.#count}`;
    const password = randomBytes(24).toString('base64url');
    const agent = this.#agentOf(traffic, allow);
    this.#pages.set(username, { password: Buffer.from(password), traffic, allow, agent });
    const leave = () => {
      this.#pages.delete(username);
      traffic.end();
      agent.destroy();
    };
    return { login: { server: this.url, username, password }, leave };
  }

  close(): void {
    for (const { traffic, agent } of this.#pages.values()) {
      traffic.end();
      agent.destroy();
    }
    this.#pages.clear();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The connections of one page for plain http. */
  #agentOf(traffic: Traffic, allow: AllowList): http.Agent {
    const agent = new http.Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });
    agent.createConnection = (options, connected) => {
      const target = { host: options.host ?? '', port: Number(options.port), isSecure: false };
      const limits = { guard: traffic.guard, allow, timeoutMs: CONNECT_MS };
      void dialServer(this.#source, target, limits).then((upstream) => {
        if ('code' in upstream) return connected?.(new Unreached(upstream), null as unknown as Duplex);
        upstream.on('error', () => undefined);
        traffic.follow(upstream, `http://${target.host}:${target.port}/`);
        connected?.(null, upstream);
      });
      return null;
    };
    return agent;
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

  async #tunnel(request: http.IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const page = this.#pageOf(request);
    if (page === null) return refuseTunnel(socket, 407);
    const hostPort = request.url ?? '';
    const target = targetOf(hostPort);
    const url = `https://${hostPort}/`;
    if (target === null) return refuseTunnel(socket, 400);
    if ((await page.traffic.judgeTunnel(hostPort)) !== null) return refuseTunnel(socket, 403);
    const { guard } = page.traffic;
    const upstream = await dialServer(
      this.#source,
      { ...target, isSecure: true },
      { guard, allow: page.allow, timeoutMs: CONNECT_MS },
    );
    if ('code' in upstream) {
      page.traffic.noteFailure(url, upstream);
      return refuseTunnel(socket, statusOf(upstream));
    }
    upstream.on('error', () => upstream.destroy());
    if (socket.destroyed) return void upstream.destroy();
    page.traffic.follow(upstream, url);
    socket.once('close', () => upstream.destroy());
    upstream.once('close', () => socket.destroy());
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (head.length > 0) upstream.write(head);
    socket.pipe(upstream);
    upstream.pipe(socket);
  }

  async #forward(request: http.IncomingMessage, answer: http.ServerResponse): Promise<void> {
    request.on('error', () => undefined);
    answer.on('error', () => undefined);
    const page = this.#pageOf(request);
    if (page === null) return refuse(answer, 407);
    const url = URL.parse(request.url ?? '');
    if (url?.protocol !== 'http:') return refuse(answer, 400);
    const { traffic, agent } = page;
    if ((await traffic.judge(url.href)) !== null) return refuse(answer, 403);
    const target = { host: hostOf(url), port: portOf(url) };
    const fail = (reason: Failure) => {
      traffic.noteFailure(url.href, reason);
      if (answer.headersSent) answer.destroy();
      else refuse(answer, statusOf(reason));
    };
    const sent = http.request({
      ...{ host: target.host, port: target.port, path: `${url.pathname}${url.search}`, agent },
      ...{ method: request.method, headers: forwarded(request), setHost: false },
    });
    sent.on('error', (error) =>
      fail(error instanceof Unreached ? error.failure : failure('E_RESET', `${url.host}.`)),
    );
    sent.on('response', (response) => {
      const { statusCode = 502, statusMessage } = response;
      response.on('error', () => answer.destroy());
      answer.writeHead(statusCode, statusMessage, answerHeadersOf(response));
      response.pipe(answer);
    });
    answer.once('close', () => sent.destroy());
    request.pipe(sent);
  }
}

function targetOf(hostPort: string): { host: string; port: number } | null {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(hostPort) ?? [];
  if (host === undefined || Number(port) > 65_535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function forwarded({ headers, rawHeaders }: http.IncomingMessage): string[] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (!ofConnection.has(name) && !named.has(name))
      kept.push(rawHeaders[i] as string, rawHeaders[i + 1] as string);
  }
  return kept;
}

function answerHeadersOf({ rawHeaders }: http.IncomingMessage): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    // Its body is framed anew.
    if (!ofConnection.has(name) && name !== 'transfer-encoding')
      kept.push(rawHeaders[i] as string, rawHeaders[i + 1] as string);
  }
  return kept;
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
