// A consumer on a machine whose clock is nine minutes ahead: it says so, and its retry is due for the others
// when its backoff is over.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test from 'node:test';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

test('a wrong clock is named at the start, and delays nobody’s retries', async (t) => {
  const site = await startSite({ pages: 1, behaviours: { '/p/1': { status: 500, failTimes: 1 } } });
  t.after(() => site.stop());
  const { runner, fleet } = await fleets.open();
  const wrong = runner.path('clock.mjs');
  writeFileSync(wrong, 'const now = Date.now; Date.now = () => now() + 560_000;');
  const env = { NODE_OPTIONS: `--import ${wrong}` };
  const seed = [`${site.url}/p/1`, '--depth', '0', '--crawl', 'c', '--backoff', '2000', '--ignore-robots'];
  assert.equal((await runner.run(['enqueue', ...seed])).code, 0);
  const ahead = runner.start(['consume'], { env });
  await ahead.line(/^warning: the clock of this machine is 560 s ahead of that of Redis/);
  const delayed = `${fleet.namespace}:requests:delayed`;
  await until(async () => (await fleet.redis.zcard(delayed)) > 0, { what: 'the retry', deadlineMs: 20_000 });
  ahead.killGroup('SIGKILL');
  await ahead.exit;
  const [seconds = 0] = (await fleet.redis.time()).map(Number);
  const [, score = ''] = await fleet.redis.zrange(delayed, '0', '0', 'WITHSCORES');
  // BullMQ keeps the time of a delayed job in the upper bits of its score.
  assert.ok(
    Math.abs(Number(score) / 4096 - seconds * 1000) < 10_000,
    `due in ${Number(score) / 4096 - seconds * 1000} ms`,
  );
  const right = runner.start(['consume']);
  const isDone = async () => (await runner.status('c')).recorded === 1;
  await until(isDone, { what: 'the second attempt', deadlineMs: 20_000, everyMs: 200 });
  right.kill('SIGTERM');
  await right.exit;
  assert.doesNotMatch(right.stderr(), /clock/);
  const doctor = await runner.run(['doctor'], { env });
  assert.match(doctor.stdout, /clock: Redis is 5\d{5} ms behind this machine/);
});
