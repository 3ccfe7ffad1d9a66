// What a job keeps while it is delayed or postponed. It is stored in BullMQ's `progress`, so that the next
// consumer has it.
import type { Waypoint } from '../fetch/waypoint.ts';
import type { PackedAttempt } from './attempts.ts';

export interface JobMemory {
  /** When the server first told it to come later; null if it has not. Milliseconds since 1970. */
  rateLimitedAt: number | null;
  /** The hop of its redirects from which it goes on, because the gate of that host was closed. */
  hop: Waypoint | null;
  /** The failed attempts so far, for the dead letter. The newest 20. */
  tries: PackedAttempt[];
}

/** The name that the former version used for a field. */
interface FormerMemory {
  toldOffAt?: number | null;
}

/** A job that has kept nothing has a number there. */
export function memoryIn({ progress }: { progress: unknown }): JobMemory {
  if (typeof progress !== 'object' || progress === null) return { rateLimitedAt: null, hop: null, tries: [] };
  const { rateLimitedAt, toldOffAt, hop, tries } = progress as Partial<JobMemory> & FormerMemory;
  return { rateLimitedAt: rateLimitedAt ?? toldOffAt ?? null, hop: hop ?? null, tries: tries ?? [] };
}
