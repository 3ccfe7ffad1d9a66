// Before a consumer takes jobs: can it write the records of the crawls that are open?

import type { Settings } from '../../src/config/settings.ts';
import { listOpenCrawls } from '../../src/crawl/crawl.ts';
import { lookUpRecords } from '../../src/crawl/kept-records.ts';
import { catalogue, DroverError } from '../../src/errors.ts';
import type { TroubleLog } from '../../src/fleet/trouble-log.ts';
import type { Fleet } from '../../src/fleet.ts';
import { keptAddress, openStores, type RecordStores } from '../../src/records/stores.ts';

interface Parts {
  fleet: Fleet;
  settings: Pick<Settings, 'dataDir' | 'store'>;
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
    listener: {
      onTrouble: (failure) => troubles.note(failure, 'store'),
      onWritten: () => troubles.storeAnswered(),
    },
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

async function prepareAll({ fleet, settings, serve, troubles }: Parts, stores: RecordStores): Promise<void> {
  const addresses = new Set(settings.store === null ? [] : [keptAddress(settings.store)]);
  // A Redis that is away is waited for later.
  const crawls = serve === '*' ? await listOpenCrawls(fleet).catch(() => []) : [serve];
  for (const crawl of crawls) addresses.add((await lookUpRecords(fleet, crawl)).store);
  for (const address of addresses)
    await stores
      .at(address)
      .prepare()
      .catch((error: unknown) => {
        if (!passes(error)) throw error;
        troubles.note(error, 'store');
      });
}

function passes(error: unknown): boolean {
  return error instanceof DroverError && catalogue[error.code].passes === true;
}
