// Answers of any length: NDJSON and CSV, written as they are read, given up when nobody reads them.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A reader that takes nothing for so long is gone, or wants us to wait for ever. */
const MOST_SILENCE_MS = 60_000;

/** What the Accept header asks for; JSON unless it says otherwise. */
export function wants({ headers }: FastifyRequest): 'json' | 'ndjson' | 'csv' {
  const accept = headers.accept ?? '';
  if (/application\/(x-)?ndjson|application\/jsonl/i.test(accept)) return 'ndjson';
  return /text\/csv/i.test(accept) ? 'csv' : 'json';
}

/** Lines with their ends. A browser saves it under `file`, and shows nothing of it. */
export function sendText(
  reply: FastifyReply,
  type: string,
  lines: AsyncIterable<string | Buffer>,
  file?: string,
): FastifyReply {
  const stream = Readable.from(lines, { objectMode: false, highWaterMark: 256 * 1024 });
  endWhenUnread(reply, stream);
  if (file) reply.header('content-disposition', `attachment; filename="${file}"`);
  return reply.type(`${type}; charset=utf-8`).send(stream);
}

/** Destroys what is being sent when the other end has taken nothing of it for MOST_SILENCE_MS. */
function endWhenUnread(reply: FastifyReply, stream: Readable): void {
  const { socket } = reply.raw;
  let written = -1;
  const look = setInterval(() => {
    const isStuck = reply.raw.writableNeedDrain && socket?.bytesWritten === written;
    written = socket?.bytesWritten ?? 0;
    if (isStuck) socket?.destroy();
  }, MOST_SILENCE_MS);
  look.unref();
  const end = () => {
    clearInterval(look);
    stream.destroy();
  };
  reply.raw.on('close', end);
}
