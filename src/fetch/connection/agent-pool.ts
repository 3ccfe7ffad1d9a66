// Agents by guard: a connection that one allow-list let be made is never used under a stricter one.

import type { Guard } from '../guard.ts';
import { type AgentPair, type AgentParts, createAgents } from './agent.ts';

/** Allow-lists in use at the same time; more than this only costs connections. */
const mostPairs = 32;

export interface AgentPool {
  of(guard: Guard): AgentPair;
  retire(): void;
}

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
