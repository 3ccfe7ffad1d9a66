// What was not accepted of an upload, each line named: in memory while it is little, in a file without a name when it is much.
import { randomUUID } from 'node:crypto';
import { closeSync, createReadStream, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from '../errors.ts';
import { printable, shorten } from '../log.ts';
import { redact } from '../redact.ts';
import { ApiProblem } from './problem.ts';

export interface Rejection {
  /** From 1 on: the line of NDJSON, the place in an array. */
  line: number;
  /** What stood there, shortened. */
  url: string;
  code: string;
  message: string;
}

export interface Rejections {
  /** Throws E_BODY_SIZE when there are more than anybody would read. */
  add(line: { line: number; failure: Failure; text: string }): void;
  count(): number;
  /** The first thousand. */
  few(): Rejection[];
  /** All, as the elements of a JSON array: `{…},{…}`. Once. */
  elements(): AsyncIterable<string>;
  close(): void;
}

const MOST_IN_MEMORY = 1000;
const PIECE = 256 * 1024;
const MOST_SPOOLED = 1024 * 1024 * 1024;
const MOST_SHOWN = 200;

/** Nothing is written before there is much; what is written has no name in `dir`, and so goes with the process. */
export function createRejections(dir: string): Rejections {
  const first: Rejection[] = [];
  let count = 0;
  let spool: number | null = null;
  let spooled = 0;
  let unwritten = '';

  function write(): void {
    spool ??= openNameless(dir);
    if (spooled + unwritten.length > MOST_SPOOLED)
      throw new ApiProblem('E_BODY_SIZE', `${count} of its lines are bad, and that is enough.`);
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

function openNameless(dir: string): number {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `rejected-${randomUUID()}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}
