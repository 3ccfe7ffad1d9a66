// The proxies of all consumers together.
import type { ProxyStanding } from '../fetch/proxy/rotation.ts';
import type { Fleet } from '../fleet.ts';
import { readStandings } from './snapshot.ts';

/** A proxy as all consumers see it. */
export interface FleetProxy extends ProxyStanding {
  /** How many consumers use it, and how many of them leave it out now. */
  consumers: number;
  leftOutBy: number;
}

/**
 * By name. `untold`: how many more the consumers have. A leftOutMs is the longest of all consumers.
 */
export async function readFleetProxies(fleet: Fleet): Promise<{ proxies: FleetProxy[]; untold: number }> {
  const { each } = await readStandings(fleet);
  const told = each.flatMap(({ proxies }) => proxies ?? []);
  const byName = new Map<string, FleetProxy>();
  for (const one of told.flatMap((proxies) => proxies.each)) {
    const sum = byName.get(one.name) ?? { ...NOTHING, name: one.name };
    byName.set(one.name, {
      name: one.name,
      consumers: sum.consumers + 1,
      leftOutBy: sum.leftOutBy + (one.leftOutMs > 0 ? 1 : 0),
      inFlight: sum.inFlight + one.inFlight,
      worked: sum.worked + one.worked,
      failed: sum.failed + one.failed,
      leftOutMs: Math.max(sum.leftOutMs, one.leftOutMs),
      failure: one.failure ?? sum.failure,
    });
  }
  const proxies = [...byName.values()].sort((one, other) =>
    one.name.localeCompare(other.name, 'en', { numeric: true }),
  );
  const untold = told.reduce((most, { count, each: known }) => Math.max(most, count - known.length), 0);
  return { proxies, untold };
}

const NOTHING = {
  consumers: 0,
  leftOutBy: 0,
  inFlight: 0,
  worked: 0,
  failed: 0,
  leftOutMs: 0,
  failure: null,
};
