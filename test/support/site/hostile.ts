// Servers that misbehave, each in one way. They write the bytes themselves, because no HTTP library would
// write these.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';

export interface RawServer {
  /** http://127.0.0.1:PORT/, or with another host. */
  readonly url: string;
  readonly port: number;
  /** The heads of all requests so far, in order. */
  readonly requests: string[];
  /** The number of connections accepted so far, and the connections that are open now. */
  readonly connections: { accepted: number; open: Set<Socket> };
  close(): Promise<void>;
}

/**
 * Starts a server that calls `answer` for each complete request. `count` is the number of the request, from
 * 1.
 */
export async function startRaw(
  answer: (socket: Socket, head: string, count: number) => void,
  onConnection: (socket: Socket) => void = () => undefined,
  { host = '127.0.0.1', port: wanted = 0 } = {},
): Promise<RawServer> {
  const requests: string[] = [];
  const connections = { accepted: 0, open: new Set<Socket>() };
  const server = net.createServer({ noDelay: true }, (socket) => {
    connections.accepted++;
    connections.open.add(socket);
    socket.on('close', () => connections.open.delete(socket));
    socket.on('error', () => undefined); // the tests expect that the client gives up
    onConnection(socket);
    let text = '';
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
      for (let end = endOfRequest(text); end > 0; end = endOfRequest(text)) {
        const head = text.slice(0, text.indexOf('\r\n\r\n'));
        text = text.slice(end);
        requests.push(head);
        answer(socket, head, requests.length);
      }
    });
  });
  server.listen(wanted, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}/`,
    port,
    requests,
    connections,
    async close() {
      for (const socket of connections.open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The index after the first request in a text, including its body. 0 if the request is not complete. */
function endOfRequest(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4) return 0;
  const end = headEnd + Number(/^content-length: (\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? 0);
  return end <= text.length ? end : 0;
}

/** A complete answer: status line, `Content-Length`, the given headers, the body. */
export function answerOf(
  body: Uint8Array | string,
  headers: Record<string, string> = {},
  status = '200 OK',
): Buffer {
  const bytes = Buffer.from(body as string);
  const lines = Object.entries({ 'Content-Length': String(bytes.length), ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${head}\r\n`, 'latin1'), bytes]);
}

/** Answers every request with the same bytes. */
export const startSending = (bytes: Uint8Array | string) => startRaw((socket) => socket.write(bytes));

/** Answers with the same bytes and then ends the connection. */
export const startSendingAndClosing = (bytes: Uint8Array | string) => startRaw((socket) => socket.end(bytes));

/** Reads requests and never answers. */
export const startNeverAnswering = () => startRaw(() => undefined);

/** Resets the connection (RST) after a request has come. */
export const startResetting = () => startRaw((socket) => socket.resetAndDestroy());

/** Accepts connections but reads nothing, so that the client's data fills the buffers. */
export const startNotReading = () =>
  startRaw(
    () => undefined,
    (socket) => socket.pause(),
  );

/** Sends header lines without end, as fast as the client reads them. */
export const startFloodOfHeaders = () =>
  startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const line = `X-Filler: ${'x'.repeat(4000)}\r\n`;
    const flood = () => {
      while (!socket.destroyed && socket.write(line));
    };
    socket.on('drain', flood);
    flood();
  });

/** Sends header lines without end, one every `everyMs`. */
export const startDripOfHeaders = (everyMs: number) =>
  startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    drip(socket, everyMs, 'X-Drip: 1\r\n');
  });

/** Sends a body without end, one byte every `everyMs`. */
export const startDripOfBody = (everyMs: number) =>
  startRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n');
    drip(socket, everyMs, 'x');
  });

function drip(socket: Socket, everyMs: number, drop: string): void {
  const timer = setInterval(() => socket.write(drop), everyMs);
  socket.once('close', () => clearInterval(timer));
}

/** Sends a body without end, and counts the bytes that the client has read. */
export async function startEndless(head: string, chunk: Uint8Array): Promise<RawServer & { sent(): number }> {
  let sent = 0;
  const server = await startRaw((socket) => {
    socket.write(head);
    const flood = () => {
      while (!socket.destroyed && socket.write(chunk, () => (sent += chunk.length)));
    };
    socket.on('drain', flood);
    flood();
  });
  return { ...server, sent: () => sent };
}

/** Sends a body of 200 MB of zeros, compressed to 200 kB. */
export const startBomb = () =>
  startSending(answerOf(zlib.gzipSync(Buffer.alloc(200_000_000)), { 'Content-Encoding': 'gzip' }));

/** Redirects /1 to /2, /2 to /3, and so on. */
export const startRedirecting = (status: string) =>
  startRaw((socket, head) => {
    const step = Number(/^\S+ \/(\d*)/.exec(head)?.[1]);
    socket.write(answerOf('', { Location: `/${step + 1}` }, status));
  });

/** A normal server on a thread of its own, which answers even while the thread of the test is busy. */
export async function startElsewhere(): Promise<{ url: string; close(): Promise<void> }> {
  const server = `
    const { parentPort } = require('node:worker_threads');
    require('node:http').createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1', function () {
      parentPort.postMessage(this.address().port);
    });`;
  const worker = new Worker(server, { eval: true });
  const [port] = await once(worker, 'message');
  return { url: `http://127.0.0.1:${port}/`, close: async () => void (await worker.terminate()) };
}

/** A port on which no server listens. */
export async function startRefusing(): Promise<{ url: string; close(): Promise<void> }> {
  const server = await startNeverAnswering();
  await server.close();
  return { url: server.url, close: async () => undefined };
}

/**
 * A port that listens but never accepts. Its queue is full, so that the system drops every further SYN. The
 * listener is a thread that sleeps without end.
 */
export async function startSilentConnect(): Promise<{ url: string; close(): Promise<void> }> {
  const listener = `
    const { parentPort } = require('node:worker_threads');
    require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
      parentPort.postMessage(this.address().port);
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const worker = new Worker(listener, { eval: true });
  const [port] = await once(worker, 'message');
  const fillers: Socket[] = [];
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    await worker.terminate();
  };
  for (let taken = true; taken; ) {
    const socket = net.connect(port, '127.0.0.1');
    fillers.push(socket);
    taken = await connects(socket, 200);
    if (fillers.length > 50) throw new Error('this system accepts connections without end');
  }
  return { url: `http://127.0.0.1:${port}/`, close };
}

/** Whether a socket connects within the time. */
function connects(socket: Socket, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.once('error', () => undefined);
  });
}
