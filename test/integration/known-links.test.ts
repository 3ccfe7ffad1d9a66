// Links that the process has committed are not offered again: Redis shows how many were tested, and the
// counters stay what they are without that.
import assert from 'node:assert/strict';
import test from 'node:test';
import { knownLinksOf } from '../../consumers/follow/known-links.ts';
import { defaultSettings } from '../../src/config/settings.ts';
import { loadedCrawlOf } from '../../src/crawl/loaded-crawl.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { startTestRedis } from '../support/redis.ts';
import { startSite } from '../support/site/site.ts';

const PAGES = 200;

const site = await startSite({ pages: PAGES });
const server = await startTestRedis();
const redis = connectRedis({ url: server.url }, 'script');
const runner = await openCommandRunner({ REDIS_URL: server.url });
test.after(async () => {
  closeRedis(redis);
  await Promise.all([site.stop(), server.stop()]);
});

/** Crawls the site. Returns its records, what was left out, and how many links Redis has tested. */
async function crawl(name: string, ...args: string[]) {
  await redis.config('RESETSTAT');
  const { code, stderr } = await runner.run(['crawl', `${site.url}/`, '--crawl', name, '--quiet', ...args]);
  assert.equal(code, 0, stderr);
  const commands = await redis.info('commandstats');
  const tested = [...commands.matchAll(/^cmdstat_s(?:add|ismember):calls=(\d+)/gm)];
  return {
    records: await runner.results(name),
    leftOut: (await runner.status(name)).leftOut,
    tested: tested.reduce((sum, [, calls]) => sum + Number(calls), 0),
  };
}

test('of 20 links on each of 200 pages, few more are offered to Redis than there are pages', async () => {
  const { records, leftOut, tested } = await crawl('all', '-c', '8');
  assert.equal(records.length, PAGES + 1);
  assert.deepEqual(leftOut, {});
  const links = records.reduce((sum, record) => sum + (record.links?.length ?? 0), 0);
  assert.ok(links > 15 * PAGES, `${links} links`);
  assert.ok(tested < 4 * PAGES, `${tested} of ${links} were offered`);
});

for (const [option, code] of [
  ['--limit', 'E_LIMIT'],
  ['--max-per-host', 'E_HOST_LIMIT'],
] as const) {
  test(`${option} counts all links that it leaves out, known links or not`, async () => {
    const { records, leftOut } = await crawl(code, '-c', '4', option, '60');
    assert.equal(records.length, 60);
    const accepted = new Set(records.map(({ url }) => url));
    const left = records.flatMap(({ links }) => (links ?? []).filter((link) => !accepted.has(link)));
    assert.ok(left.length > 100);
    assert.deepEqual(leftOut, { [code]: left.length });
  });
}

test('what was known is forgotten when the connection to Redis ends: the next may have lost it', async () => {
  const known = knownLinksOf(redis);
  const loadedCrawl = loadedCrawlOf('c', 'c-1', defaultSettings);
  known.add(loadedCrawl, ['http://a/1']);
  await redis.ping();
  assert.ok(known.has(loadedCrawl, 'http://a/1'));
  await server.restart();
  await redis.ping();
  assert.ok(!known.has(loadedCrawl, 'http://a/1'));
});
