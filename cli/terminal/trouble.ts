// What makes it senseless for a crawl to go on: the disk, a setting, a defect of drover's. (A Redis that is away is waited for.)
import { DroverError } from '../../src/errors.ts';
import { redisFailure } from '../../src/redis.ts';

export interface Troubles {
  /** Told of every error that put a request back. */
  note(error: unknown): void;
  /** The first that waiting does not repair; null while there is none. */
  first(): unknown;
}

export function createTroubles(): Troubles {
  let first: unknown = null;
  return {
    note(error) {
      const known = error instanceof DroverError ? error : redisFailure(error);
      if (known?.layer !== 'redis') first ??= error;
    },
    first: () => first,
  };
}
