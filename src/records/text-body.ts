// The body of a record as text, whether the record keeps it as text or as bytes.
import { isNoSniff, type MediaType, mediaTypeOf } from '../fetch/body/media-type.ts';
import { decodeText } from '../fetch/body/text.ts';
import { hasXhtmlRoot } from '../markup/xml-tags.ts';
import type { CrawlRecord } from '../record.ts';
import { bodyOf } from './export/record-body.ts';

export interface TextBody {
  text: string;
  isHtml: boolean;
  /** Of the media type, such as application/json. */
  essence: string | null;
}

/** Bytes that tell the type where Content-Type does not. */
const SNIFFED = 1500;

/** Null when the record has no body, or one that is no text. Never throws. */
export function textBodyOf(record: CrawlRecord): TextBody | null {
  const { body, bytes, contentType, headers } = record;
  if (body === null) return null;
  const noSniff = isNoSniff(headers?.['x-content-type-options']);
  const mayBeBase64 = bytes !== null && body.length === Math.ceil(bytes / 3) * 4 && !body.includes('<');
  const found = mayBeBase64 ? bodyOf(record) : null;
  if (found?.is !== 'answer')
    return textOf(body, mediaTypeOf(contentType, Buffer.from(body.slice(0, SNIFFED)), noSniff));
  const type = mediaTypeOf(contentType, found.bytes, noSniff);
  return type.kind === 'binary' ? null : textOf(decodeText(found.bytes, type).text, type);
}

function textOf(text: string, { kind, essence }: MediaType): TextBody {
  const isXhtml = essence === 'application/xhtml+xml' || (kind === 'xml' && hasXhtmlRoot(text));
  return { text, isHtml: kind === 'html' || isXhtml, essence };
}
