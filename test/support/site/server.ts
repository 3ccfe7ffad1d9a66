// The HTTP server of the test site. It speaks HTTP/1.1 on plain sockets without node:http, because it runs on
// the machine that it measures: a page takes a fraction of the CPU time, and its log notes requests without a
// queue in between.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Answer, answerOf, type Request, serialize, usualAnswers } from './answers.ts';
import type { Behaviour, Rules } from './behaviours.ts';
import type { PageShape } from './pages.ts';

/**
 * One request. The log is in the order in which the requests ended. Times are in milliseconds since 1970,
 * with a precision of a microsecond.
 */
export interface LogEntry {
  /** When the whole header of the request had arrived. */
  start: number;
  /**
   * When the answer had been given to the kernel, or the client had gone. In that case and for a reset,
   * status is 499.
   */
  end: number;
  /** The Host header. */
  host: string;
  method: string;
  /** The path with the query. */
  path: string;
  status: number;
  /** The client's address. */
  remoteAddress: string;
  /** The client's port, by which connections can be told apart. */
  remotePort: number;
  /** By how much `start` may be too late, because the server was busy. Only for a punctual site. */
  lateMs?: number;
}

export interface SiteSettings extends PageShape {
  /** The time before every answer. */
  latencyMs: number;
  /** The text of robots.txt; null for 404. */
  robots: string | null;
  rules: Rules;
  punctual: boolean;
  /** The answers without a behaviour, in place of those by `pages`, `linksPerPage`, `bytes` and `robots`. */
  answers?: (request: Request) => Answer;
}

const now = () => performance.timeOrigin + performance.now();

/**
 * Listens on the addresses, all at the same port; with port 0, at a free one. Returns the port. `onRequest`
 * is called for each request when it has ended.
 */
export async function listen(
  settings: SiteSettings,
  addresses: readonly string[],
  port: number,
  onRequest: (entry: LogEntry) => void,
): Promise<number> {
  const byPath = usualAnswers(settings);
  const { latencyMs, rules, answers = (request) => byPath(request.path) } = settings;
  const meter = settings.punctual ? latenessMeter() : null;
  const accept = (socket: Socket) => {
    meter?.accepted();
    const { remoteAddress = '', remotePort = 0 } = socket;
    let late: { lateMs?: number } = {};
    converse(socket, {
      plan: (request) => {
        late = meter?.lateness() ?? {};
        const behaviour = rules.take(request.host, request.path);
        return { behaviour, delayMs: latencyMs + (behaviour?.delayMs ?? 0) };
      },
      answer: (request, behaviour) => answerOf(answers(request), behaviour),
      ended: ({ start, host, method, path }, status) =>
        onRequest({ start, end: now(), host, method, path, status, remoteAddress, remotePort, ...late }),
    });
  };
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
      // A port that is free at one address may be in use at the next.
      for (const server of servers) server.close();
      if (port !== 0 || attempt === 20) throw error;
    }
  }
}

/**
 * Measures how long ago a request that is read now may have arrived. A request waits for one round of the
 * event loop; a request on a new connection waits for two, and for the connections before it, of which each
 * round accepts one. So it cannot have come before the last round that had none to accept. A timer of a
 * millisecond keeps the loop running and notes the last rounds.
 */
function latenessMeter(): { accepted(): void; lateness(): { lateMs: number } } {
  const rounds = [now(), now(), now()];
  let acceptedAll = now();
  let connections = 0;
  setInterval(() => {
    if (connections === 0) acceptedAll = rounds.at(-1) ?? 0;
    connections = 0;
    rounds.shift();
    rounds.push(now());
  }, 1);
  return {
    accepted() {
      connections++;
    },
    lateness: () => ({ lateMs: now() - Math.min(rounds[0] ?? 0, acceptedAll) }),
  };
}

interface Host {
  /** How to answer a request, and how long to wait before that. */
  plan(request: Request): { behaviour: Behaviour | null; delayMs: number };
  answer(request: Request, behaviour: Behaviour | null): Answer;
  ended(request: Request, status: number): void;
}

/** Answers the requests of a socket one after the other. */
function converse(socket: Socket, host: Host): void {
  const requests = requestReader();
  let current: Request | null = null;
  let timer: NodeJS.Timeout | undefined;

  const reply = (request: Request, behaviour: Behaviour | null) => {
    if (behaviour?.reset) {
      socket.resetAndDestroy();
      return;
    }
    const answer = host.answer(request, behaviour);
    socket.write(serialize(request, answer), 'latin1');
    current = null;
    host.ended(request, answer.status);
    if (request.close) socket.end();
    else next();
  };
  const next = () => {
    current ??= requests.take();
    if (!current) return;
    const { behaviour, delayMs } = host.plan(current);
    if (delayMs > 0) timer = setTimeout(reply, delayMs, current, behaviour);
    else reply(current, behaviour);
  };

  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    requests.add(text);
    if (!current) next();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(timer);
    if (current) host.ended(current, 499);
  });
}

/** Reads complete requests from pieces of text. Their bodies are not kept. */
function requestReader(): { add(text: string): void; take(): Request | null } {
  let unread = '';
  let bodyLeft = 0;
  return {
    add(text) {
      unread += text;
    },
    take() {
      const dropped = Math.min(bodyLeft, unread.length);
      bodyLeft -= dropped;
      unread = unread.slice(dropped);
      const end = bodyLeft > 0 ? -1 : unread.indexOf('\r\n\r\n');
      if (end < 0) return null;
      const request = parseHead(unread.slice(0, end + 2));
      unread = unread.slice(end + 4);
      bodyLeft = request.length;
      return request;
    },
  };
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
