// The lines that were not accepted, kept in a file beside the crawl's records, so that they can be corrected
// and offered again.
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Failure } from '../../src/errors.ts';
import { diskError } from '../../src/records/disk.ts';

/** Longest part of a line that is kept, in characters. */
const MOST_KEPT = 2000;
const MOST_UNWRITTEN = 64 * 1024;

export interface RejectedLines {
  /** Adds a line. Throws E_FILE, E_DISK_FULL. */
  add(line: { source: string; line: number; failure: Failure; text: string }): void;
  /** Writes what is left. Returns the path of the file; null if there were no such lines. */
  end(): string | null;
}

/**
 * Appends to `rejected.ndjson` in the records folder, one JSON object a line with `source`, `line`, `code`,
 * `message` and `text`. The file is made for the first line. A list that is offered again adds its lines
 * again.
 */
export function keepRejected(dataDir: string, recordsFolder: string): RejectedLines {
  const path = join(dataDir, 'records', recordsFolder, 'rejected.ndjson');
  let unwritten = '';
  let isMade = false;

  function write(): void {
    try {
      if (!isMade) mkdirSync(dirname(path), { recursive: true });
      isMade = true;
      appendFileSync(path, unwritten, { flush: true });
      unwritten = '';
    } catch (error) {
      throw diskError(error, path);
    }
  }

  return {
    add({ source, line, failure: { code, message }, text }) {
      unwritten += `${JSON.stringify({ source, line, code, message, text: text.slice(0, MOST_KEPT) })}\n`;
      if (unwritten.length > MOST_UNWRITTEN) write();
    },
    end() {
      if (unwritten !== '') write();
      return isMade ? path : null;
    },
  };
}
