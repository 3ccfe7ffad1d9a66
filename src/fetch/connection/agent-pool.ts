// Keeps one pair of agents for each guard and each route. A connection that one allow-list permits is
// therefore never reused by a request whose allow-list is stricter, nor one through a proxy without it.
import tls from 'node:tls';
import type { Guard } from '../guard.ts';
import { type AgentPair, type AgentParts, createAgents } from './agent.ts';
import type { Route } from './route.ts';

/** For how many guards agents are kept. With more allow-lists in use, connections are closed sooner. */
const mostGuards = 32;
/** The same for the routes of one guard: more proxies than any list should have. */
const mostRoutes = 10_000;

export interface AgentPool {
  /**
   * The agents for requests under this guard, straight to the server or on a route. They are made if there
   * are none.
   */
  of(guard: Guard, route?: Route | null): AgentPair;
  /** Closes the idle connections of all agents, and those in use as soon as they become idle. */
  retire(): void;
}

interface PoolParts extends Omit<AgentParts, 'guard' | 'route' | 'secureContext'> {
  /** Certificates to trust instead of Node's, as PEM. */
  readonly ca?: string;
}

/** Makes an empty pool. All its agents share the idle sockets, the look-up and one TLS context. */
export function createAgentPool({ ca, ...parts }: PoolParts): AgentPool {
  const byGuard = new Map<string, Map<string, AgentPair>>();
  let context: tls.SecureContext | undefined;
  const secureContext = () => {
    context ??= parts.network?.secureContext() ?? tls.createSecureContext(ca ? { ca } : {});
    return context;
  };
  return {
    of(guard, route = null) {
      const ofGuard = byGuard.get(guard.key);
      const known = ofGuard?.get(route?.key ?? '');
      if (known) return known;
      const pairs = ofGuard ?? new Map<string, AgentPair>();
      if (ofGuard === undefined) {
        const oldest = drop(byGuard, mostGuards);
        for (const pair of oldest?.values() ?? []) pair.retire();
        byGuard.set(guard.key, pairs);
      }
      drop(pairs, mostRoutes)?.retire();
      const pair = createAgents({ ...parts, secureContext, guard, route });
      pairs.set(route?.key ?? '', pair);
      return pair;
    },
    retire() {
      for (const pairs of byGuard.values()) for (const pair of pairs.values()) pair.retire();
      byGuard.clear();
    },
  };
}

/** Takes the oldest out of a map that has no room for another. */
function drop<T>(map: Map<string, T>, most: number): T | undefined {
  const [oldest] = map.entries();
  if (oldest === undefined || map.size < most) return undefined;
  map.delete(oldest[0]);
  return oldest[1];
}
