// Writes the WACZ of a crawl: its WARC files, and its records as the list of pages.
import { defaultSettings } from '../../src/config/settings.ts';
import { type KeptRecords, missingRecords } from '../../src/crawl/kept-records.ts';
import type { DroverError } from '../../src/errors.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { counting, writeParts } from '../../src/records/export/output.ts';
import { type RecordStore, recordLines } from '../../src/records/store.ts';
import type { FoundArchive } from '../../src/warc/packed.ts';
import { type WaczPage, waczOf } from '../../src/warc/wacz.ts';
import type { OutputFile } from '../command/output-file.ts';

/** `missing`: why these are not all records of the crawl; null if they are. Throws as writeParts does. */
export async function pack(
  crawl: string,
  parts: { kept: KeptRecords; store: RecordStore; archive: FoundArchive; output: OutputFile },
): Promise<{ pages: number; missing: DroverError | null }> {
  const { kept, store, archive, output } = parts;
  const found: { missing: DroverError | null; count: number } = { missing: null, count: 0 };
  const onFound = (requests: number) => {
    found.missing = missingRecords(kept, requests, store);
  };
  const pages = counting(pagesOf(recordLines(store.read(kept.folder, { onFound }))), found);
  const content = { title: crawl, software: defaultSettings.userAgent, archive, pages };
  await writeParts(output.path, waczOf(content), { overwrite: output.overwrite });
  return { pages: found.count, missing: found.missing };
}

/** The pages of the crawl, each once: HTML, and whatever the user named as a seed. */
async function* pagesOf(records: AsyncIterable<string>): AsyncGenerator<WaczPage> {
  for await (const line of records) {
    const { id, url, ok, contentType, referrer, fetchedAt, title } = JSON.parse(line) as CrawlRecord;
    const type = contentType ?? '';
    const seed = referrer === null && !/xml/i.test(type); // a sitemap is no page
    if (ok && (seed || /^(?:text\/html|application\/xhtml\+xml)\b/i.test(type)))
      yield { id, url, ts: fetchedAt, title, seed };
  }
}
