// A crawl whose Redis is to refuse, to be busy or to be away in its middle.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { closeRedis, connectRedis, type Redis } from '../../../src/redis.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../crawls.ts';
import { startTestRedis, type TestRedis } from '../redis.ts';
import { type DroverProcess, until } from '../signals.ts';
import { type Site, startSite } from '../site/site.ts';

const PAGES = 30;

export interface Crawling {
  redis: TestRedis;
  admin: Redis;
  site: Site;
  runner: CommandRunner;
  crawl: DroverProcess;
}

export interface CrawlingOptions {
  /** Options of redis-server. */
  args?: string[];
  latencyMs?: number;
  /** The address that the crawl gets. */
  url?: (redis: TestRedis) => string;
  /** To be done before the crawl. */
  prepare?: (admin: Redis) => Promise<unknown>;
}

/** A crawl under way, slow enough for an outage in its middle. */
export async function crawling(t: TestContext, options: CrawlingOptions = {}): Promise<Crawling> {
  const { args = [], latencyMs = 100, url = ({ url }) => url, prepare = async () => undefined } = options;
  const redis = await startTestRedis({ tcp: true, args });
  const site = await startSite({ pages: PAGES, linksPerPage: PAGES, latencyMs });
  const admin = connectRedis({ url: redis.url }, 'producer');
  t.after(async () => {
    closeRedis(admin);
    await site.stop();
    await redis.stop();
  });
  await prepare(admin);
  const runner = await openCommandRunner({ REDIS_URL: url(redis), DROVER_LOCK_DURATION: '5s' });
  const flags = ['--ignore-robots', '--per-host', '1', '--crawl', 'c', '--scope', 'host'];
  const crawl = runner.start(['crawl', `${site.url}/`, ...flags]);
  await until(async () => (await site.ended()) > 5, { what: 'some pages', everyMs: 50 });
  return { redis, admin, site, runner, crawl };
}

async function logLines({ runner }: Crawling): Promise<Record<string, unknown>[]> {
  const text = await readFile(runner.path('data/drover.log'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** The crawl ends whole, and the outage was told with its code, in few lines; with none, not at all. */
export async function endsWhole(all: Crawling, code: string | null): Promise<void> {
  assert.equal((await all.crawl.exit).code, 0, all.crawl.stderr());
  const counts = await all.runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.recorded, PAGES + 1);
  const told = (await logLines(all)).filter((line) => ['warn', 'error'].includes(String(line.level)));
  assert.ok(told.length <= 8, `${told.length} lines: ${JSON.stringify(told.slice(0, 12))}`);
  if (code === null) return assert.deepEqual(told, []);
  const said = all.crawl.stderr().match(new RegExp(code, 'g')) ?? [];
  assert.ok(said.length <= 3, all.crawl.stderr());
}
