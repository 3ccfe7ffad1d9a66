// Which requests may have killed their consumer. When a consumer dies, each request that it had in hand is a
// suspect. A suspect is fetched alone, so the next death tells which one it was, and takes no other along.
import type { AloneNote, JobMemory } from '../src/queue/job-memory.ts';

/** After this many deaths while nothing else was in flight, the request is the cause. */
const MOST_DEATHS_ALONE = 2;

export interface Suspicion {
  /** A consumer died with it in hand, and since then no fetch of it has ended. It must be fetched alone. */
  readonly isSuspect: boolean;
  /** How many consumers died while they fetched nothing else. */
  readonly deathsAlone: number;
  /** It is the cause: it must not be fetched again. */
  readonly isCause: boolean;
}

/** `stalls`: how often BullMQ has found the job without a living consumer. */
export function suspicionOf({ alone }: Pick<JobMemory, 'alone'>, stalls: number): Suspicion {
  const hasDied = stalls > (alone?.stalls ?? 0);
  const deathsAlone = alone?.isOpen ? alone.deaths + (hasDied ? 1 : 0) : 0;
  return {
    isSuspect: hasDied || alone?.isOpen === true,
    deathsAlone,
    isCause: deathsAlone >= MOST_DEATHS_ALONE,
  };
}

/** What a suspect notes before its fetch: a death from here on is counted against it. */
export function aloneBegins({ deathsAlone }: Suspicion, stalls: number): AloneNote {
  return { isOpen: true, deaths: deathsAlone, stalls };
}

/** What it notes when the consumer has survived the fetch and the request goes on. */
export function aloneSurvived(stalls: number): AloneNote {
  return { isOpen: false, deaths: 0, stalls };
}
