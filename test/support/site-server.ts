// The HTTP server of the test site. It speaks HTTP/1.1 on plain sockets rather than through node:http, because it runs beside what it
// measures: a page costs it a fraction of the CPU, and no queue of its own stands between the wire and its log.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Behaviour, Rules } from './site-behaviours.ts';
import { type PageShape, pageAt, pageWriter } from './site-pages.ts';

/** One request, in the order in which the requests ended. Times in milliseconds since 1970, to the microsecond. */
export interface LogEntry {
  /** When the request's header had come. */
  start: number;
  /** When the answer had been handed to the kernel, or the client had gone (status 499, as a reset by us). */
  end: number;
  /** The Host header. */
  host: string;
  method: string;
  /** With the query. */
  path: string;
  status: number;
  /** The client's port: tells connections apart. */
  remotePort: number;
}

export interface SiteSettings extends PageShape {
  /** Before every answer. */
  latencyMs: number;
  /** The text of robots.txt; null for 404. */
  robots: string | null;
  rules: Rules;
}

interface Request {
  method: string;
  path: string;
  host: string;
  close: boolean;
  /** Length of the request's body, which is read and dropped. */
  length: number;
  start: number;
}

interface Answer {
  status: number;
  headers: string;
  /** latin1: one character a byte. */
  body: string;
}

const HTML = 'content-type: text/html; charset=utf-8\r\n';
const TEXT = 'content-type: text/plain; charset=utf-8\r\n';

const now = () => performance.timeOrigin + performance.now();

/** Listens on the addresses, all at one port; 0 takes a free one. `onRequest` gets each request when it has ended. Returns the port. */
export async function listen(
  settings: SiteSettings,
  addresses: readonly string[],
  port: number,
  onRequest: (entry: LogEntry) => void,
): Promise<number> {
  const usual = usualAnswers(settings);
  const accept = (socket: Socket) => converse(socket, settings, usual, onRequest);
  for (let attempt = 1; ; attempt++) {
    const servers: Server[] = [];
    let shared = port;
    try {
      for (const address of addresses) {
        const server = createServer({ noDelay: true }, accept).listen(shared, address, 4096);
        servers.push(server);
        await once(server, 'listening');
        shared = (server.address() as { port: number }).port;
      }
      return shared;
    } catch (error) {
      // A port that is free at one address may be taken at the next.
      for (const server of servers) server.close();
      if (port !== 0 || attempt === 20) throw error;
    }
  }
}

/** Reads requests off a socket and answers them one after the other. */
function converse(
  socket: Socket,
  { latencyMs, rules }: SiteSettings,
  usual: (path: string) => Answer,
  onRequest: (entry: LogEntry) => void,
): void {
  const remotePort = socket.remotePort ?? 0;
  let unread = '';
  let bodyLeft = 0;
  let current: Request | null = null;
  let timer: NodeJS.Timeout | undefined;

  const ended = ({ start, host, method, path }: Request, status: number) => {
    current = null;
    onRequest({ start, end: now(), host, method, path, status, remotePort });
  };
  const reply = (request: Request, behaviour: Behaviour | null) => {
    if (behaviour?.reset) {
      socket.resetAndDestroy();
      return;
    }
    const answer = behaviour ? behave(behaviour, usual(request.path)) : usual(request.path);
    socket.write(serialize(request, answer), 'latin1');
    ended(request, answer.status);
    if (request.close) socket.end();
    else next();
  };
  const next = () => {
    const dropped = Math.min(bodyLeft, unread.length);
    bodyLeft -= dropped;
    unread = unread.slice(dropped);
    const end = current || bodyLeft > 0 ? -1 : unread.indexOf('\r\n\r\n');
    if (end < 0) return;
    const request = parseHead(unread.slice(0, end + 2));
    unread = unread.slice(end + 4);
    bodyLeft = request.length;
    current = request;
    const behaviour = rules.take(request.host, request.path);
    const delayMs = latencyMs + (behaviour?.delayMs ?? 0);
    if (delayMs > 0) timer = setTimeout(reply, delayMs, request, behaviour);
    else reply(request, behaviour);
  };

  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    unread += text;
    next();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(timer);
    if (current) ended(current, 499);
  });
}

function parseHead(head: string): Request {
  const start = now();
  const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ', 2);
  return {
    method,
    path,
    host: /\r\nhost: *([^\r\n]*)/i.exec(head)?.[1] ?? '',
    close: /\r\nconnection: *close/i.test(head),
    length: method === 'GET' ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0),
    start,
  };
}

function serialize({ method, close }: Request, { status, headers, body }: Answer): string {
  const connection = close ? 'connection: close\r\n' : '';
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? '' : `content-length: ${body.length}\r\n`;
  const head = `HTTP/1.1 ${status} As-Told\r\n${headers}${connection}${length}\r\n`;
  return method === 'HEAD' || bodiless ? head : head + body;
}

function usualAnswers({ robots, ...shape }: SiteSettings): (path: string) => Answer {
  const page = pageWriter(shape);
  return (path) => {
    if (path === '/robots.txt' && robots !== null) return { status: 200, headers: TEXT, body: robots };
    const index = pageAt(path, shape.pages);
    return index === null
      ? { status: 404, headers: TEXT, body: 'There is no such page.\n' }
      : { status: 200, headers: HTML, body: page(index) };
  };
}

function behave({ status, headers, body, retryAfter }: Behaviour, usual: Answer): Answer {
  const changed = { ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }), ...headers };
  const lines = Object.entries(changed).map(([name, value]) => `${name}: ${value}\r\n`);
  const asUsual = body === undefined && (status ?? usual.status) === usual.status;
  const content = headers && 'content-type' in headers ? '' : asUsual ? usual.headers : TEXT;
  const text = asUsual ? usual.body : Buffer.from(body ?? `This is status ${status}.\n`).toString('latin1');
  return { status: status ?? usual.status, headers: content + lines.join(''), body: text };
}
