// What is offered to a crawl that is paused or cancelled, and what holds however a crawl is steered.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import test from 'node:test';
import fc from 'fast-check';
import { steerCrawl } from '../../src/crawl/steer.ts';
import type { Steering } from '../../src/frontier/steer.ts';
import { assertAddsUp, type CommandRunner } from '../support/crawls.ts';
import { bareCrawl, frontierKeys, recordedAtLeast } from '../support/fleets/steering.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

test('enqueue only offers to a paused crawl; the crawl command says that it is paused, waits, and goes on when another resumes it', async (t) => {
  const site = await startSite({ pages: 20 });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  await writeFile(runner.path('one.txt'), `${site.url}/p/1\n`);
  await writeFile(runner.path('two.txt'), `${site.url}/p/2\n`);
  const same = ['--crawl', 'c', '--depth', '0', '--quiet'];
  assert.equal((await runner.run(['enqueue', runner.path('one.txt'), ...same])).code, 0);
  assert.equal((await runner.run(['pause', 'c'])).code, 0);
  assert.equal((await runner.run(['enqueue', runner.path('two.txt'), ...same])).code, 0);
  const crawl = runner.start(['crawl', runner.path('one.txt'), ...same]);
  await crawl.line(/^crawl c is paused; resume it with: npm run drover -- resume c$/);
  const { state, accepted, waiting } = await runner.status('c');
  assert.deepEqual([state, accepted, waiting], ['paused', 2, 2]);
  assert.deepEqual(await site.log(), []);
  await runner.run(['resume', 'c']);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  assert.equal((await runner.status('c')).recorded, 2);
});

/** A list that grows while it is read. */
async function growingList(runner: CommandRunner) {
  const path = runner.path('list');
  execFileSync('mkfifo', [path]);
  // For reading too: then opening it does not wait for the reader.
  return { path, file: await open(path, 'r+') };
}

test('a producer that offers to a crawl while it is cancelled ends with exit code 2 and says so', async () => {
  const { runner } = await fleets.open();
  const { path, file } = await growingList(runner);
  const enqueue = runner.start(['enqueue', path, '--crawl', 'c']);
  await file.write('http://a.example/1\n');
  const accepted = () =>
    runner.run(['status', 'c', '--json']).then(({ stdout }) => stdout.includes('"accepted":1'));
  await until(accepted, { what: 'the first line to be accepted' });
  await runner.run(['cancel', 'c']);
  await file.write('http://a.example/2\n');
  await file.close();
  assert.equal((await enqueue.exit).code, 2);
  assert.match(enqueue.stderr(), /^drover: .*cancelled.*$/m);
});

test('the crawl command ends when its crawl is cancelled, though more seeds may come', async (t) => {
  const site = await startSite({ pages: 3 });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const { path, file } = await growingList(runner);
  const crawl = runner.start(['crawl', path, '--crawl', 'c', '--depth', '0']);
  await file.write(`${site.url}/p/1\n`);
  await crawl.line(/^crawl c$/);
  await recordedAtLeast(runner, 'c', 1);
  await runner.run(['cancel', 'c']);
  await crawl.line(/^Crawl c was cancelled after .*: 1 page recorded\.$/);
  await file.close();
  assert.equal((await crawl.exit).code, 1, crawl.stderr());
});

test('resuming a crawl of which nothing is left ends it at once, but not while a producer is at work on it', async () => {
  const { fleet, id, leave } = await bareCrawl(fleets.redis);
  await steerCrawl(fleet, id, 'pause');
  const working = await steerCrawl(fleet, id, 'resume');
  assert.equal(working.counts.state, 'running');
  await steerCrawl(fleet, id, 'pause');
  await leave();
  const ended = await steerCrawl(fleet, id, 'resume');
  assert.deepEqual([ended.counts.state, ended.changed], ['finished', true]);
});

type Move = Steering | 'offer' | 'dispatch' | 'end';
const next: Record<string, Partial<Record<Move, string>>> = {
  running: { pause: 'paused', cancel: 'cancelled' },
  paused: { resume: 'running', cancel: 'cancelled' },
};

test('however a crawl is steered: only a running one gives requests, a cancelled one takes none, the counters add up', async () => {
  // A cancel ends the play, so it comes seldom.
  const moves = fc.oneof(
    {
      arbitrary: fc.constantFrom<Move>('pause', 'resume', 'offer', 'dispatch', 'dispatch', 'end'),
      weight: 12,
    },
    { arbitrary: fc.constant<Move>('cancel'), weight: 1 },
  );
  const run = async (sequence: Move[]) => {
    const crawl = await bareCrawl(fleets.redis);
    let state = 'running';
    for (const move of sequence) {
      const { accepted } = await crawl.counts();
      if (move === 'offer') await crawl.offer();
      else if (move === 'dispatch') assert.ok((await crawl.dispatch()) === 0 || state === 'running', state);
      else if (move === 'end') await crawl.end();
      else await steerCrawl(crawl.fleet, crawl.id, move).catch((error) => error);
      state = next[state]?.[move] ?? state;
      const counts = await crawl.counts();
      assertAddsUp(counts);
      assert.equal(counts.state, state);
      const isActive = (await fleets.redis.zscore(`${crawl.namespace}:active`, crawl.id)) !== null;
      assert.ok(!isActive || state === 'running', `active though ${state}`);
      if (state === 'running' && counts.waiting > 0) assert.ok(isActive, 'running with requests, not active');
      if (state !== 'cancelled') continue;
      assert.deepEqual(await frontierKeys(fleets.redis, crawl.namespace, crawl.id), []);
      assert.equal(counts.accepted, accepted, 'nothing was accepted any more');
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(moves, { minLength: 10, maxLength: 30 }), run), { numRuns: 60 });
});
