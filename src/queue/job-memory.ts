// What a job keeps while it is delayed or postponed: in BullMQ's `progress`, so that whoever takes it next knows it.
import type { Waypoint } from '../fetch/client.ts';
import type { PackedAttempt } from './attempts.ts';

export interface JobMemory {
  /** Since when the server has told it to come later; null if it has not yet. Milliseconds since 1970. */
  rateLimitedAt: number | null;
  /** The hop of its redirects at which it goes on, because the gate of that host was closed. */
  hop: Waypoint | null;
  /** Its attempts so far, each as it failed: what a dead letter shows. The newest 20. */
  tries: PackedAttempt[];
}

/** The former version's name for a field. */
interface FormerMemory {
  toldOffAt?: number | null;
}

/** A job without any has a number there. */
export function memoryIn({ progress }: { progress: unknown }): JobMemory {
  if (typeof progress !== 'object' || progress === null) return { rateLimitedAt: null, hop: null, tries: [] };
  const { rateLimitedAt, toldOffAt, hop, tries } = progress as Partial<JobMemory> & FormerMemory;
  return { rateLimitedAt: rateLimitedAt ?? toldOffAt ?? null, hop: hop ?? null, tries: tries ?? [] };
}
