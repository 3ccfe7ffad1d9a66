// A bucket whose server does not obey If-None-Match: that is found out at the start, and names that cannot
// collide take its place.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readStoreAddress } from '../../src/config/store-address.ts';
import { readCounts } from '../../src/crawl/crawl.ts';
import { openBucket } from '../../src/records/s3/bucket.ts';
import { compact } from '../../src/records/s3/compact.ts';
import { machine } from '../support/fleets/machines.ts';
import { reachOf } from '../support/fleets/progress.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { needsRadosgw, radosgwForTests } from '../support/stores/radosgw.ts';
import { startUnconditionalProxy } from '../support/stores/unconditional-proxy.ts';

const fleets = openFleets();
const s3 = radosgwForTests();

for (const how of ['ignores', 'refuses'] as const)
  test(
    `a server that ${how} If-None-Match, three consumers, killed like the server: results complete, each once`,
    needsRadosgw,
    async (t) => {
      const PAGES = 400;
      const site = await startSite({ pages: PAGES, latencyMs: 15 });
      const proxy = await startUnconditionalProxy(s3.endpoint, 'crawls', how);
      t.after(async () => {
        await site.stop();
        await proxy.stop();
      });
      const env = { ...s3.env, AWS_ENDPOINT_URL_S3: proxy.endpoint };
      const { runner, fleet } = await fleets.open({ DROVER_LOCK_DURATION: '3s' });
      const begin = [
        'enqueue',
        `${site.url}/`,
        '--crawl',
        'c',
        '--store',
        `s3://crawls/${how}`,
        '--per-host',
        '30',
      ];
      const begun = await runner.run([...begin, '--quiet'], machine(runner, 'first', env));
      assert.equal(begun.code, 0, begun.stderr);
      const consume = (name: string) => runner.start(['consume', '-c', '10'], machine(runner, name, env));
      const consumers = ['one', 'two', 'three'].map(consume);
      const counts = () => readCounts(fleet, 'c');
      const reach = reachOf(fleet, 'c', 60_000);
      await reach(60);
      consumers[0]?.killGroup('SIGKILL');
      await reach(120);
      await s3.kill();
      consumers[1]?.killGroup('SIGKILL');
      const isTold = () => consumers[2]?.stderr().includes('E_STORE_DOWN') ?? false;
      await until(isTold, { what: 'the outage is told', deadlineMs: 30_000 });
      await s3.start();
      consumers.push(consume('one'), consume('two'));
      await until(async () => (await counts()).state === 'finished', {
        what: 'the end',
        deadlineMs: 120_000,
      });
      assert.equal((await counts()).recorded, PAGES + 1);
      for (const consumer of consumers.slice(2)) {
        consumer.killGroup('SIGTERM');
        await consumer.exit;
      }

      // Only the probes had the header, and none of the other names came twice.
      const isProbe = (key: string) => key.includes('.drover-probe');
      const records = proxy.puts().filter((key) => !isProbe(key));
      assert.ok(records.length > 10, `${records.length}`);
      assert.ok(proxy.conditional().length > 0);
      assert.deepEqual(
        proxy.conditional().filter((key) => !isProbe(key)),
        [],
      );
      const joined = records.filter((key) => /\.\d{9}-\d{9}\.[0-9a-f]{8}\.zst$/.test(key));
      assert.ok(joined.length > 0, records.join(' '));
      assert.equal(new Set(joined).size, joined.length);

      // Three processes join what is left, all at once.
      const address = readStoreAddress(`s3://crawls/${how}?endpoint=${proxy.endpoint}&region=us-east-1`);
      assert.equal(address.kind, 's3');
      const bucket = openBucket(address);
      const folder = records[0]?.split('/').at(-2) ?? '';
      const parts = { bucket, folder, isConditional: false, nowMs: Date.now() + 3_600_000 };
      const before = (await bucket.list(folder)).length;
      await Promise.all([1, 2, 3].map(() => compact(parts)));
      await compact(parts);
      const objects = await bucket.list(folder);
      assert.ok(objects.length <= before, `${objects.length} of ${before}`);
      bucket.close();
      const read = await runner.run(['results', 'c'], machine(runner, 'elsewhere', env));
      assert.equal(read.code, 0, read.stderr);
      const urls = read.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).url);
      assert.deepEqual([urls.length, new Set(urls).size], [PAGES + 1, PAGES + 1]);
    },
  );
