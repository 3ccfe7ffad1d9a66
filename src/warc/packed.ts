// What an archive is packed from: WARC files in a directory or a bucket, and one index of all.
import { createReadStream } from 'node:fs';
import type { FoundWarc } from './repair.ts';

export interface PackedWarc {
  name: string;
  /** How many bytes of it are whole records. */
  bytes: number;
  open(): AsyncIterable<Buffer>;
}

export interface FoundArchive {
  warcs: PackedWarc[];
  /** The lines of the indexes of all, sorted. They may be read once. */
  lines: AsyncIterable<string>;
  close(): Promise<void>;
}

export function packedFile({ name, path, bytes }: Pick<FoundWarc, 'name' | 'path' | 'bytes'>): PackedWarc {
  return { name, bytes, open: () => createReadStream(path, { end: bytes - 1 }) };
}
