// What drover hosts says of hosts that it cannot pause, of those that there was nothing to resume at, and of
// their delays.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';

test('a name with a path is no host; resuming says whether the host was paused', async () => {
  const runner = await openCommandRunner();
  for (const command of ['pause', 'resume'])
    for (const text of ['nohost/x', 'nohost?x', 'nohost#x']) {
      const { code, stderr } = await runner.run(['hosts', command, text]);
      assert.equal(code, 2, text);
      assert.match(stderr, /is no host, because of what follows its name/);
    }
  assert.deepEqual(await runner.json(['hosts', '--json']), [], 'nothing was paused');
  const idle = await runner.run(['hosts', 'resume', 'a.test']);
  assert.deepEqual([idle.code, idle.stderr], [0, 'a.test was not paused\n']);
  assert.equal((await runner.run(['hosts', 'pause', 'http://a.test/x'])).code, 0);
  const paused = await runner.run(['hosts', 'resume', 'a.test/']);
  assert.deepEqual([paused.code, paused.stderr], [0, 'a.test is resumed\n']);
  const [again] = await runner.json<{ changed: boolean }>(['hosts', 'resume', 'a.test', '--json']);
  assert.equal(again?.changed, false);
});

test('the table shows a delay of milliseconds as such, and never as none', async () => {
  const runner = await openCommandRunner();
  for (const [delay, shown] of [
    ['20ms', '20 ms'],
    ['950', '950 ms'],
    ['1500ms', '1.5 s'],
  ] as const) {
    assert.equal((await runner.run(['hosts', 'set', 'a.test', '--delay', delay])).code, 0);
    const { stdout } = await runner.run(['hosts', 'a.test']);
    assert.match(stdout, new RegExp(`0 of \\d+ +${shown} +limits set`), stdout);
  }
});
