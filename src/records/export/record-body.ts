// The body of a record as bytes. A record does not say whether its body is text or base64; the SHA-256 of the
// answer, which it holds too, tells.
import { hash } from 'node:crypto';
import type { CrawlRecord } from '../../record.ts';

export interface RecordBody {
  readonly bytes: Buffer;
  /** `answer`: the bytes of the answer. `text`: the text of it in UTF-8, whatever its character set was. */
  readonly is: 'answer' | 'text';
}

type WithBody = Pick<CrawlRecord, 'body' | 'bytes' | 'sha256'>;

/** Null when the record has no body. */
export function bodyOf({ body, bytes: length, sha256 }: WithBody): RecordBody | null {
  if (body === null) return null;
  const isOf = (bytes: Buffer) => bytes.length === length && hash('sha256', bytes, 'hex') === sha256;
  if (length !== null && body.length === Math.ceil(length / 3) * 4) {
    const bytes = Buffer.from(body, 'base64');
    if (isOf(bytes)) return { bytes, is: 'answer' };
  }
  const bytes = Buffer.from(body);
  return { bytes, is: isOf(bytes) ? 'answer' : 'text' };
}
