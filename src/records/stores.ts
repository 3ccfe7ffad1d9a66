// The stores that a process uses: it may have to do with crawls that keep their records in different ones.
import { openFileStore } from './file-store.ts';
import type { RecordStore, RecordWriter } from './store.ts';

/** The store of a crawl that names none: files in the data directory. */
export const FILES = 'file:';

export interface RecordStores {
  /** The store with this address, opened at its first use. The same address gives the same store. */
  at(address: string): RecordStore;
  close(): Promise<void>;
}

/** What a consumer needs of them. */
export interface RecordWriters {
  at(address: string): RecordWriter;
  close(): Promise<void>;
}

/** `dataDir`: where FILES keeps its records. */
export function openStores({ dataDir }: { dataDir: string }): RecordStores {
  const stores = new Map<string, RecordStore>();
  return {
    at(address) {
      let store = stores.get(address);
      store ??= openFileStore(dataDir);
      stores.set(address, store);
      return store;
    },
    async close() {
      await Promise.all([...stores.values()].map((store) => store.close()));
    },
  };
}
