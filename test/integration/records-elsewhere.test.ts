// Records of one crawl in the data directories of two consumers: whoever reads them in one is told how many
// are missing and where they are, and gets all of them once they are brought together.
import assert from 'node:assert/strict';
import { cp, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import test from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import { type ApiError, createClient, type DroverError, readResults } from '../../src/index.ts';
import { startApi } from '../support/api/api.ts';
import { recordsOf } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const PAGES = 20;

test('records that another consumer keeps in its own data directory are missed aloud, and found when copied', async (t) => {
  const site = await startSite({ pages: PAGES });
  t.after(() => site.stop());
  const { runner, fleet, namespace } = await fleets.open();
  const [own, other] = [runner.path('own'), runner.path('other')];
  const consume = (dir: string) => runner.start(['consume', '--data-dir', dir, '--quiet']);
  const urls = Array.from({ length: PAGES }, (_, index) => `${site.url}/p/${index}`);
  const enqueue = [
    'enqueue',
    ...urls,
    '--crawl',
    'c',
    '--depth',
    '0',
    '--delay',
    '30',
    '--limit',
    `${PAGES}`,
    '--quiet',
  ];
  assert.equal((await runner.run(enqueue)).code, 0);
  const first = consume(other);
  const counts = () => readCounts(fleet, 'c');
  await until(async () => (await counts()).recorded >= 3, { what: 'the first records', deadlineMs: 30_000 });
  first.kill();
  await first.exit;
  // A crawl that has not ended has fewer records than requests, and that is no error.
  assert.ok((await counts()).waiting > 0);
  const early = await runner.run(['results', 'c', '--data-dir', other]);
  assert.equal(early.code, 0, early.stderr);
  consume(own);
  await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 60_000 });

  const read = async (dir: string, ...more: string[]) =>
    runner.run(['results', 'c', '--data-dir', dir, ...more]);
  const lost = await read(own, '-o', runner.path('own.jsonl'));
  const here = (await recordsOf(runner.path('own.jsonl'))).length;
  assert.equal(lost.code, 3);
  assert.ok(here > 0 && here < PAGES, `${here}`);
  assert.match(lost.stderr, /\(E_RECORDS_MISSING\)/);
  assert.ok(
    lost.stderr.includes(`${PAGES - here} of ${PAGES} records of crawl c are not in ${own}.`),
    lost.stderr,
  );
  const [folder = ''] = await readdir(`${other}/records`);
  assert.ok(lost.stderr.includes(`${PAGES - here} at ${hostname()}:${other}/records/${folder}`), lost.stderr);
  const nothing = await read(runner.path('third'));
  assert.deepEqual([nothing.code, nothing.stdout], [3, '']);

  // What was accepted and is recorded there is not said to be left out, whatever limit the crawl has.
  const known = new Set((await recordsOf(runner.path('own.jsonl'))).map(({ url }) => url));
  const away = urls.find((url) => !known.has(url)) ?? '';
  const [explained] = await runner.json<Explanation>(['explain', away, '--json', '--data-dir', own]);
  assert.match(
    explained?.verdict ?? '',
    /^It ended in crawl c, but its record is not in this data directory;/,
  );
  assert.ok(explained?.verdict.includes(`${hostname()}:${other}/records/${folder}`), explained?.verdict);
  assert.deepEqual(
    explained?.steps.filter(({ step }) => step === 'scope').map(({ ok }) => ok),
    [true],
  );

  const options = { crawl: 'c', dataDir: own, redisUrl: fleets.url, namespace: namespace.slice(1, -3) };
  let given = 0;
  const reading = (async () => {
    for await (const _ of readResults(options)) given++;
  })();
  await assert.rejects(reading, (error: DroverError) => error.code === 'E_RECORDS_MISSING');
  assert.equal(given, here);

  const api = await startApi({ runner }, ['--data-dir', own]);
  for (const format of ['json', 'ndjson', 'csv']) {
    const path = `/v1/crawls/c/records?format=${format}`;
    await api.refused(409, 'E_RECORDS_MISSING', 'GET', path);
    assert.equal((await api.call('GET', `${path}&partial=true`)).status, 200);
  }
  const client = createClient({ url: api.url });
  const itemsOf = async (options?: { partial: boolean }) => {
    const items: unknown[] = [];
    for await (const item of client.crawls.items('c', options)) items.push(item);
    return items;
  };
  await assert.rejects(itemsOf(), (error: ApiError) => error.code === 'E_RECORDS_MISSING');
  assert.deepEqual(await itemsOf({ partial: true }), []);
  const some = await api.call('GET', '/v1/crawls/c/records?partial=true&limit=1000');
  assert.deepEqual([some.json.records.length, some.json.missing], [here, PAGES - here]);

  await cp(`${other}/records/${folder}`, `${own}/records/${folder}`, { recursive: true });
  const all = await read(own);
  assert.equal(all.code, 0, all.stderr);
  assert.equal(all.stdout.split('\n').filter(Boolean).length, PAGES);
  const whole = await api.call('GET', '/v1/crawls/c/records?limit=1000');
  assert.deepEqual([whole.json.records.length, whole.json.missing], [PAGES, 0]);

  await rm(`${own}/records/${folder}`, { recursive: true });
  const removed = await read(own);
  assert.equal(removed.code, 3);
  assert.match(removed.stderr, /Some were written here and have been removed since\./);
});
