// A directory of bodies: one file for each body, and manifest.jsonl, which says what each file is.
import mime from 'mime';
import type { CrawlRecord } from '../../record.ts';
import { fileNameOf } from './file-names.ts';
import { openFolder } from './folder.ts';
import { bodyOf } from './record-body.ts';

export interface WrittenFolder {
  files: number;
  /** Records that have no file in it, by why. */
  leftOut: Record<string, number>;
}

/** Writes in flight. Each is made durable, so most of the time is waiting. */
const AT_ONCE = 16;

/**
 * Writes the directory, complete or not at all. A file has the ending of its content type. Throws E_FILE,
 * E_FILE_EXISTS, E_DISK_FULL.
 */
export async function writeBodies(
  records: AsyncIterable<string>,
  path: string,
  overwrite: boolean,
): Promise<WrittenFolder> {
  const folder = await openFolder(path, overwrite);
  const written: WrittenFolder = { files: 0, leftOut: {} };
  try {
    const waiting: Promise<void>[] = [];
    for await (const json of records) {
      const record = JSON.parse(json) as CrawlRecord;
      const body = bodyOf(record);
      if (body === null) {
        written.leftOut['have no body'] = (written.leftOut['have no body'] ?? 0) + 1;
        continue;
      }
      const file = `bodies/${fileNameOf(record)}.${endingOf(record.contentType, body.is)}`;
      await folder.list('manifest.jsonl', `${JSON.stringify(entryOf(record, file, body.is))}\n`);
      const writing = folder.write(file, body.bytes);
      writing.catch(() => undefined); // awaited below
      waiting.push(writing);
      written.files++;
      if (waiting.length >= AT_ONCE) await waiting.shift();
    }
    await Promise.all(waiting);
    await folder.finish({ format: 'bodies', ...written });
    return written;
  } catch (error) {
    await folder.discard();
    throw error;
  }
}

function endingOf(contentType: string | null, is: 'answer' | 'text'): string {
  return mime.getExtension(contentType ?? '') ?? (is === 'text' ? 'txt' : 'bin');
}

function entryOf(record: CrawlRecord, file: string, is: 'answer' | 'text') {
  const { id, url, finalUrl, method, status, contentType, charset, bytes, sha256, fetchedAt } = record;
  return { file, is, id, url, finalUrl, method, status, contentType, charset, bytes, sha256, fetchedAt };
}
