// A real HTTP server that answers as a test says, and remembers what it was asked: for what the client does with answers that drover's own
// server gives seldom.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Asked {
  /** `GET /v1/crawls?limit=5`. */
  what: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface StandIn {
  url: string;
  asked: Asked[];
}

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** How often the server has been asked, this time included. */
  count: number;
  json(value: unknown, status?: number, headers?: Record<string, string>): void;
  problem(status: number, code: string, headers?: Record<string, string>): void;
}

/** `answer` is called when the body has come, unless `early`. The server ends with the test. */
export async function startStandIn(
  t: TestContext,
  answer: (exchange: Exchange) => void,
  { early = false } = {},
): Promise<StandIn> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const entry: Asked = { what: `${request.method} ${request.url}`, headers: request.headers, body: '' };
    asked.push(entry);
    const json: Exchange['json'] = (value, status = 200, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    const problem: Exchange['problem'] = (status, code, headers = {}) => {
      const body = { type: `urn:drover:error:${code}`, title: 'T', status, detail: `D of ${code}`, code };
      json({ ...body, advice: 'A', field: 'query.f', requestId: 'r-1' }, status, headers);
    };
    const exchange: Exchange = { request, response, count: asked.length, json, problem };
    if (early) return answer(exchange);
    try {
      for await (const chunk of request) entry.body += chunk;
    } catch {
      return; // the client went away in the middle
    }
    answer(exchange);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
