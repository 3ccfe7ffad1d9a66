// Collects errors after which a crawl command cannot go on: of the disk, a setting, or a defect of drover. An
// unreachable Redis is waited for.
import { DroverError } from '../../src/errors.ts';
import { redisFailure } from '../../src/redis/failures.ts';

export interface Troubles {
  /** Called with every error that postponed a request. */
  note(error: unknown): void;
  /** Called with why nothing is fetched any more. */
  end(error: unknown): void;
  /** The first error that waiting does not repair; null while there is none. */
  first(): unknown;
}

export function createTroubles(): Troubles {
  let first: unknown = null;
  return {
    note(error) {
      const known = error instanceof DroverError ? error : redisFailure(error);
      if (known?.layer !== 'redis') first ??= error;
    },
    end(error) {
      first ??= error;
    },
    first: () => first,
  };
}
