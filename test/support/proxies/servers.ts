// Servers behind the proxies of tests, which note who connected.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { FetchResult } from '../../../src/outcome.ts';

export const certificate = (name: string) =>
  readFileSync(new URL(`../site/certificates/${name}.pem`, import.meta.url), 'utf8');
export const pem = certificate('good');

/** The failure of a fetch, and what is known besides. */
export function failed(result: FetchResult) {
  assert.ok(!result.ok, 'there was an answer');
  return result;
}

/** A server of http or https that keeps the address of each client, and its connections apart. */
export async function startServer(
  t: TestContext,
  { isSecure = false, body = 'page', status = 200, headers = {} } = {},
) {
  const clients: string[] = [];
  const connections = new Set<unknown>();
  const heads: Record<string, unknown>[] = [];
  const server = isSecure ? createSecure({ cert: pem, key: pem }) : createServer();
  server.on('request', (request, response) => {
    clients.push(request.socket.remoteAddress ?? '');
    connections.add(request.socket);
    heads.push({ url: request.url, ...request.headers });
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  t.after(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = isSecure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  return { url, port, clients, heads, connections };
}

/** User and password, with what must be written another way in a URL. */
export const login = 'us er:p@ss:/#%word';
