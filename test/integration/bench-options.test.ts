// A wrong option of a benchmark is said in one line.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';

test('an option that a benchmark does not have ends it with code 2 and one line', async () => {
  const runner = await openCommandRunner();
  for (const bench of [
    [],
    ['speed'],
    ['frontier'],
    ['politeness'],
    ['backoff'],
    ['handlers'],
    ['stores'],
    ['again'],
    ['scale'],
  ]) {
    const { code, stderr, stdout } = await runner.run(['bench', ...bench, '--nope']);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^drover bench \w+: Unknown option '--nope'; --help lists the options\n$/);
    assert.equal(stdout, '');
  }
});
