// /v1/hosts, /v1/dead and /v1/replays over HTTP: limits and pauses as the site sees them, failures found,
// tried again, purged, explained.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { type Api, crawlIn, sharedApi } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';
import { violationsOf } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { type Site, type SiteOptions, startSite } from '../support/site/site.ts';

const fleets = openFleets();
const serve = sharedApi(fleets, [
  '--processes',
  '1',
  '--allow-private',
  '127.0.0.0/8',
  '--attempts',
  '1',
  '--ignore-robots',
]);
const get = async (api: Api, path: string) => (await api.call('GET', path)).json;

async function siteOf(t: TestContext, options: Partial<SiteOptions> = {}): Promise<Site> {
  const site = await startSite({ pages: 1000, bytes: 300, linksPerPage: 0, ...options });
  t.after(() => site.stop());
  return site;
}
const hostOf = (site: Site) => new URL(site.url).host;
const list = (site: Site, from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `${site.url}/p/${from + n}`);

/** A crawl of these pages, until it has ended. */
async function crawl(api: Api, name: string, urls: string[], more: object = {}): Promise<void> {
  const { status, text } = await api.call('POST', '/v1/crawls', {
    body: { name, urls, maxDepth: 0, concurrency: 20, ...more },
  });
  assert.equal(status, 201, text);
  await crawlIn(api, name, 'finished');
}

test('limits set for a host hold for what it is asked from then on, and are taken back; a pause lets nothing begin', async (t) => {
  const [api, site] = [await serve(), await siteOf(t, { punctual: true })];
  const path = `/v1/hosts/${hostOf(site)}`;
  const paused = await api.call('POST', `${path}/pause`, { body: {} });
  assert.ok(paused.json.pausedMs > 1e9, 'until it is resumed');
  await api.call('POST', '/v1/crawls', {
    body: { name: 'limited', urls: list(site, 0, 8), maxDepth: 0, concurrency: 8 },
  });
  await until(
    async () =>
      (await get(api, '/v1/hosts')).hosts.some(
        ({ key, waiting, open }: { key: string; waiting: number; open: number }) =>
          key === hostOf(site) && waiting + open === 8,
      ),
    { what: 'the host to be listed' },
  );
  const limited = await api.call('PATCH', path, { body: { concurrency: 1, delayMs: 200 } });
  assert.deepEqual([limited.json.set.concurrency, limited.json.set.delayMs], [1, 200]);
  assert.equal(await site.ended(), 0, 'nothing began in the pause');
  await api.call('POST', `${path}/resume`);
  await crawlIn(api, 'limited', 'finished');
  const log = await site.log();
  assert.equal(log.length, 8);
  assert.deepEqual(violationsOf(log, { concurrency: 1, delayMs: 200 }, [], 5), []);
  const free = await api.call('PATCH', path, { body: { concurrency: null, delayMs: null } });
  assert.deepEqual(free.json.set, { concurrency: null, delayMs: null, max: null, durationMs: null });
});

test('what cannot be a limit, a pause or a host is refused, naming the field', async () => {
  const api = await serve();
  const wrong: [field: string, body: object][] = [
    ['body', {}],
    ['concurrency', { concurrency: 0 }],
    ['delayMs', { delayMs: -1 }],
    ['delayMs', { delayMs: '5s' }],
    ['durationMs', { max: 5 }],
    ['max', { durationMs: 1000 }],
  ];
  for (const [field, body] of wrong)
    assert.equal(
      (await api.refused(400, 'E_FIELD', 'PATCH', '/v1/hosts/a.example', { body })).field?.split('.')[0],
      field === 'durationMs' ? 'durationMs' : field,
    );
  assert.match(
    (await api.refused(400, 'E_FIELD', 'PATCH', '/v1/hosts/a.example', { body: { speed: 1 } })).detail,
    /speed/,
  );
  assert.equal(
    (await api.refused(400, 'E_FIELD', 'POST', '/v1/hosts/a.example/pause', { body: { durationMs: 0 } }))
      .field,
    'durationMs',
  );
  for (const key of ['two%20words', 'a%0ab', '%00'])
    assert.equal(
      (await api.refused(400, 'E_FIELD', 'PATCH', `/v1/hosts/${key}`, { body: { concurrency: 1 } })).field,
      'params.key',
    );
  for (let n = 0; n < 5; n++)
    await api.call('PATCH', `/v1/hosts/h${n}.example`, { body: { concurrency: 1 } });
  assert.ok((await get(api, '/v1/hosts?limit=3')).hosts.length <= 3, 'no more hosts than were asked for');
  for (let n = 0; n < 5; n++)
    await api.call('PATCH', `/v1/hosts/h${n}.example`, { body: { concurrency: null } });
});

test('dead letters by filters and pages; one with its attempts, and without its secrets; as NDJSON and CSV', async (t) => {
  const [api, site] = [
    await serve(),
    await siteOf(t, { behaviours: { '/p/1*': { status: 500 }, '/p/2*': { status: 403 } } }),
  ];
  const since = new Date().toISOString();
  const headers = { authorization: 'Bearer sesame-open', 'x-own': 'one' };
  await crawl(api, 'failing', list(site, 0, 30), { headers, settings: { deadOn: [403], attempts: 1 } });
  const crawlFilter = 'crawl=failing';
  const count = async (filter: string) => (await get(api, `/v1/dead?${filter}&limit=1000`)).letters.length;
  const counts = await Promise.all(
    [
      '',
      '&code=E_HTTP_DEAD_STATUS',
      `&host=${hostOf(site)}`,
      '&host=a.example',
      `&since=${since}`,
      '&since=2099-01-01T00:00:00Z',
      '&attempts=1',
      '&attempts=2',
      '&q=%2FP%2F2',
      '&q=nowhere',
    ].map((filter) => count(crawlFilter + filter)),
  );
  assert.deepEqual(counts, [22, 11, 22, 0, 22, 0, counts[6], counts[7], 11, 0]);
  const ids: string[] = [];
  let cursor = '';
  do {
    const page = await get(
      api,
      `/v1/dead?${crawlFilter}&limit=5${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    ids.push(...page.letters.map(({ jobId }: { jobId: string }) => jobId));
    cursor = page.next ?? '';
  } while (cursor);
  assert.deepEqual([ids.length, new Set(ids).size], [22, 22]);
  const { groups } = await get(api, `/v1/dead/summary?${crawlFilter}`);
  assert.deepEqual(
    groups.map(({ count }: { count: number }) => count),
    [11, 11],
  );
  const one = await api.call('GET', `/v1/dead/${ids[0]}`);
  assert.ok(one.json.tries.length > 0 && one.json.advice, one.text);
  const as = async (accept: string) =>
    (await api.call('GET', `/v1/dead?${crawlFilter}`, { headers: { accept } })).text;
  const [ndjson, csv] = [await as('application/x-ndjson'), await as('text/csv')];
  assert.equal(ndjson.trimEnd().split('\n').length, 22);
  assert.match(csv, /^id,crawl,url,/);
  const queues = (await api.call('GET', '/queues/api/queues?activeQueue=requests&status=failed')).text;
  for (const text of [one.text, ndjson, csv, queues])
    assert.ok(!text.includes('sesame-open'), text.slice(0, 500));
  await api.refused(404, 'E_LETTER_UNKNOWN', 'GET', '/v1/dead/failing.0000000000000000');
  await api.refused(404, 'E_CRAWL_UNKNOWN', 'GET', '/v1/dead?crawl=nothing');
  for (const [field, query] of [
    ['code', 'code=NOTHING'],
    ['since', 'since=yesterday'],
    ['attempts', 'attempts=0'],
    ['limit', 'limit=0'],
  ])
    assert.equal((await api.refused(400, 'E_FIELD', 'GET', `/v1/dead?${query}`)).field, `query.${field}`);
  await api.refused(400, 'E_FIELD', 'GET', '/v1/dead?colour=red');
  await api.refused(400, 'E_FIELD', 'GET', '/v1/dead?cursor=nothing');
});

test('a replay: tried dry, then a canary that fails and stops it, then all of it when the site is well again', async (t) => {
  const [api, site] = [await serve(), await siteOf(t, { behaviours: { '/p/*': { status: 500 } } })];
  await crawl(api, 'replayed', list(site, 0, 20));
  const filter = { crawl: 'replayed', code: 'E_HTTP_5XX' };
  const replay = (body: object) => api.call('POST', '/v1/dead/replay', { body: { filter, ...body } });
  assert.deepEqual((await replay({ dryRun: true })).json, {
    dryRun: true,
    matching: 20,
    cancelled: 0,
    runs: [],
  });
  const ended = async (id: string) =>
    until(
      async () => {
        const run = await get(api, `/v1/replays/${id}`);
        return run.endedAt && run;
      },
      { what: 'the replay to end', deadlineMs: 20_000, everyMs: 100 },
    );
  const bad = (await replay({ canary: 3, rate: 0.9 })).json.runs[0];
  const stopped = await ended(bad.id);
  assert.deepEqual([stopped.phase, stopped.opened, stopped.total], ['stopped', 3, 20]);
  assert.equal(await site.ended(), 23, 'the rest was not tried');
  await site.behave('/p/*', null);
  const override = { attempts: 2, headers: { authorization: 'Bearer sesame-open' } };
  const good = (await replay({ canary: 2, rate: 1, overrides: override })).json.runs[0];
  const done = await ended(good.id);
  assert.deepEqual([done.phase, done.recorded, done.dead], ['done', 20, 0]);
  assert.ok(!JSON.stringify([good, done]).includes('sesame-open'));
  assert.equal(await get(api, '/v1/dead?crawl=replayed').then(({ letters }) => letters.length), 0);
  assert.equal((await get(api, '/v1/crawls/replayed')).recorded, 20);
  assert.deepEqual(
    (await get(api, '/v1/replays')).replays.slice(0, 2).map(({ id }: { id: string }) => id),
    [good.id, bad.id],
  );
  assert.equal(
    (await api.call('DELETE', `/v1/replays/${good.id}`)).json.phase,
    'done',
    'what has ended stays as it was',
  );
  await api.refused(404, 'E_REPLAY_UNKNOWN', 'GET', '/v1/replays/nothing');
  const wrong: [field: string, body: object][] = [
    ['filter', {}],
    ['filter.code', { filter: { code: 'NOTHING' } }],
    ['canary', { all: true, canary: -1 }],
    ['rate', { all: true, rate: 2 }],
    ['overrides.attempts', { all: true, overrides: { attempts: 0 } }],
    ['overrides.timeouts.dns', { all: true, overrides: { timeouts: { dns: 'x' } } }],
  ];
  for (const [field, body] of wrong)
    assert.equal((await api.refused(400, 'E_FIELD', 'POST', '/v1/dead/replay', { body })).field, field);
});

test('a purge says which, exports first, and is gone; why a URL was fetched or not is explained', async (t) => {
  const [api, site] = [await serve(), await siteOf(t, { behaviours: { '/p/1': { status: 500 } } })];
  await crawl(api, 'purged', list(site, 0, 3));
  const [{ jobId }] = (await get(api, '/v1/dead?crawl=purged')).letters;
  const dead = await get(api, `/v1/requests/${jobId}`);
  assert.deepEqual([dead.letter.jobId, dead.url], [jobId, `${site.url}/p/1`]);
  const fetched = await get(api, `/v1/explain?url=${encodeURIComponent(`${site.url}/p/2`)}&crawl=purged`);
  assert.ok(fetched.verdict && fetched.record.record.status === 200, JSON.stringify(fetched));
  await api.refused(404, 'E_CRAWL_UNKNOWN', 'GET', `/v1/explain?url=x&crawl=nothing`);
  assert.equal((await api.refused(400, 'E_FIELD', 'GET', '/v1/explain')).field, 'query.url');
  assert.equal((await api.refused(400, 'E_FIELD', 'DELETE', '/v1/dead')).field, 'query.all');
  const { purged, exportedTo } = (await api.call('DELETE', '/v1/dead?crawl=purged')).json;
  assert.equal(purged, 1);
  assert.equal(JSON.parse(await readFile(exportedTo, 'utf8')).jobId, jobId);
  assert.deepEqual((await get(api, '/v1/dead?crawl=purged')).letters, []);
  assert.deepEqual((await api.call('DELETE', '/v1/dead?crawl=purged&export=false')).json, {
    purged: 0,
    exportedTo: null,
  });
});
