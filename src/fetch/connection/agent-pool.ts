// Keeps one pair of agents for each guard. A connection that one allow-list permits is therefore never reused
// by a request whose allow-list is stricter.
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

/** Makes an empty pool. All its agents share the idle sockets, the look-up and the TLS context in `parts`. */
export function createAgentPool(parts: Omit<AgentParts, 'guard'>): AgentPool {
  const pairs = new Map<string, AgentPair>();
  return {
    of(guard) {
      const known = pairs.get(guard.key);
      if (known) return known;
      const [oldest] = pairs.entries();
      if (oldest && pairs.size >= mostPairs) {
        pairs.delete(oldest[0]);
        oldest[1].retire();
      }
      const pair = createAgents({ ...parts, guard });
      pairs.set(guard.key, pair);
      return pair;
    },
    retire() {
      for (const pair of pairs.values()) pair.retire();
      pairs.clear();
    },
  };
}
