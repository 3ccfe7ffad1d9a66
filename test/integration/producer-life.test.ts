// How a program's producer lives: its hold on the crawl, its end, Redis going away; and what the program
// reads of the results.

import assert from 'node:assert/strict';
import test from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import { fleetOf } from '../../src/fleet.ts';
import { createProducer, readResults } from '../../src/index.ts';
import { namespaceOf } from '../../src/keys.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { errorOf, newNamespace, openProducer, urls } from '../support/producers.ts';
import { freePort, startTestRedis } from '../support/redis.ts';
import { spawnProgram, until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const fleets = openFleets();
const entry = new URL('../../src/index.ts', import.meta.url).href;

test('a crawl stays open until its producer closes, and ends then; closing twice is closing once', async (t) => {
  const namespace = newNamespace();
  const producer = await openProducer(t, fleets.url, { namespace });
  const leases = `${namespaceOf(namespace)}:c:shop:producers`;
  const leaseEnd = async () => Number((await fleets.redis.zrange(leases, '0', '-1', 'WITHSCORES'))[1]);
  const begun = await leaseEnd();
  await until(async () => (await leaseEnd()) > begun + 1500, { what: 'the lease to be renewed twice' });
  assert.equal((await producer.counts()).state, 'running');
  await Promise.all([producer.close(), producer.close()]);
  assert.equal((await readCounts(fleetOf(fleets.redis, namespaceOf(namespace)), 'shop')).state, 'finished');
  assert.match(await errorOf(producer.add('https://a.example/')), /^E_CLOSED/);
  assert.match(await errorOf(producer.counts()), /^E_CLOSED/);
});

test('what is being added when the producer is closed is added, and the crawl is left after it', async (t) => {
  const namespace = newNamespace();
  const first = await openProducer(t, fleets.url, { namespace });
  const adding = first.add(urls(2000));
  await first.close();
  assert.equal((await adding).accepted, 2000);
  await using second = await openProducer(t, fleets.url, { namespace });
  assert.deepEqual([second.crawl, second.isNew], ['shop', false]);
  assert.equal((await second.counts()).accepted, 2000);
});

test('with Redis away, the producer says so within seconds, and goes on when it is back', async (t) => {
  const nowhere = `redis://127.0.0.1:${await freePort()}`;
  const before = performance.now();
  assert.match(await errorOf(createProducer({ crawl: 'x', redisUrl: nowhere })), /^E_REDIS_DOWN/);
  const server = await startTestRedis();
  t.after(() => server.stop());
  const producer = await openProducer(t, server.url);
  await producer.add('https://a.example/1');
  server.kill();
  assert.match(await errorOf(producer.add('https://a.example/2')), /^E_REDIS_DOWN/);
  assert.ok(performance.now() - before < 11_000);
  await server.restart();
  await until(async () => (await producer.add('https://a.example/2').catch(() => null)) !== null, {
    what: 'the producer to be connected again',
  });
  assert.equal((await producer.counts()).accepted, 2);
  await producer.close();
});

test('a program that forgets to close ends all the same, with all that it waited for', async (t) => {
  const site = await startSite({ pages: 3 });
  t.after(() => site.stop());
  const dataDir = await temporaryDirectory('producer');
  const program = spawnProgram(
    [
      '--input-type=module',
      '-e',
      `const { createProducer } = await import(${JSON.stringify(entry)});
       const producer = await createProducer({ crawl: 'pages', depth: 0, dataDir: ${JSON.stringify(dataDir)} });
       console.log(JSON.stringify(await producer.add(['${site.url}/p/1', '${site.url}/p/2'])));`,
    ],
    { env: { REDIS_URL: undefined } },
  );
  const { code } = await program.exit;
  assert.equal(code, 0, program.stderr());
  assert.equal(JSON.parse(program.stdout()).accepted, 2);
  // The commands with that data directory share its Redis and its crawl, and the program reads what they
  // wrote.
  const runner = await openCommandRunner({ DROVER_DATA_DIR: dataDir, REDIS_URL: '' });
  const consumer = runner.start(['consume']);
  await until(async () => (await runner.status('pages')).state === 'finished', {
    what: 'the crawl to end',
    everyMs: 200,
  });
  const statuses: (number | null)[] = [];
  for await (const record of readResults({ crawl: 'pages', dataDir })) statuses.push(record.status);
  assert.deepEqual(statuses, [200, 200]);
  assert.match(await errorOf(readResults({ crawl: 'none', dataDir }).next()), /^E_CRAWL_UNKNOWN/);
  consumer.kill('SIGTERM');
  await consumer.exit;
});
