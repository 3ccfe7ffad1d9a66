// An HTTP server that takes the place of drover's API, for tests of the client with answers that the real API
// rarely gives. The test decides how it answers; it keeps the requests.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Asked {
  /** Method and target, such as `GET /v1/crawls?limit=5`. */
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
  /** The number of requests so far, including this one. */
  count: number;
  json(value: unknown, status?: number, headers?: Record<string, string>): void;
  problem(status: number, code: string, headers?: Record<string, string>): void;
}

/**
 * Starts the server, which ends with the test. `answer` is called after the body has come, or before it if
 * `early`.
 */
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
      return; // the client has gone away before the end of its request
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
