// Forgetting crawls: by command, by the API, by a consumer's retention; what is refused, what is left in
// Redis, what stays on disk, and what happens when it is cut off.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl, findCrawl, leaveCrawl, listCrawls } from '../../src/crawl/crawl.ts';
import { beginForgetting } from '../../src/crawl/forget.ts';
import type { DroverError } from '../../src/errors.ts';
import { removeRemains } from '../../src/forget/forget.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { sharedApi, WRITE_TOKEN } from '../support/api/api.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { cancelledCrawl } from '../support/fleets/cancelled.ts';
import { tracesOf } from '../support/fleets/traces.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';

const fleets = openFleets();

const serve = sharedApi(fleets);

const site: { now: Site | null } = { now: null };
test.before(async () => {
  site.now = await startSite({ pages: 8, linksPerPage: 8, behaviours: { '/p/7': { status: 500 } } });
});
test.after(() => site.now?.stop());
const quick = ['--attempts', '1', '--quiet', '--per-host', '20'];
const crawl = (runner: CommandRunner, name: string) =>
  runner.run(['crawl', `${site.now?.url}/`, '--crawl', name, ...quick]);

test('drover forget leaves nothing of a crawl in Redis, and its records on disk; others stay as they are', async () => {
  const { runner, fleet } = await fleets.open();
  assert.equal((await crawl(runner, 'shop')).code, 1);
  await cancelledCrawl(fleet, 'shop-two');
  const { code, stderr } = await runner.run(['forget', 'shop']);
  assert.equal(code, 0, stderr);
  const said = /^crawl shop is forgotten, with 1 dead letter, exported to (\S+); its records stay in (\S+)$/m;
  const [, exported = '', records = ''] = said.exec(stderr) ?? [];
  assert.ok(existsSync(exported), stderr);
  assert.ok(readdirSync(records).length > 0, stderr);
  assert.deepEqual(await tracesOf(fleet, 'shop'), []);
  for (const args of [
    ['status', 'shop'],
    ['results', 'shop'],
    ['forget', 'shop'],
  ]) {
    const gone = await runner.run(args);
    assert.deepEqual([gone.code, /E_CRAWL_UNKNOWN/.test(gone.stderr)], [2, true], args.join(' '));
  }
  assert.deepEqual(await listCrawls(fleet), ['shop-two']);
  // The name is free again: a new crawl begins under it.
  assert.equal((await crawl(runner, 'shop')).code, 1);
  assert.equal((await runner.results('shop')).length, 9);
  assert.equal((await runner.run(['forget', 'shop', 'shop-two', '--records'])).code, 0);
  assert.deepEqual(readdirSync(join(runner.dir, 'data', 'records')), [records.split('/').at(-1)]);
});

test('of several crawls of a name, the one that is meant is forgotten, and the name means the newest that is left', async () => {
  const { runner, fleet } = await fleets.open();
  for (let run = 0; run < 3; run++) await cancelledCrawl(fleet, 'shop');
  assert.equal((await runner.run(['forget', 'shop', 'shop.1'])).code, 0);
  assert.equal(await findCrawl(fleet, 'shop'), 'shop.2');
  assert.deepEqual(await fleet.redis.zrange(fleet.keys.crawls, '0', '-1'), ['shop.2']);
});

test('a finished crawl to which a producer still offers is refused until that one has left', async () => {
  const { fleet } = await fleets.open();
  const settings = crawlSettings(defaultSettings);
  const { id } = await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  await fleet.redis.hset(fleet.keys.crawl(id), 'state', 'finished');
  await assert.rejects(
    beginForgetting(fleet, id),
    ({ code, message }: DroverError) => code === 'E_CRAWL_OPEN' && /being offered to c\./.test(message),
  );
  assert.equal(await findCrawl(fleet, 'c'), id);
  await leaveCrawl(fleet, id, 'p');
  await beginForgetting(fleet, id);
  assert.deepEqual(await listCrawls(fleet), []);
});

test('a crawl with open requests is refused until it is cancelled; then it goes, though no consumer runs', async () => {
  const { runner, fleet } = await fleets.open();
  await site.now?.behave('/slow/*', { delayMs: 60_000 });
  const consuming = runner.start(['crawl', `${site.now?.url}/slow/1`, '--crawl', 'c', ...quick]);
  await until(async () => (await fleet.redis.hlen(fleet.keys.open('c'))) > 0, { what: 'an open request' });
  const refused = await runner.run(['forget', 'c']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /Requests of c to come: 1\.[\s\S]*cancel it first.*E_CRAWL_OPEN/);
  consuming.killGroup('SIGKILL');
  await consuming.exit;
  assert.equal((await runner.run(['cancel', 'c'])).code, 0);
  const forgotten = await runner.run(['forget', 'c']);
  assert.equal(forgotten.code, 0, forgotten.stderr);
  // The lock of the dead consumer keeps its job from being removed. The next consumer completes it.
  const next = runner.start(['consume', '--quiet'], { env: { DROVER_LOCK_DURATION: '1000' } });
  await until(async () => (await tracesOf(fleet, 'c')).length === 0, {
    what: 'the last trace',
    deadlineMs: 20_000,
  });
  next.kill('SIGTERM');
  await next.exit;
  assert.deepEqual(await tracesOf(fleet, 'c'), []);
});

test('what was cut off is finished by the next command or consumer; --keep-crawls forgets the oldest', async () => {
  const { runner, fleet } = await fleets.open();
  for (const name of ['a', 'b', 'c', 'd']) await cancelledCrawl(fleet, name);
  const queues = openQueues(fleet);
  for (const name of ['a', 'b']) {
    await beginForgetting(fleet, name);
    let steps = 1;
    await removeRemains({ fleet, queues, exportDir: null, goOn: () => steps-- > 0 }, name);
    assert.notDeepEqual(await tracesOf(fleet, name), [], 'it was cut off');
    await assert.rejects(findCrawl(fleet, name), { code: 'E_CRAWL_UNKNOWN' });
  }
  assert.equal((await runner.run(['forget', 'a'])).code, 0);
  assert.deepEqual(await tracesOf(fleet, 'a'), []);
  const consumer = runner.start(['consume', '--keep-crawls', '1', '--quiet']);
  for (const name of ['b', 'c'])
    await until(async () => (await tracesOf(fleet, name)).length === 0, {
      what: `the end of ${name}`,
      deadlineMs: 20_000,
    });
  assert.deepEqual(await listCrawls(fleet), ['d']);
  consumer.kill('SIGTERM');
  await consumer.exit;
  const old = runner.start(['consume', '--keep-crawls', '1s', '--quiet']);
  await until(async () => (await tracesOf(fleet, 'd')).length === 0, {
    what: 'the end of d',
    deadlineMs: 40_000,
  });
  old.kill('SIGTERM');
  await old.exit;
});

test('DELETE /v1/crawls/ID?forget=true forgets an ended crawl, and refuses one that has not ended', async () => {
  const api = await serve();
  const seed = { name: 'gone', url: 'http://example.com/1' };
  assert.equal((await api.call('POST', '/v1/crawls', { body: seed })).status, 201);
  const forget = () => api.call('DELETE', '/v1/crawls/gone?forget=true', { token: WRITE_TOKEN });
  const early = await forget();
  assert.deepEqual([early.status, early.json.code], [409, 'E_CRAWL_OPEN']);
  assert.equal((await api.call('DELETE', '/v1/crawls/gone')).json.state, 'cancelled');
  assert.deepEqual([(await forget()).json.crawl, (await forget()).json.code], ['gone', 'E_CRAWL_UNKNOWN']);
  for (const path of ['', '/records', '/errors'])
    assert.equal((await api.call('GET', `/v1/crawls/gone${path}`)).status, 404, path);
});
