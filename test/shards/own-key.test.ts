// A request with a limiter key of its own is on the shard of that key: with several shards it is another
// request than that of its URL alone, so that no two shards have requests with one id.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const HOSTS = 12;
const fleets = openFleets();
const flags = ['--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

test('the same URL with another key is another request with 4 shards, and the same with one', async (t) => {
  const site = await startCrossingSite(HOSTS, 1);
  t.after(() => site.close());
  for (const [shards, each] of [
    ['4', 2],
    ['1', 1],
  ] as const) {
    const { runner } = await fleets.open({ DROVER_SHARDS: shards });
    const withKey = site.urls.map((url) => JSON.stringify({ url, limiter: { key: 'shop' } }));
    await writeFile(runner.path('list.txt'), [...site.urls, ...withKey, ...withKey].join('\n'));
    const crawl = await runner.run(['crawl', runner.path('list.txt'), '--crawl', 'c', ...flags]);
    assert.equal(crawl.code, 0, crawl.stderr);
    const counts = await runner.status('c');
    assertAddsUp(counts);
    assert.deepEqual([counts.accepted, counts.recorded], [each * HOSTS, each * HOSTS]);
    const records = await runner.results('c');
    assert.equal(records.length, each * HOSTS);
    assert.equal(new Set(records.map(({ id }) => id)).size, each * HOSTS);
  }
});
