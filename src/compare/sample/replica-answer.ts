// The answers of the replica: the measured bodies, headers and statuses, as late as they were measured.
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, deflate, gzip, zstdCompress } from 'node:zlib';

/** One answer of the replica, at the path of its index. */
export interface ReplicaPage {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As it is after decompression. It is compressed again as it came. */
  readonly body: Uint8Array;
  /** Time before the head, and from it to the end of the body, in milliseconds. */
  readonly firstByteMs: number;
  readonly downloadMs: number;
}

/** What belongs to the former connection, or is made anew. */
const ownHeaders = new Set([
  ...['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'content-encoding', 'trailer'],
  ...['upgrade', 'alt-svc', 'date', 'set-cookie', 'retry-after'],
]);
/** A body that took time comes in so many pieces. */
const PIECES = 4;

const coders: Record<string, (body: Uint8Array) => Promise<Buffer>> = {
  gzip: promisify(gzip),
  'x-gzip': promisify(gzip),
  deflate: promisify(deflate),
  br: promisify(brotliCompress),
  zstd: promisify(zstdCompress),
};

export interface ReadyPage extends ReplicaPage {
  readonly head: Record<string, string>;
  readonly wire: Uint8Array;
}

/** Compresses the body as it was. */
export async function prepareAnswer(page: ReplicaPage): Promise<ReadyPage> {
  const coding = page.headers['content-encoding']?.trim().toLowerCase() ?? '';
  const coder = Object.hasOwn(coders, coding) ? coders[coding] : undefined;
  const wire = coder ? await coder(page.body) : page.body;
  const kept = Object.entries(page.headers).filter(([name]) => !ownHeaders.has(name));
  const head = { ...Object.fromEntries(kept), 'content-length': String(wire.byteLength) };
  return { ...page, wire, head: coder ? { ...head, 'content-encoding': coding } : head };
}

/** Sends it as slowly as it came. */
export function sendAnswer(
  { status, head, wire, firstByteMs, downloadMs }: ReadyPage,
  response: ServerResponse,
): void {
  const begin = () => {
    response.writeHead(status, head);
    if (downloadMs < 2 || wire.byteLength < PIECES) return response.end(wire);
    response.flushHeaders();
    send(1);
  };
  const send = (piece: number) => {
    const [from, to] = [piece - 1, piece].map((at) => Math.floor((at * wire.byteLength) / PIECES));
    const part = wire.subarray(from, to);
    if (piece === PIECES) return response.end(part);
    response.write(part);
    setTimeout(() => send(piece + 1), downloadMs / (PIECES - 1));
  };
  if (firstByteMs < 1) begin();
  else setTimeout(begin, firstByteMs);
}
