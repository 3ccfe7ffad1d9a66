// Reads the complete lines of a segment file, one buffer at a time. The file may grow meanwhile and may end
// in the middle of a line.
import { open } from 'node:fs/promises';
import type { LineHead } from '../line.ts';

const newline = 0x0a;
const startBytes = 1024 * 1024;

/** A buffer for reading several files one after the other. It grows to the size of the longest line. */
export class ReadSpace {
  bytes = Buffer.allocUnsafeSlow(startBytes);

  /** Doubles the buffer. Its first `kept` bytes are kept. */
  grow(kept: number): void {
    const larger = Buffer.allocUnsafeSlow(this.bytes.length * 2);
    this.bytes.copy(larger, 0, 0, kept);
    this.bytes = larger;
  }
}

/**
 * Yields stretches of complete lines with their newlines, from byte `from` (which must be the start of a
 * line) to byte `limit`. A last line without a newline is left out: it is being written, or was cut off. A
 * stretch is valid until the next one is asked for, and the caller may change its bytes. Throws the error of
 * the file system.
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
 * Calls `visit` for each line of a stretch that is a record, with the indexes of its first byte and of its
 * newline; `head` is then the head of that line. Stops if `visit` returns false. Returns whether all lines
 * were visited.
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
