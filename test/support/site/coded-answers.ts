// A server whose bodies are coded: in parts, and framed by HTTP in each way.
import { startRaw } from './hostile.ts';

/** How HTTP says where the body ends. */
export type Framing = 'length' | 'chunks' | 'close';

/** The text in two parts. */
export const halves = (text: string) =>
  [text.slice(0, text.length >> 1), text.slice(text.length >> 1)] as const;

/** A skippable frame of zstd with this content (RFC 8878 section 3.1.2). */
export function skippable(content: Uint8Array, kind = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + kind, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

/** An answer of 200 with this body. `chunkBytes`: the size of the chunks if it is sent in chunks. */
export function answerWith(
  coding: string,
  body: Buffer,
  framing: Framing = 'length',
  chunkBytes = 1000,
): Buffer {
  const pieces: (Buffer | string)[] = [];
  for (let at = 0; framing === 'chunks' && at < body.length; at += chunkBytes) {
    const piece = body.subarray(at, at + chunkBytes);
    pieces.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
  }
  if (framing === 'chunks') pieces.push('0\r\n\r\n');
  else pieces.push(body);
  const by = {
    length: `Content-Length: ${body.length}`,
    chunks: 'Transfer-Encoding: chunked',
    close: 'Connection: close',
  };
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: ${coding}\r\n${by[framing]}\r\n\r\n`;
  return Buffer.concat([head, ...pieces].map((piece) => Buffer.from(piece as string)));
}

/** Answers a path with what `bytesOf` gives for it, and closes the connection if the body ends with it. */
export function startAnswering(bytesOf: (path: string) => { bytes: Buffer; framing?: Framing }) {
  return startRaw((socket, head) => {
    const { bytes, framing } = bytesOf(/^\S+ (\S+)/.exec(head)?.[1] ?? '/');
    if (framing === 'close') socket.end(bytes);
    else socket.write(bytes);
  });
}
