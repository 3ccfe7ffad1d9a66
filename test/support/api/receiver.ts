// A receiver of webhooks: an HTTP server that keeps the requests it gets. The test decides how it answers.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { WebhookEvent } from '../../../src/webhooks/outbox.ts';

export interface Message {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  event: WebhookEvent;
}

export interface Receiver {
  port: number;
  /** The address, with a path that contains a token. */
  url: string;
  got: Message[];
  /** The number of connections so far. */
  connections(): number;
  /** Sets how the server answers from now on. */
  answers(answer: Answer): void;
}

/** The status and headers for the message number `nth`, counted from 0. Null: the server never answers. */
export type Answer = (nth: number) => { status: number; headers?: Record<string, string> } | null;

/** Starts a receiver on 127.0.0.1, which ends with the test. By default it answers 204. */
export async function startReceiver(
  t: TestContext,
  first: Answer = () => ({ status: 204 }),
): Promise<Receiver> {
  let answer = first;
  let connections = 0;
  const got: Message[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const { method = '', url = '', headers } = request;
    const nth = got.push({ method, path: url, headers, body, event: JSON.parse(body) }) - 1;
    const { status, headers: extra } = answer(nth) ?? {};
    if (status !== undefined) response.writeHead(status, extra).end();
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/hook/sesame-open`,
    got,
    connections: () => connections,
    answers(next) {
      answer = next;
    },
  };
}
