// The whole lines of a segment file, a buffer at a time, however fast the file grows and wherever it is torn.
import { open } from 'node:fs/promises';
import type { LineHead } from '../line.ts';

const newline = 0x0a;
const startBytes = 1024 * 1024;

/** A buffer that several files are read through in turn; it grows to the longest line. */
export class ReadSpace {
  bytes = Buffer.allocUnsafeSlow(startBytes);

  /** Twice as large, the first `kept` bytes kept. */
  grow(kept: number): void {
    const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2);
    this.bytes.copy(larger, 0, 0, kept);
    this.bytes = larger;
  }
}

/**
 * Yields stretches of whole lines, each with its newline, from the start of the file (or of the line at `from`) up to `limit` bytes. A line
 * without a newline at the end (torn, or being written) is left out. A stretch is good until the next is asked for; it may be altered.
 */
export async function* wholeLines(
  path: string,
  space: ReadSpace,
  limit = Infinity,
  from = 0,
): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    let kept = 0; // bytes of an unfinished line, at the start of the buffer
    let position = from;
    while (position < limit) {
      if (kept === space.bytes.length) space.grow(kept);
      const wanted = Math.min(space.bytes.length - kept, limit - position);
      const { bytesRead } = await file.read(space.bytes, kept, wanted, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      const filled = kept + bytesRead;
      const fresh = space.bytes.subarray(kept, filled).lastIndexOf(newline);
      if (fresh < 0) {
        kept = filled;
        continue;
      }
      const end = kept + fresh + 1;
      yield space.bytes.subarray(0, end);
      space.bytes.copyWithin(0, end, filled);
      kept = filled - end;
    }
  } finally {
    await file.close();
  }
}

/**
 * Calls `visit` for each line of a stretch that is one of a record, with where it begins and where its newline is; `head` is then that line's.
 * False stops; answers whether none did.
 */
export function eachRecord(
  bytes: Buffer,
  head: LineHead,
  visit: (start: number, end: number) => boolean,
): boolean {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(newline, start);
    if (head.read(bytes, start, end) && !visit(start, end)) return false;
    start = end + 1;
  }
  return true;
}
