import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { askedAgain, audit } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const HOSTS = 50;
const PER_HOST = 40;

test('two consumers share a list: the limit per host holds over both, status adds up at every moment', async (t) => {
  const site = await startSite({ pages: PER_HOST, hosts: HOSTS, bytes: 1000, latencyMs: 15 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const urls = site.urls.flatMap((host) =>
    Array.from({ length: PER_HOST }, (_, index) => `${host}/p/${index}\n`),
  );
  await writeFile(runner.path('list.txt'), urls.join(''));
  const enqueued = await runner.run([
    'enqueue',
    runner.path('list.txt'),
    '--crawl',
    'list',
    '--depth',
    '0',
    '--per-host',
    '2',
    '--json',
  ]);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  assert.equal(JSON.parse(enqueued.stdout).accepted, HOSTS * PER_HOST);

  const consumers = [0, 1].map(() => runner.start(['consume', '--quiet', '-c', '30']));
  await until(
    async () => {
      const counts = await runner.status('list');
      assertAddsUp(counts);
      return counts.state === 'finished';
    },
    { what: 'the list to be fetched', deadlineMs: 60_000, everyMs: 100 },
  );
  for (const consumer of consumers) consumer.kill('SIGTERM');
  for (const consumer of consumers) assert.equal((await consumer.exit).code, 0, consumer.stderr());

  const log = await site.log();
  assert.deepEqual(askedAgain(log), []);
  for (const [host, { mostInFlight }] of audit(log))
    assert.ok(mostInFlight <= 2, `${host}: ${mostInFlight} in flight`);
  assert.equal((await runner.results('list')).length, HOSTS * PER_HOST);
});
