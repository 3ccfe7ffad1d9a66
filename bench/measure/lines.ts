// Counts the lines of files that are too large to be read at once.
import { createReadStream } from 'node:fs';

const NEWLINE = 10;

/** The lines of a file, whether or not the last one ends with a newline; 0 if there is no file. */
export async function countLines(path: string): Promise<number> {
  let lines = 0;
  let last = NEWLINE;
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
      for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) lines++;
      last = piece.at(-1) ?? last;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return last === NEWLINE ? lines : lines + 1;
}
