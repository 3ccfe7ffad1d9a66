// Crawls that are steered: what is left of their frontier in Redis, and crawls without commands.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { crawlSettings, defaultSettings } from '../../../src/config/settings.ts';
import { beginCrawl, leaveCrawl, readCounts } from '../../../src/crawl/crawl.ts';
import { fleetOf } from '../../../src/fleet.ts';
import { createCommitter, type Ending } from '../../../src/frontier/commit.ts';
import { dispatch } from '../../../src/frontier/dispatch.ts';
import { packBatchEntry } from '../../../src/frontier/entry.ts';
import { offer } from '../../../src/frontier/offer.ts';
import { keysOf, namespaceOf } from '../../../src/keys.ts';
import type { Redis } from '../../../src/redis.ts';
import type { CommandRunner } from '../crawls.ts';
import { until } from '../signals.ts';

/**
 * What a crawl's frontier takes in Redis: lanes, due set, buckets of the seen set, accepted requests by host.
 */
export async function frontierKeys(redis: Redis, namespace: string, crawl: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(
      cursor,
      'MATCH',
      `${keysOf(namespace).crawl(crawl)}:*`,
      'COUNT',
      1000,
    );
    found.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  const names = found.map((key) => key.slice(keysOf(namespace).crawl(crawl).length + 1));
  return names.filter((name) => /^(l\d:|s:\d|due$|accepts$)/.test(name));
}

export const recordedAtLeast = (runner: CommandRunner, crawl: string, count: number) =>
  until(async () => (await runner.status(crawl)).recorded >= count, { what: `${count} pages of ${crawl}` });

/** A crawl without commands: what they do to Redis, one by one. */
export async function bareCrawl(
  redis: Redis,
  namespace = namespaceOf(`t${randomUUID().slice(0, 8)}`),
  name = 'c',
) {
  const fleet = fleetOf(redis, namespace);
  const settings = crawlSettings({ ...defaultSettings, perHost: 2 });
  const { id } = await beginCrawl(fleet, { name, producer: 'p', settings, seeds: '' });
  const committer = createCommitter(fleet, '');
  let at = 0;
  const page = () => ({ url: `http://a.example/${at++}`, depth: 0, referrer: null, extras: null });
  const open = new Map<string, string>();
  return {
    fleet,
    namespace,
    id,
    page,
    open,
    counts: () => readCounts(fleet, id),
    leave: () => leaveCrawl(fleet, id, 'p'),
    offer: () => offer(fleet, id, [page(), page()]).catch(() => null),
    async dispatch() {
      const asked = { serve: '*', wanted: 10, leaseMs: 4000, releases: [] };
      const { handed } = await dispatch(fleet, { ...asked, arrived: [...open.keys()] });
      for (const { id: request } of handed) open.set(`${id}.${request}`, request);
      return handed.length;
    },
    /**
     * Ends the oldest open request, as a page with a new link; its slot comes back with the lease of the key
     * gone.
     */
    async end() {
      const [member, request] = open.entries().next().value ?? [];
      if (!member || !request) return;
      open.delete(member);
      const ending: Ending = {
        ...{ crawl: id, id: request, claim: 0, kind: 'recorded', key: 'a.example', status: 200, code: null },
        ...{
          bytes: 1,
          reason: '',
          links: packBatchEntry(page(), 'a.example'),
          leftOut: {},
          items: null,
          host: '',
        },
      };
      assert.equal(await committer.commit(ending), 'done');
      await redis.del(`${namespace}:k:a.example:s`);
    },
  };
}
