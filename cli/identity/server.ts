// The server of identity serve: plain http, since a web server before it speaks TLS.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DroverError } from '../../src/errors.ts';
import { type ServedIdentity, serveIdentity } from '../../src/identity/served.ts';

const HEAD_MS = 10_000;
const MOST_CONNECTIONS = 500;

export interface DirectoryServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Throws E_LISTEN. */
export async function startDirectoryServer(
  file: string,
  { host, port }: { host: string; port: number },
): Promise<DirectoryServer> {
  const served = serveIdentity(file);
  const limits = { headersTimeout: HEAD_MS, requestTimeout: HEAD_MS, maxHeaderSize: 16_384 };
  const server = createServer(limits, (request, response) => {
    answer(served, request, response).catch(() => response.writeHead(500).end());
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, host);
  await once(server, 'listening').catch((cause: Error) => {
    throw new DroverError('E_LISTEN', `${host}:${port}: ${cause.message}.`, { cause });
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close() {
      server.close().closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  served: ServedIdentity,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const { method = '', url = '/', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const found = await served.answer(url.split('?', 1)[0] ?? '/', Math.floor(Date.now() / 1000));
  if (found === null) response.writeHead(404).end();
  else if (found.headers.etag !== undefined && headers['if-none-match'] === found.headers.etag)
    response.writeHead(304, found.headers).end();
  else response.writeHead(200, found.headers).end(method === 'HEAD' ? undefined : found.body);
}
