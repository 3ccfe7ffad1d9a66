// Keeps one pair of agents for each guard. A connection that one allow-list permits is therefore never reused
// by a request whose allow-list is stricter.
import tls from 'node:tls';
import type { Guard } from '../guard.ts';
import { type AgentPair, type AgentParts, createAgents } from './agent.ts';

/** The largest number of agent pairs kept. With more allow-lists in use, connections are closed sooner. */
const mostPairs = 32;

export interface AgentPool {
  /** The agents for requests under this guard. They are made if there are none. */
  of(guard: Guard): AgentPair;
  /** Closes the idle connections of all agents, and those in use as soon as they become idle. */
  retire(): void;
}

interface PoolParts extends Omit<AgentParts, 'guard' | 'secureContext'> {
  /** Certificates to trust instead of Node's, as PEM. */
  readonly ca?: string;
}

/** Makes an empty pool. All its agents share the idle sockets, the look-up and one TLS context. */
export function createAgentPool({ ca, ...parts }: PoolParts): AgentPool {
  const pairs = new Map<string, AgentPair>();
  let context: tls.SecureContext | undefined;
  const secureContext = () => {
    context ??= tls.createSecureContext(ca ? { ca } : {});
    return context;
  };
  return {
    of(guard) {
      const known = pairs.get(guard.key);
      if (known) return known;
      const [oldest] = pairs.entries();
      if (oldest && pairs.size >= mostPairs) {
        pairs.delete(oldest[0]);
        oldest[1].retire();
      }
      const pair = createAgents({ ...parts, secureContext, guard });
      pairs.set(guard.key, pair);
      return pair;
    },
    retire() {
      for (const pair of pairs.values()) pair.retire();
      pairs.clear();
    },
  };
}
