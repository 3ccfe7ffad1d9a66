import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import { heartbeatScript } from '../../src/fleet/heartbeat.ts';
import { renderMetrics } from '../../src/fleet/prometheus.ts';
import { readStandings } from '../../src/fleet/snapshot.ts';
import { fields, metrics } from '../../src/metrics.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { type Family, figureOf, readExposition, seriesCount } from '../support/api/exposition.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { type Site, type SiteOptions, startSite } from '../support/site/site.ts';

const fleets = openFleets();

/** What a scrape gives, read strictly. */
function scraper(t: TestContext, { fleet }: TestFleet): () => Promise<Map<string, Family>> {
  const queues = openQueues(fleet);
  t.after(() => queues[0]?.close());
  return async () => readExposition(await renderMetrics(fleet, queues));
}

async function siteOf(t: TestContext, options: SiteOptions): Promise<Site> {
  const site = await startSite({ bytes: 500, linksPerPage: 2, ...options });
  t.after(() => site.stop());
  return site;
}

/** Offers every page of every host as a list. */
async function offer({ runner }: TestFleet, site: Site, pages: number, more: string[] = []): Promise<void> {
  const urls = site.urls.flatMap((host) => Array.from({ length: pages }, (_, page) => `${host}/p/${page}\n`));
  await writeFile(runner.path('list.txt'), urls.join(''));
  const args = ['enqueue', runner.path('list.txt'), '--crawl', 'list', '--depth', '0', ...more];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
}

const finished = ({ fleet }: TestFleet) =>
  until(async () => (await readCounts(fleet, 'list')).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 60_000,
    everyMs: 50,
  });

test('every metric of the catalogue is there from the beginning, in a text that a strict reader takes', async (t) => {
  const families = await scraper(t, await fleets.open())();
  assert.deepEqual(
    [...families.values()].map(({ name, type }) => [name, type]),
    metrics.map(({ name, type }) => [name, type]),
  );
  for (const { name, labels, series, bounds, type } of metrics) {
    const samples = families.get(name)?.samples ?? [];
    assert.equal(samples.length, series.length * (type === 'histogram' ? bounds.length + 3 : 1), name);
    for (const sample of samples)
      assert.deepEqual(
        Object.keys(sample.labels).filter((label) => label !== 'le'),
        [...labels],
        name,
      );
  }
});

test('a crawl with every kind of end: outcomes, errors, statuses, bytes and phases are those of its counters', async (t) => {
  const site = await siteOf(t, {
    pages: 40,
    robots: 'User-agent: *\nDisallow: /p/9',
    behaviours: {
      '/p/1': { status: 404 },
      '/p/2': { status: 500 },
      '/p/3': { status: 500, failTimes: 1 },
      '/p/4': { status: 429, failTimes: 1, retryAfter: 1 },
      '/p/5': { reset: true },
      '/p/6': { status: 302, headers: { location: '/p/7' } },
    },
  });
  const opened = await fleets.open();
  const { fleet } = opened;
  await offer(opened, site, 40, ['--attempts', '2', '--backoff', '50', '--no-adaptive', '--per-host', '4']);
  const consumer = opened.runner.start(['consume', '--quiet']);
  await finished(opened);
  consumer.kill('SIGTERM');
  assert.equal((await consumer.exit).code, 0, consumer.stderr());
  const counts = await readCounts(fleet, 'list');
  assertAddsUp(counts);
  const families = await scraper(t, opened)();
  const value = (name: string, labels: Record<string, string> = {}) =>
    figureOf(families, `drover_${name}`, labels);
  for (const outcome of ['recorded', 'refused', 'dead'] as const)
    assert.equal(value('outcomes_total', { outcome }), counts[outcome], outcome);
  assert.equal(value('outcomes_total', { outcome: 'retry' }), counts.retries);
  assert.equal(value('rate_limited_total'), counts.postponed);
  assert.deepEqual([counts.refused, counts.dead, counts.postponed], [1, 2, 1]);
  assert.equal(value('body_bytes_total'), counts.bytes);
  const error = (layer: string, code: string) => value('errors_total', { layer, code });
  assert.equal(error('robots', 'E_ROBOTS'), 1);
  assert.equal(error('http', 'E_HTTP_4XX'), 1);
  assert.equal(error('http', 'E_HTTP_5XX'), 3, 'two attempts of one page, one of another');
  assert.equal(error('connect', 'E_RESET'), 2);
  assert.equal(value('responses_total', { class: '4xx' }), 2);
  assert.equal(value('redirects_total'), 1);
  assert.equal(value('robots_fetches_total', { result: 'answer' }), 1);
  assert.equal(value('dead_letters', { code: 'E_HTTP_5XX' }), 1);
  assert.equal(value('dead_letters', { code: 'E_RESET' }), 1);
  assert.equal(value('queue_jobs', { state: 'failed' }), 2);
  assert.equal(value('crawls', { state: 'finished' }), 1);
  // One of each attempt that was fetched: with those of the retries and of the 429.
  const attempts = counts.recorded + counts.dead + counts.retries + counts.postponed;
  assert.equal(value('request_phase_seconds_count', { phase: 'total' }), attempts);
  assert.equal(value('store_write_seconds_count'), counts.accepted);
  for (const script of ['dispatch', 'commit', 'renew', 'heartbeat'])
    assert.ok(value('redis_call_seconds_count', { script }) > 0, script);
  assert.deepEqual([value('consumers'), value('in_flight')], [0, 0], 'it has left');
});

test('two consumers add up to the crawl; when one is killed, no counter goes back and at most its last second is missing', async (t) => {
  const LATENCY_MS = 50;
  const CONCURRENCY = 4;
  const site = await siteOf(t, { pages: 300, latencyMs: LATENCY_MS });
  const opened = await fleets.open();
  const scrape = scraper(t, opened);
  await offer(opened, site, 300, ['--per-host', '8']);
  const consumers = [0, 1].map(() => opened.runner.start(['consume', '--quiet', '-c', String(CONCURRENCY)]));
  const recorded = (families: Map<string, Family>) =>
    figureOf(families, 'drover_outcomes_total', { outcome: 'recorded' });
  const busy = await until(
    async () => {
      const families = await scrape();
      return recorded(families) > 40 && figureOf(families, 'drover_in_flight') > 0 && families;
    },
    { what: 'both consumers to be at work', everyMs: 100, deadlineMs: 30_000 },
  );
  assert.deepEqual(
    ['consumers', 'capacity'].map((name) => figureOf(busy, `drover_${name}`)),
    [2, 2 * CONCURRENCY],
  );
  assert.ok(figureOf(busy, 'drover_consumer_memory_bytes', { kind: 'resident' }) > 50e6);
  consumers[0]?.killGroup('SIGKILL');
  let last = recorded(busy);
  await until(
    async () => {
      const families = await scrape();
      assert.ok(recorded(families) >= last, 'a counter went back');
      last = recorded(families);
      return figureOf(families, 'drover_consumers') === 1;
    },
    { what: 'the dead consumer to vanish', everyMs: 100 },
  );
  await finished(opened);
  consumers[1]?.kill('SIGTERM');
  await consumers[1]?.exit;
  const missing = 300 - recorded(await scrape());
  t.diagnostic(`${missing} missing of the killed consumer`);
  // A second between two heartbeats, half of one for a busy machine.
  assert.ok(missing >= 0 && missing <= (CONCURRENCY * 1500) / LATENCY_MS, `${missing} are missing`);
});

test('500 hosts make no more series, and no more fields in Redis, than five', async (t) => {
  const seen: { series: number; fields: number; text: string }[] = [];
  for (const hosts of [5, 500]) {
    const site = await siteOf(t, { pages: 2, hosts, behaviours: { '/p/1': { status: 500 } } });
    const opened = await fleets.open();
    const { fleet } = opened;
    await offer(opened, site, 2, ['--attempts', '1', '--allow-private', '127.0.0.0/8']);
    const consumer = opened.runner.start(['consume', '--quiet']);
    await finished(opened);
    consumer.kill('SIGTERM');
    await consumer.exit;
    const families = await scraper(t, opened)();
    assert.equal(figureOf(families, 'drover_dead_letters', { code: 'E_HTTP_5XX' }), hosts);
    const text = JSON.stringify([...families]);
    seen.push({
      series: seriesCount(families),
      fields: await fleets.redis.hlen(`${fleet.namespace}:metrics`),
      text,
    });
  }
  const [few, many] = seen;
  assert.equal(many?.series, few?.series);
  assert.ok((many?.fields ?? 0) <= fields.length, `${many?.fields} fields`);
  assert.doesNotMatch(many?.text ?? '', /127\.0\.|"list"/);
});

test('a heartbeat that a reconnect sends again adds nothing', async () => {
  const { fleet, namespace } = await fleets.open();
  const field = fields[0] ?? '';
  const send = (beat: number) =>
    fleet.run(heartbeatScript, { consumer: 'c', beat, standing: '{}', counted: [field, 5] });
  for (const beat of [1, 1, 2, 1, 2]) await send(beat);
  assert.equal(await fleets.redis.hget(`${namespace}:metrics`, field), '10');
});

test('a consumer whose lease has run out is not counted, though no other is there to remove it', async () => {
  const { fleet, namespace } = await fleets.open();
  const now = Date.now();
  await fleets.redis.zadd(`${namespace}:consumers`, now - 1000, 'gone|7', now + 60_000, 'alive|3');
  const { consumers, capacity, each } = await readStandings(fleet);
  assert.deepEqual([consumers, capacity, each.length], [1, 3, 0]);
});
