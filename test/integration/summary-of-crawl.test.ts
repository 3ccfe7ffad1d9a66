// The summary of a crawl: of this crawl alone, whatever else the fleet does, and adding up with its file.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createHostTimes } from '../../consumers/telemetry/host-times.ts';
import { recordsOf } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

test('hosts of another crawl are not in the summary, and its sums are those of the file', async (t) => {
  const site = await startSite({ pages: 20 });
  t.after(() => site.stop());
  await site.behave('/p/3', { status: 404 });
  await site.behave('/p/4', { status: 500 });
  const { runner } = await fleets.open();
  assert.equal((await runner.run(['enqueue', 'http://other.example/', '--crawl', 'other'])).code, 0);
  assert.equal((await runner.run(['hosts', 'pause', 'other.example'])).code, 0);
  const out = runner.path('out.jsonl');
  const args = ['crawl', `${site.url}/`, '--crawl', 'own', '--attempts', '1', '-o', out];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 1, stderr);
  assert.doesNotMatch(stderr, /other\.example|Held back/);
  const lines = (await recordsOf(out)).length;
  const { recorded, dead } = await runner.status('own');
  assert.deepEqual([recorded, dead, lines], [20, 1, 21]);
  const flat = stderr.replace(/\s+/g, ' ');
  assert.ok(flat.includes(': 20 recorded (19 pages, 1 other answer), 1 dead letter.'), stderr);
  assert.ok(flat.includes(`${out} (21 records: 20 recorded + 1 dead)`), stderr);
});

test('the slowest hosts are those of the wanted crawl', () => {
  const times = createHostTimes('own');
  times.note('own', 'a.example', 10);
  times.note('other', 'b.example', 1000);
  times.note('own', 'a.example', 30);
  assert.deepEqual(times.slowest(5), [{ host: 'a.example', answers: 2, meanMs: 20 }]);
});
