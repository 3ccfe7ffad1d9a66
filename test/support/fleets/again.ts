// Crawls a site again: a new run that knows the former one.
import assert from 'node:assert/strict';
import { storedSettings } from '../../../src/config/settings.ts';
import { beginCrawl, leaveCrawl, recordsFolderOf } from '../../../src/crawl/crawl.ts';
import type { FormerRun } from '../../../src/crawl/former-run.ts';
import type { TestFleet } from '../fleets.ts';
import type { DroverProcess } from '../signals.ts';
import { until } from '../signals.ts';

const PRODUCER = 'test';

/** Begins the next run of a crawl that has ended, and starts `crawl` with these arguments to go on. */
export async function startAgain(
  { runner, fleet }: Pick<TestFleet, 'runner' | 'fleet'>,
  name: string,
  args: readonly string[],
  more: Partial<FormerRun> = {},
): Promise<{ id: string; drover: DroverProcess }> {
  const crawl = await fleet.redis.hget(fleet.keys.newestOfName, name);
  assert.ok(crawl !== null, name);
  const [settings, token, store, seeds] = await fleet.redis.hmget(
    fleet.keys.crawl(crawl),
    ...['settings', 'token', 'store', 'seeds'],
  );
  const same = { sameHeaders: true, sameBody: true };
  const former = { crawl, store: store ?? '', folder: recordsFolderOf(crawl, token ?? ''), ...same, ...more };
  const { id, fresh } = await beginCrawl(fleet, {
    ...{ name, producer: PRODUCER, settings: storedSettings(settings ?? ''), seeds: seeds ?? '' },
    again: { former, seeds: null, mayNameHosts: true },
    store: store || null,
  });
  assert.ok(fresh, `${crawl} has not ended`);
  const drover = runner.start(['crawl', ...args, '--crawl', name, '--quiet']);
  const isOffered = async () => Number(await fleet.redis.hget(fleet.keys.crawl(id), 'accepted')) > 0;
  await Promise.race([until(isOffered, { what: 'the seeds of the next run' }), drover.exit]);
  await leaveCrawl(fleet, id, PRODUCER);
  return { id, drover };
}

/** The same, to its end. */
export async function crawlAgain(...given: Parameters<typeof startAgain>): Promise<string> {
  const { id, drover } = await startAgain(...given);
  const { code } = await drover.exit;
  assert.equal(code, 0, drover.stderr());
  return id;
}
