// The servers of the stores that are measured.
import { startTestPostgres } from '../../test/support/stores/postgres.ts';
import { startRadosgw } from '../../test/support/stores/radosgw.ts';
import type { StoreName } from './report.ts';

/** A store to crawl into. */
export interface MeasuredStore {
  /** As --store takes it. */
  address: string;
  env: Readonly<Record<string, string>>;
  /** The processes of its server; those that they start belong to it too. */
  pids(): readonly number[];
}

export interface MeasuredStores {
  at(name: StoreName): MeasuredStore;
  stop(): Promise<void>;
}

/** Throws an Error when a server is not installed. */
export async function startStores(names: readonly StoreName[]): Promise<MeasuredStores> {
  const stores = new Map<StoreName, MeasuredStore>();
  const stops: (() => Promise<void>)[] = [];
  stores.set('file', { address: 'file:', env: {}, pids: () => [] });
  if (names.includes('postgres')) {
    const postgres = await startTestPostgres();
    stops.push(() => postgres.stop());
    stores.set('postgres', { address: postgres.url, env: {}, pids: () => [postgres.pid] });
  }
  if (names.includes('s3')) {
    const { env, pids, stop } = await startRadosgw();
    stops.push(stop);
    stores.set('s3', { address: 's3://crawls/bench', env, pids: () => pids });
  }
  return {
    at: (name) => stores.get(name) as MeasuredStore,
    async stop() {
      for (const stop of stops) await stop();
    },
  };
}
