// The stores that a process uses: it may have to do with crawls that keep their records in different ones.
import { isSameStore, readStoreAddress } from '../config/store-address.ts';
import { DroverError } from '../errors.ts';
import { openFileStore } from './file-store.ts';
import { openPostgresStore } from './postgres/postgres-store.ts';
import { openS3Store } from './s3/s3-store.ts';
import type { RecordStore, RecordWriter, StoreListener } from './store.ts';

export interface RecordStores {
  /**
   * The store with this address, opened at its first use. The same address gives the same store. Throws
   * E_STORE_FORMAT for an address that this version cannot read.
   */
  at(address: string): RecordStore;
  close(): Promise<void>;
}

/** What a consumer needs of them. */
export interface RecordWriters {
  at(address: string): RecordWriter;
  close(): Promise<void>;
}

export interface StoresParts {
  /** Where FILES keeps its records. */
  dataDir: string;
  /**
   * The store that the user of this process named. A crawl keeps the address without a password: when it is
   * the same database, user, password and TLS are taken from here.
   */
  store: string | null;
  listener?: StoreListener;
}

const NO_LISTENER: StoreListener = { onTrouble: () => undefined, onWritten: () => undefined };

export function openStores({ dataDir, store: given, listener = NO_LISTENER }: StoresParts): RecordStores {
  const stores = new Map<string, RecordStore>();

  function open(text: string): RecordStore {
    const address = readAddress(text);
    if (address.kind === 'file') return openFileStore(address.directory ?? dataDir);
    if (address.kind === 's3') return openS3Store(address, text, listener);
    const own = given === null ? null : readStoreAddress(given);
    const login = own?.kind === 'postgres' && isSameStore(own, address) ? own : address;
    return openPostgresStore(login, text, listener);
  }

  return {
    at(address) {
      let store = stores.get(address);
      if (!store) {
        store = open(address);
        stores.set(address, store);
      }
      return store;
    },
    async close() {
      await Promise.all([...stores.values()].map((store) => store.close()));
    },
  };
}

function readAddress(text: string) {
  try {
    return readStoreAddress(text);
  } catch {
    throw new DroverError('E_STORE_FORMAT', `The crawl keeps its records in ${text.replace(/:.*/s, '')}:.`);
  }
}
