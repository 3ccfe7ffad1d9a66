// Before a consumer takes jobs: can it write the records of the crawls that are open?

import { isS3, readS3Address } from '../../src/config/s3-address.ts';
import type { Settings } from '../../src/config/settings.ts';
import { keptAddress } from '../../src/config/store-address.ts';
import { listOpenCrawls } from '../../src/crawl/crawl.ts';
import { lookUpRecords } from '../../src/crawl/kept-records.ts';
import { createLoadedCrawls } from '../../src/crawl/loaded-crawl.ts';
import { catalogue, DroverError } from '../../src/errors.ts';
import type { TroubleLog } from '../../src/fleet/trouble-log.ts';
import type { Fleet } from '../../src/fleet.ts';
import { checkS3Store } from '../../src/records/s3/probe.ts';
import { openStores, type RecordStores } from '../../src/records/stores.ts';

interface Parts {
  fleet: Fleet;
  settings: Pick<Settings, 'dataDir' | 'store' | 'warc'>;
  serve: string;
  troubles: TroubleLog;
  stop?: Promise<void>;
  /** Called when it throws: closes what the consumer has opened before. */
  close: () => void;
}

/**
 * Opens the stores of a consumer, and prepares those of the open crawls, or of the crawl `serve` alone, and
 * the one that the user named. What passes by itself, such as a database that is being restarted, is told
 * and not waited for: records wait for it later. Throws what does not pass: a wrong password, a database that
 * does not exist, missing rights.
 */
export async function openPreparedStores(parts: Parts): Promise<RecordStores> {
  const { settings, troubles, stop } = parts;
  const stores = openStores({
    ...settings,
    listener: storeListener(troubles),
  });
  const preparing = prepareAll(parts, stores);
  try {
    await Promise.race([preparing, stop ?? preparing]);
  } catch (error) {
    await stores.close();
    parts.close();
    throw error;
  }
  return stores;
}

/** Tells of stores and archives that cannot be written, and when they can again. */
export function storeListener(troubles: TroubleLog) {
  return {
    onTrouble: (error: unknown) => troubles.note(error, 'store'),
    onWritten: () => troubles.storeAnswered(),
  };
}

async function prepareAll({ fleet, settings, serve, troubles }: Parts, stores: RecordStores): Promise<void> {
  const own = settings.store === null ? [] : [keptAddress(settings.store)];
  const kept = await placesOf(fleet, serve).catch((error: unknown) => {
    troubles.note(error, 'redis');
    return { stores: [], warcs: [] };
  });
  const orTold = (error: unknown) => {
    if (!passes(error)) throw error;
    troubles.note(error, 'store');
  };
  for (const address of new Set([...own, ...kept.stores])) await stores.at(address).prepare().catch(orTold);
  for (const place of new Set([...kept.warcs, ...(settings.warc ? [settings.warc] : [])]))
    if (isS3(place)) await checkS3Store(readS3Address(place)).catch(orTold);
}

async function placesOf(fleet: Fleet, serve: string): Promise<{ stores: string[]; warcs: string[] }> {
  const crawls = serve === '*' ? await listOpenCrawls(fleet) : [serve];
  const places: { stores: string[]; warcs: string[] } = { stores: [], warcs: [] };
  const loadedCrawls = createLoadedCrawls(fleet);
  for (const crawl of crawls) {
    places.stores.push((await lookUpRecords(fleet, crawl)).store);
    const warc = (await loadedCrawls.get(crawl))?.settings.warc ?? null;
    if (warc !== null) places.warcs.push(warc);
  }
  return places;
}

function passes(error: unknown): boolean {
  return error instanceof DroverError && catalogue[error.code].passes === true;
}
