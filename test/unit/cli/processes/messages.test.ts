import assert from 'node:assert/strict';
import test from 'node:test';
import { packTrouble, unpackTrouble } from '../../../../cli/processes/messages.ts';
import { createTroubles } from '../../../../cli/terminal/trouble.ts';
import { createHostTimes } from '../../../../consumers/telemetry/host-times.ts';
import { DroverError } from '../../../../src/errors.ts';

const sent = (error: unknown): Error => unpackTrouble(JSON.parse(JSON.stringify(packTrouble(error))));

test('an error of a process is the same in its command: its code, its words, its end of the crawl', () => {
  const full = sent(new DroverError('E_DISK_FULL', '/data/records.'));
  assert.ok(full instanceof DroverError);
  assert.deepEqual([full.code, full.detail], ['E_DISK_FULL', '/data/records.']);
  const redis = sent(new Error('OOM command not allowed'));
  assert.ok(redis instanceof DroverError);
  assert.equal(redis.code, 'E_REDIS_MEMORY');
  const troubles = createTroubles();
  troubles.note(redis);
  assert.equal(troubles.first(), null, 'Redis is waited for');
  troubles.note(full);
  assert.equal(troubles.first(), full);
});

test('a defect comes with its stack, and a code that this release does not know as a defect', () => {
  const defect = new TypeError('x is not a function');
  assert.equal(sent(defect).stack, defect.stack);
  assert.equal(sent('odd').message, 'odd');
  assert.equal(
    unpackTrouble({ code: ['E', 'NEVER'].join('_') as 'E_USAGE', detail: 'what' }).message,
    'what',
  );
});

test('the times of the hosts of several processes add up to those of one', () => {
  const [all, one, two] = [createHostTimes('c'), createHostTimes('c'), createHostTimes('c')];
  one.note('c', 'a.test', 100);
  one.note('other', 'a.test', 10_000);
  two.note('c', 'a.test', 300);
  two.note('c', 'b.test', 50);
  for (const times of [one, two]) all.add(JSON.parse(JSON.stringify(times.take())));
  one.note('c', 'a.test', 500);
  all.add(one.take());
  assert.deepEqual(all.slowest(5), [
    { host: 'a.test', answers: 3, meanMs: 300 },
    { host: 'b.test', answers: 1, meanMs: 50 },
  ]);
  assert.deepEqual(one.take(), [], 'what was taken is not told again');
});
