// Answers of any length, as NDJSON or CSV. They are sent while they are read, and given up when the client
// stops reading.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A client that takes no bytes for this long is disconnected. */
const MOST_SILENCE_MS = 60_000;

export type AnswerFormat = 'json' | 'ndjson' | 'csv';

/** The format that the query or, without it, the Accept header asks for; JSON by default. */
export function wants({ headers }: FastifyRequest, format?: AnswerFormat): AnswerFormat {
  if (format) return format;
  const accept = headers.accept ?? '';
  if (/application\/(x-)?ndjson|application\/jsonl/i.test(accept)) return 'ndjson';
  return /text\/csv/i.test(accept) ? 'csv' : 'json';
}

/**
 * Sends `lines`, which include their line ends. With `file`, a browser saves the answer under that name and
 * does not show it.
 */
export function sendText(
  reply: FastifyReply,
  type: string,
  lines: AsyncIterable<string | Uint8Array>,
  file?: string,
): FastifyReply {
  const stream = Readable.from(lines, { objectMode: false, highWaterMark: 256 * 1024 });
  endWhenUnread(reply, stream);
  if (file) reply.header('content-disposition', `attachment; filename="${file}"`);
  return reply.type(`${type}; charset=utf-8`).send(stream);
}

/** Ends the connection when the client has taken no bytes for MOST_SILENCE_MS. */
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
