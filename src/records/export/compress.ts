// Compresses an export while it is written.
import { pipeline, Readable } from 'node:stream';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { Compression } from './format.ts';

/** The bytes as one gzip member or one zstd frame. What the source throws, this throws. */
export async function* compressed(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Buffer> {
  const coder = compression === 'gz' ? createGzip() : createZstdCompress();
  // The callback is for errors, which the loop below throws too.
  pipeline(Readable.from(bytes, { highWaterMark: 1 }), coder, () => undefined);
  for await (const chunk of coder) yield chunk as Buffer;
}
