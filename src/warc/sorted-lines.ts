// Sorts lines by their bytes, however many there are: what does not fit into memory waits in files, each
// sorted by itself, which are merged when they are read.
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { writeParts } from '../records/export/output.ts';

/** Characters of lines that are kept in memory. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
/** Lines that are written at once. */
const LINES_A_PIECE = 500;

export class SortedLines {
  readonly #path: string;
  readonly #mostCharacters: number;
  #lines: string[] = [];
  #characters = 0;
  #runs: string[] = [];

  /** `path`: what the names of the files begin with. */
  constructor(path: string, mostCharacters = MOST_CHARACTERS) {
    this.#path = path;
    this.#mostCharacters = mostCharacters;
  }

  /** Adds a line, without its end. The promise is null if there is nothing to wait for. */
  add(line: string): Promise<void> | null {
    this.#lines.push(line);
    this.#characters += line.length;
    return this.#characters > this.#mostCharacters ? this.#spill() : null;
  }

  /** All lines, sorted. It may be read once. */
  sorted(): AsyncIterable<string> {
    const here = Readable.from(this.#lines.sort(byBytes));
    return mergedLines([...this.#runs.map(fileLines), here]);
  }

  /** Removes the files. */
  async close(): Promise<void> {
    const runs = this.#runs;
    this.#runs = [];
    this.#lines = [];
    for (const run of runs) await rm(run, { force: true });
  }

  async #spill(): Promise<void> {
    const lines = this.#lines.sort(byBytes);
    this.#lines = [];
    this.#characters = 0;
    const run = `${this.#path}.${this.#runs.length}.tmp`;
    this.#runs.push(run);
    await writeParts(run, piecesOf(lines), { overwrite: true });
  }
}

/** The lines of a file. Nothing is read before the first is asked for: readline loses what comes sooner. */
export async function* fileLines(path: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
}

/** Lines with their ends, many in one piece. */
export async function* piecesOf(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  let piece: string[] = [];
  for await (const line of lines) {
    if (piece.push(line) < LINES_A_PIECE) continue;
    yield `${piece.join('\n')}\n`;
    piece = [];
  }
  if (piece.length > 0) yield `${piece.join('\n')}\n`;
}

/** The lines of several sources, each sorted, in the order of their bytes. */
export async function* mergedLines(sources: readonly AsyncIterable<string>[]): AsyncGenerator<string> {
  const open: { line: string; rest: AsyncIterator<string> }[] = [];
  const put = async (rest: AsyncIterator<string>) => {
    const next = await rest.next();
    if (next.done) return;
    let at = open.length;
    while (at > 0 && byBytes((open[at - 1] as { line: string }).line, next.value) < 0) at--;
    open.splice(at, 0, { line: next.value, rest });
  };
  for (const source of sources) await put(source[Symbol.asyncIterator]());
  for (let least = open.pop(); least; least = open.pop()) {
    yield least.line;
    await put(least.rest);
  }
}

/**
 * The order of UTF-8, as `LC_ALL=C sort` has it. Lines here are ASCII but for what stands in their JSON;
 * UTF-16 differs from UTF-8 in surrogates alone.
 */
function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

const surrogate = /[\ud800-\udfff]/;
