// The bad lines of an upload, each with its reason. The first thousand are kept in memory, the rest in a file
// without a name.
import { closeSync, createReadStream, writeSync } from 'node:fs';
import type { Failure } from '../errors.ts';
import { printable, shorten } from '../printable.ts';
import { openNameless } from '../records/disk.ts';
import { redact } from '../redact.ts';
import { ApiProblem } from './problem.ts';

export interface RejectedLine {
  /** Counted from 1: the line of NDJSON, or the place in an array. */
  line: number;
  /** The text of the line, shortened and redacted. */
  url: string;
  code: string;
  message: string;
}

export interface Rejections {
  /** Throws E_BODY_SIZE when the bad lines fill MOST_SPOOLED characters. */
  add(line: { line: number; failure: Failure; text: string }): void;
  count(): number;
  /** The first thousand. */
  few(): RejectedLine[];
  /** All of them, as the elements of a JSON array: `{…},{…}`. Can be read once. */
  elements(): AsyncIterable<string>;
  close(): void;
}

const MOST_IN_MEMORY = 1000;
const PIECE = 256 * 1024;
const MOST_SPOOLED = 1024 * 1024 * 1024;
const MOST_SHOWN = 200;

/**
 * Writes a file only for more than MOST_IN_MEMORY bad lines. Its name in `dir` is removed at once, so the
 * file disappears with the process. The caller calls `close`.
 */
export function createRejections(dir: string): Rejections {
  const first: RejectedLine[] = [];
  let count = 0;
  let spool: number | null = null;
  let spooled = 0;
  let unwritten = '';

  function write(): void {
    spool ??= openNameless(dir, 'rejected');
    if (spooled + unwritten.length > MOST_SPOOLED)
      throw new ApiProblem('E_BODY_SIZE', `More bad lines than drover keeps: ${count}.`);
    spooled += writeSync(spool, unwritten);
    unwritten = '';
  }

  return {
    add({ line, failure, text }) {
      const url = redact(shorten(printable(text), MOST_SHOWN));
      const rejection = { line, url, code: failure.code, message: redact(printable(failure.message)) };
      count++;
      if (first.length < MOST_IN_MEMORY) {
        first.push(rejection);
        return;
      }
      unwritten += `,${JSON.stringify(rejection)}`;
      if (unwritten.length > PIECE) write();
    },
    count: () => count,
    few: () => first,
    async *elements() {
      yield first.map((rejection) => JSON.stringify(rejection)).join(',');
      if (spool !== null)
        yield* createReadStream('', { fd: spool, start: 0, autoClose: false, encoding: 'utf8' });
      yield unwritten;
    },
    close() {
      if (spool !== null) closeSync(spool);
      spool = null;
    },
  };
}
