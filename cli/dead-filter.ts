// Which dead letters a command means: checked, so that a slip is not taken for "none".
import { findCrawl } from '../src/crawl/crawl.ts';
import { ALL_DEAD, type DeadFilter } from '../src/crawl/dead-filter.ts';
import { catalogue, DroverError } from '../src/errors.ts';
import type { Session } from './session.ts';

/** From the argument and --code. Throws E_CRAWL_UNKNOWN, E_USAGE. */
export async function deadFilter(
  session: Session,
  crawl: string | undefined,
  code: unknown,
): Promise<DeadFilter> {
  if (typeof code === 'string' && !(code in catalogue)) {
    throw new DroverError('E_USAGE', `--code: there is no error code ${code}; docs/errors.md lists them.`);
  }
  return {
    ...ALL_DEAD,
    crawl: crawl ? await findCrawl(session.redis, session.shard, crawl) : null,
    code: typeof code === 'string' ? code : null,
  };
}
