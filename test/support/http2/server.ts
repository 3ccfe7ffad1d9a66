// A server of HTTP/2 for tests, that of node:http2. It may speak HTTP/1.1 too, and counts what it sees.
import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { certificate } from '../proxies/servers.ts';

/** One request, as the server got it. */
export interface SeenStream {
  stream: http2.ServerHttp2Stream;
  headers: http2.IncomingHttpHeaders;
  /** The place of its session, and its own place among the streams of the session; both from 0. */
  session: number;
  index: number;
}

export interface SecondServer {
  /** https://localhost:PORT */
  readonly url: string;
  readonly port: number;
  /** Sessions of HTTP/2, in order. */
  readonly sessions: http2.ServerHttp2Session[];
  /** The paths of all requests, in order, those that were not answered too. */
  readonly paths: string[];
  /** The most streams that were open in one session at once. */
  readonly mostOpen: () => number;
  /** Connections that were ever accepted. */
  readonly accepted: () => number;
}

interface Options {
  /** Default: 200 with the path as a page. */
  answer?: (seen: SeenStream) => void;
  settings?: http2.Settings;
  certificateName?: string;
}

/** How tests end what they begin. */
interface Ending {
  after(end: () => void): void;
}

export const page = ({ stream, headers }: Pick<SeenStream, 'stream' | 'headers'>): void => {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200, 'content-type': 'text/html' });
  stream.end(`page ${headers[':path']}`);
};

export async function startSecond(t: Ending, options: Options = {}): Promise<SecondServer> {
  const { answer = page, settings = {}, certificateName = 'good' } = options;
  const pem = certificate(certificateName);
  const server = http2.createSecureServer({
    ...{ cert: pem, key: pem, settings },
    maxSendHeaderBlockLength: 1024 ** 2, // to send more than may be received
  });
  const sessions: http2.ServerHttp2Session[] = [];
  const paths: string[] = [];
  let most = 0;
  server.on('session', (session) => {
    const place = sessions.push(session) - 1;
    let open = 0;
    let index = 0;
    session.on('error', () => undefined);
    session.on('stream', (stream, headers) => {
      paths.push(String(headers[':path']));
      most = Math.max(most, ++open);
      stream.on('error', () => undefined);
      stream.once('close', () => open--);
      answer({ stream, headers, session: place, index: index++ });
    });
  });
  const { port, accepted } = await listening(t, server);
  const url = `https://localhost:${port}`;
  return { url, port, sessions, paths, mostOpen: () => most, accepted };
}

/** An https server without HTTP/2, which answers like `page`. */
export async function startFirst(t: Ending) {
  const pem = certificate('good');
  const server = https.createServer({ cert: pem, key: pem }, ({ url, httpVersion }, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`page ${url} ${httpVersion}`);
  });
  const { port, accepted } = await listening(t, server);
  return { url: `https://localhost:${port}`, port, accepted };
}

async function listening(t: Ending, server: https.Server | http2.Http2SecureServer) {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted };
}
