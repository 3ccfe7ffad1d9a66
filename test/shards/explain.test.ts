// drover explain in a fleet with several shards: the facts of a URL come from the shard of its host.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { explainUrl } from '../../src/explain/explain.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import { type Fleet, shardOf } from '../../src/fleet.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { startApi } from '../support/api/api.ts';
import { explainPartsOf, step } from '../support/fleets/explaining.ts';
import { endPage, openAll, pagesOn, shardedCrawl, without } from '../support/fleets/shards.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const flags = ['--allow-private', '127.0.0.0/8', '--ignore-robots', '--attempts', '1', '--quiet'];

/** One URL of each shard. */
function oneOfEach(fleet: Fleet, urls: readonly string[]): string[] {
  const ofShard = Map.groupBy(urls, (url) => shardOf(fleet, limiterKeyOf(url)).shard);
  assert.equal(ofShard.size, fleet.shards.length, 'each shard has hosts');
  return [...ofShard.values()].map(([first]) => first as string);
}

test('a URL of each shard: waiting in its lane, fetched, dead; and by its id alone', async (t) => {
  const site = await startCrossingSite(24, 3);
  t.after(() => site.close());
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  const pages = site.urls.filter((url) => /\/p\/[01]$/.test(url));
  await writeFile(runner.path('list.txt'), pages.join('\n'));
  const enqueue = ['enqueue', runner.path('list.txt'), '--crawl', 'c', ...flags];
  const enqueued = await runner.run(enqueue);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  const api = await startApi({ runner }, ['--allow-private', '127.0.0.0/8']);
  t.after(() => api.drover.kill());
  const explain = async (url: string): Promise<Explanation> =>
    (await api.call('GET', `/v1/explain?url=${encodeURIComponent(url)}`)).json;
  const seen = oneOfEach(
    fleet,
    pages.filter((url) => url.endsWith('/p/0')),
  );
  for (const url of seen) {
    const { verdict, fingerprint } = await explain(url);
    assert.match(verdict, /^Waiting: 1st in the lane of 127\.0\.0\.\d+:\d+; no consumer is running/);
    assert.equal((await api.call('GET', `/v1/requests/c.${fingerprint}`)).json.normalized, url);
  }
  site.fails = (_host, page) => page === 1;
  const crawl = await runner.run(['crawl', runner.path('list.txt'), '--crawl', 'c', ...flags]);
  assert.equal(crawl.code, 1, crawl.stderr);
  for (const url of seen) {
    const { verdict, hostState, steps } = await explain(url);
    assert.match(verdict, /^Fetched at /);
    assert.equal(hostState?.key, limiterKeyOf(url));
    assert.equal(steps.find(({ step }) => step === 'seen')?.ok, true);
  }
  for (const url of seen.map((each) => each.replace('/p/0', '/p/1'))) {
    const { verdict, letter, fingerprint } = await explain(url);
    assert.match(verdict, /^Dead after 1 attempt: E_HTTP_5XX/);
    assert.equal(letter?.url, url);
    assert.match((await api.call('GET', `/v1/requests/c.${fingerprint}`)).json.verdict, /^Dead after/);
  }
  const [far = ''] = seen.filter((url) => shardOf(fleet, limiterKeyOf(url)).shard === 3);
  const { stdout } = await runner.run(['explain', far]);
  assert.match(stdout, /^Fetched at /);
  const fresh = far.replace('/p/0', '/p/2');
  assert.match((await explain(fresh)).verdict, /^Never offered to /);
  // A request for a crawl that had finished wakes it, whichever shard the request is on.
  const offered = await api.call('POST', '/v1/requests?crawl=c', { body: { url: fresh } });
  assert.equal(offered.json.accepted, 1, offered.text);
  assert.equal((await api.call('GET', '/v1/crawls/c')).json.state, 'running');
  await api.refused(409, 'E_CRAWL_OPEN', 'DELETE', '/v1/crawls/c?forget=true');
  assert.match((await explain(fresh)).verdict, /^Waiting: 1st in the lane of /);
});

test('a link that is on its way to its shard, and one of which it is not known whether the limit has room for it', async () => {
  const { runner, fleet } = await fleets.open({ DROVER_SHARDS: '4' });
  const parts = explainPartsOf(runner, fleet);
  const [, one, two] = fleet.shards as [Fleet, Fleet, Fleet];
  const crawl = await shardedCrawl(fleet, { limit: 2 });
  await crawl.offer(pagesOn(one, 1));
  const [page] = await openAll(one);
  assert.ok(page);
  // The process that ends the page reaches neither home nor shard 2.
  const alone = without(fleet, [0, 2]).shards[1] as Fleet;
  const [sent = '', parked = ''] = [...pagesOn(two, 1), ...pagesOn(one, 1, 1)];
  const { errors } = await endPage(alone, crawl.crawl, page, [sent, parked]);
  await until(() => errors.length > 0, { what: 'the links to fail' });

  const onItsWay = await explainUrl(parts, sent, null);
  assert.match(
    onItsWay.verdict,
    /^Waiting: found, and on its way to the shard of its host; no consumer is running/,
  );
  assert.match(step(onItsWay, 'seen')?.text ?? '', /^found by crawl c, .*, and not accepted yet$/);
  const unknown = await explainUrl(parts, parked, null);
  assert.equal(unknown.verdict, 'Waiting until it is known whether the limit of the crawl has room for it.');
  assert.match((await explainUrl(parts, `${sent}9`, null)).verdict, /^Never offered to /);
});
