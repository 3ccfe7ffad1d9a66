// What keeps failing is told once with its code.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createTroubleLog } from '../../../src/fleet/trouble-log.ts';
import { createLog } from '../../../src/log.ts';

test('a thousand refusals are one line at once; kinds are told apart', async () => {
  const said: string[] = [];
  const troubles = createTroubleLog({
    log: await createLog({ level: 'silent' }),
    say: (line) => void said.push(line),
  });
  for (let each = 0; each < 1000; each++) {
    troubles.note(new Error('NOREPLICAS Not enough good replicas to write.'), 'redis');
    troubles.note(
      new Error('NOREPLICAS Not enough good replicas to write.'),
      'postponed by a fault',
      {},
      'error',
    );
  }
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /refuses to write.*NOREPLICAS.*nothing is lost.*\(E_REDIS_REFUSES\)$/);
  troubles.note(new Error('OOM command not allowed'), 'redis');
  assert.match(said[1] ?? '', /E_REDIS_MEMORY/);
  troubles.redisAnswered();
  assert.equal(said.length, 2, 'an outage is not over while calls fail');
  troubles.stop();
  troubles.note(new Error('OOM command not allowed'), 'redis');
  assert.equal(said.length, 2, 'nobody is told at the end of an outage that may be over');
});
