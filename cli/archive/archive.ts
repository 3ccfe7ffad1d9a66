// drover archive: packs the WARC files of a crawl into one WACZ.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWarcPlace } from '../../src/config/read.ts';
import { findCrawl } from '../../src/crawl/crawl.ts';
import { lookUpRecords } from '../../src/crawl/kept-records.ts';
import { listWarcs, missingWarcs } from '../../src/crawl/kept-warcs.ts';
import { createLoadedCrawls } from '../../src/crawl/loaded-crawl.ts';
import { DroverError } from '../../src/errors.ts';
import { findArchive } from '../../src/warc/find-archive.ts';
import type { FoundArchive } from '../../src/warc/packed.ts';
import { EXIT } from '../command/failures.ts';
import { endOnSignals } from '../command/interrupt.ts';
import { type OutputFile, reserveOutput } from '../command/output-file.ts';
import { openStoreSession, type StoreSession } from '../command/store-session.ts';
import type { ArchiveOptions } from '../options.ts';
import { counted } from '../terminal/figures.ts';
import { pack } from './pack.ts';

/**
 * Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_WARC_NONE, E_FILE, E_FILE_EXISTS, E_FILE_BUSY,
 * E_DISK_FULL; and E_WARC_MISSING or E_RECORDS_MISSING after what is here has been packed.
 */
export async function run(args: string[], options: ArchiveOptions): Promise<number> {
  const session = await openStoreSession(options.settings);
  try {
    const crawl = await findCrawl(session.fleet, args[0] ?? '');
    const output = reserveOutput(options.output ?? `${crawl}.wacz`, options.overwrite);
    endOnSignals();
    return await packInto(session, crawl, output, options).finally(output.release);
  } finally {
    await session.close();
  }
}

async function packInto(
  session: StoreSession,
  crawl: string,
  output: OutputFile,
  { from, json }: ArchiveOptions,
): Promise<number> {
  const { fleet, stores } = session;
  const kept = await lookUpRecords(fleet, crawl);
  const files = await listWarcs(fleet, crawl);
  const place = await placeOf(session, crawl, from);
  const own = await mkdtemp(join(tmpdir(), 'drover-archive-'));
  let archive: FoundArchive | null = null;
  try {
    archive = await findArchive(place, kept.folder, join(own, 'index'));
    const { warcs } = archive;
    if (warcs.length === 0 && files.size === 0)
      throw new DroverError('E_WARC_NONE', `Crawl ${crawl} has no WARC file in ${place}.`);
    const { pages, missing } = await pack(crawl, { kept, store: stores.at(kept.store), archive, output });
    const summary = { crawl, file: output.path, pages, warcs: warcs.length };
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else process.stderr.write(`${wordsOf(summary)}\n`);
    const lost = missingWarcs(files, warcs, place) ?? missing;
    if (lost) throw lost;
    return EXIT.recorded;
  } finally {
    await archive?.close();
    await rm(own, { recursive: true, force: true });
  }
}

function wordsOf({ crawl, file, pages, warcs }: Record<string, string | number | null>): string {
  const what = `${counted(Number(pages), 'page')}, ${counted(Number(warcs), 'WARC file')}`;
  return `${what} of crawl ${crawl} in ${file ?? 'standard output'}`;
}

async function placeOf({ fleet }: StoreSession, crawl: string, from: string | undefined): Promise<string> {
  if (from !== undefined) return readWarcPlace(from, '--from');
  const warc = (await createLoadedCrawls(fleet).get(crawl))?.settings.warc ?? null;
  if (warc === null) throw new DroverError('E_WARC_NONE', `Crawl ${crawl}.`);
  return warc;
}
