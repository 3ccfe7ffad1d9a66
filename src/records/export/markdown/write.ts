// A directory of Markdown for language models: one file for each page, with its main content, and index.md.

import { mediaTypeOf } from '../../../fetch/body/media-type.ts';
import { decodeText } from '../../../fetch/body/text.ts';
import type { CrawlRecord } from '../../../record.ts';
import type { WrittenFolder } from '../bodies.ts';
import { fileNameOf } from '../file-names.ts';
import { type OutputFolder, openFolder } from '../folder.ts';
import { bodyOf } from '../record-body.ts';
import type { ExtractedPage } from './extract-worker.ts';
import { openExtractor } from './extractor.ts';
import { frontMatter, indexLine } from './front-matter.ts';

export interface MarkdownOptions {
  readonly overwrite: boolean;
  /** Pages without a status 2xx too, because a filter asks for them. */
  readonly withFailed: boolean;
}

/**
 * Writes the directory, complete or not at all, and its index in the order of the records. Records that are
 * no page of text are left out. Throws E_FILE, E_FILE_EXISTS, E_DISK_FULL.
 */
export async function writeMarkdown(
  records: AsyncIterable<string>,
  path: string,
  { overwrite, withFailed }: MarkdownOptions,
): Promise<WrittenFolder> {
  const folder = await openFolder(path, overwrite);
  const extractor = await openExtractor();
  const written: WrittenFolder = { files: 0, leftOut: {} };
  try {
    await folder.list('index.md', '# Pages\n\n');
    const waiting: Promise<string>[] = [];
    const indexFirst = async () => folder.list('index.md', (await waiting.shift()) ?? '');
    for await (const json of records) {
      const record = JSON.parse(json) as CrawlRecord;
      const text = pageText(record);
      const why = !record.ok && !withFailed ? 'failed' : text === null ? 'are no pages of text' : null;
      if (text === null || why !== null) {
        if (why) written.leftOut[why] = (written.leftOut[why] ?? 0) + 1;
        continue;
      }
      const page = text.isHtml ? extractor.extract(text.text, pageUrl(record)) : asItIs(text.text);
      const writing = writePage(folder, record, page);
      writing.catch(() => undefined); // awaited by indexFirst
      waiting.push(writing);
      written.files++;
      // One page more than threads: the next is there when one is done.
      while (waiting.length > extractor.threads) await indexFirst();
    }
    while (waiting.length > 0) await indexFirst();
    await folder.finish({ format: 'markdown', ...written });
    return written;
  } catch (error) {
    await folder.discard();
    throw error;
  } finally {
    await extractor.close();
  }
}

/** Returns the line of the page in the index. */
async function writePage(
  folder: OutputFolder,
  record: CrawlRecord,
  extracting: ExtractedPage | Promise<ExtractedPage>,
): Promise<string> {
  const page = await extracting;
  const file = `pages/${fileNameOf(record)}.md`;
  const title = page.title ?? record.title;
  const heading =
    title !== null && page.title !== null && !/^#\s/.test(page.markdown)
      ? `# ${title.replace(/\s+/g, ' ').trim()}\n\n`
      : '';
  await folder.write(file, `${frontMatter(record, page)}\n${heading}${page.markdown}\n`.toWellFormed());
  return indexLine(file, title, record.url).toWellFormed();
}

const pageUrl = ({ finalUrl, url }: CrawlRecord) => finalUrl ?? url;

function asItIs(markdown: string): ExtractedPage {
  return { markdown, title: null, published: null, language: null, canonical: null, plain: 'it is no HTML' };
}

/** The text of a page in HTML, plain text or Markdown; null for all else. */
function pageText(record: CrawlRecord): { text: string; isHtml: boolean } | null {
  const essence = (record.contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const isHtml =
    /^(text\/html|application\/xhtml\+xml)$/.test(essence) || (essence === '' && record.links !== null);
  if (record.body === null || !(isHtml || /^text\/(plain|markdown|x-markdown)$/.test(essence))) return null;
  const { bytes, is } = bodyOf(record) ?? { bytes: null, is: 'text' };
  // The bytes of the answer are in its own character set. If they are UTF-8, the record may have their text.
  if (bytes === null || is === 'text' || bytes.toString() === record.body)
    return { text: record.body, isHtml };
  return { text: decodeText(bytes, mediaTypeOf(record.contentType, bytes)).text, isHtml };
}
