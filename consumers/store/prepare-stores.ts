// Before a consumer takes jobs: can it write the records of the crawls that are open?

import type { Settings } from '../../src/config/settings.ts';
import { keptAddress } from '../../src/config/store-address.ts';
import { listOpenCrawls } from '../../src/crawl/crawl.ts';
import { lookUpRecords } from '../../src/crawl/kept-records.ts';
import { catalogue, DroverError } from '../../src/errors.ts';
import type { TroubleLog } from '../../src/fleet/trouble-log.ts';
import type { Fleet } from '../../src/fleet.ts';
import { openStores, type RecordStores } from '../../src/records/stores.ts';

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
  const own = settings.store === null ? [] : [keptAddress(settings.store)];
  const kept = await addressesOf(fleet, serve).catch((error: unknown) => {
    troubles.note(error, 'redis');
    return [];
  });
  for (const address of new Set([...own, ...kept]))
    await stores
      .at(address)
      .prepare()
      .catch((error: unknown) => {
        if (!passes(error)) throw error;
        troubles.note(error, 'store');
      });
}

async function addressesOf(fleet: Fleet, serve: string): Promise<string[]> {
  const crawls = serve === '*' ? await listOpenCrawls(fleet) : [serve];
  const addresses: string[] = [];
  for (const crawl of crawls) addresses.push((await lookUpRecords(fleet, crawl)).store);
  return addresses;
}

function passes(error: unknown): boolean {
  return error instanceof DroverError && catalogue[error.code].passes === true;
}
