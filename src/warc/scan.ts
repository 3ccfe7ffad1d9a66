// Reads a WARC file that was not completed: makes the lines of its index, and finds where what is whole ends.
import { open } from 'node:fs/promises';
import { diskError } from '../records/disk.ts';
import { type IndexEntry, indexedAnswer } from './cdxj.ts';
import { firstHeader } from './http-head.ts';
import { Members, type WarcMember } from './members.ts';

export interface ScannedFile {
  /** Where the last whole record ends. */
  end: number;
  /** The size of the file when it was read. */
  size: number;
}

/**
 * Calls `onAnswer` for each answer that an index names, without the name of the file. Throws E_FILE when it
 * cannot be read.
 */
export async function scanWarc(
  path: string,
  onAnswer: (entry: Omit<IndexEntry, 'filename'>) => Promise<void> | null,
): Promise<ScannedFile> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const members = new Members(handle);
      let method: string | null = null;
      for (let member = await members.next(); member; member = await members.next()) {
        const found = readMember(member, method);
        if (found.method !== null) method = found.method;
        if (found.entry) await onAnswer(found.entry);
      }
      return { end: members.end, size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskError(error, path);
  }
}

/** `method`: that of the request record before it, which belongs to the same exchange. */
function readMember(
  { head, offset, length }: WarcMember,
  method: string | null,
): { method: string | null; entry: Omit<IndexEntry, 'filename'> | null } {
  const blockAt = head.indexOf('\r\n\r\n') + 4;
  const fields = linesIn(head.toString('utf8', 0, blockAt));
  const type = firstHeader(fields, 'warc-type');
  const block = head.toString('latin1', blockAt);
  if (type === 'request') return { method: block.slice(0, block.indexOf(' ')), entry: null };
  const url = firstHeader(fields, 'warc-target-uri');
  const date = firstHeader(fields, 'warc-date');
  const isAnswer = type === 'response' || type === 'revisit';
  if (!isAnswer || url === null || date === null) return { method: null, entry: null };
  const httpHead = block.slice(0, block.indexOf('\r\n\r\n') + 2);
  const digest = firstHeader(fields, 'warc-payload-digest');
  const record = { type, fields: [['WARC-Payload-Digest', digest]] } as const;
  const status = Number(/^\S+ (\d{3})/.exec(httpHead)?.[1] ?? 0);
  const exchange = { method: method ?? 'GET', url, status, rawHeaders: linesIn(httpHead) };
  const answer = indexedAnswer(exchange, record, date);
  return { method: null, entry: answer && { ...answer, offset, length } };
}

/** The lines behind the first as names and values in since. */
function linesIn(head: string): string[] {
  return head
    .split('\r\n')
    .slice(1)
    .filter((line) => line.includes(':'))
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
}
