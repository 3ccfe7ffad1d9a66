// A terminal for tests that keeps what is written to it and knows what one sees, and the counts of a crawl
// that it shows.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import type { CrawlCounts } from '../../src/crawl/progress.ts';

export interface StreamOptions {
  isTTY: boolean;
  columns?: number;
  colour?: boolean;
}

/** What would be stderr: keeps what is written, and says of itself what a terminal says. */
export class Terminal extends Writable {
  readonly writes: string[] = [];
  readonly isTTY: boolean;
  readonly rows = 24;
  columns: number;
  readonly #colour: boolean;

  constructor({ isTTY, columns = 80, colour = false }: StreamOptions) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
    this.columns = columns;
    this.#colour = colour;
  }

  hasColors(): boolean {
    return this.#colour;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.writes.push(String(chunk));
    done();
  }

  text(): string {
    return this.writes.join('');
  }

  /**
   * The lines that one sees: obeys what drover writes (cursor up, erase line, erase below, styles) and
   * nothing else.
   */
  seen(): string[] {
    const lines: string[][] = [[]];
    let [row, column] = [0, 0];
    for (const token of this.text().match(/\x1b\[[0-9;]*[A-Za-z]|\n|./gsu) ?? []) {
      const [, amount, command] = /^\x1b\[([0-9;]*)([A-Za-z])$/.exec(token) ?? [];
      const line = lines[row] ?? [];
      if (token === '\n') [row, column] = [row + 1, 0];
      else if (token === '\r') column = 0;
      else if (command === 'A') row -= Number(amount);
      else if (command === 'K') line.length = column;
      else if (command === 'J') [line.length, lines.length] = [column, row + 1];
      else if (command !== 'm') {
        assert.ok(!command && token !== '\x1b', `an unknown command: ${JSON.stringify(token)}`);
        line[column++] = token;
      }
      assert.ok(row >= 0, 'above the first line');
      while (lines.length <= row) lines.push([]);
    }
    return lines.map((line) => line.join(''));
  }
}

export function counts(part: Partial<CrawlCounts> = {}): CrawlCounts {
  const empty = {
    accepted: 0,
    recorded: 0,
    refused: 0,
    dead: 0,
    waiting: 0,
    bytes: 0,
    retries: 0,
    postponed: 0,
    unchanged: 0,
    notDue: 0,
    charged: null,
  };
  return {
    crawl: 'museum',
    state: 'running',
    ...empty,
    statuses: {},
    errors: {},
    refusals: {},
    leftOut: {},
    items: {},
    ...part,
  };
}
