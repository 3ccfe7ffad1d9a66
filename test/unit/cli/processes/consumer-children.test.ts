import assert from 'node:assert/strict';
import test from 'node:test';
import { ConsumerChildren, causeIn } from '../../../../cli/processes/consumer-children.ts';
import type { ProcessesFailure } from '../../../../cli/processes/failure.ts';
import { createLog } from '../../../../src/log.ts';

test('a process that the system does not start is given up after three tries, with the reason', async (t) => {
  const { execPath } = process;
  t.after(() => {
    process.execPath = execPath;
  });
  process.execPath = '/no/such/node';
  const given = Promise.withResolvers<ProcessesFailure>();
  const lines: string[] = [];
  const children = new ConsumerChildren({
    ...{ words: [], graceMs: 0, log: await createLog({ level: 'silent' }), onGivenUp: given.resolve },
    onLine: (line) => void lines.push(line),
    ...{ onConsuming() {}, onReport() {}, onTrouble() {} },
  });
  const alive = setInterval(() => undefined, 1000);
  children.want(1);
  const failure = await given.promise;
  clearInterval(alive);
  assert.equal(
    failure.message,
    'A consumer process has died again and again. 3 times in a row, at last it could not start: spawn /no/such/node ENOENT.',
  );
  assert.equal(failure.exitCode, 3);
  const line =
    'a consumer process (no pid) could not start: spawn /no/such/node ENOENT; another takes its place';
  assert.deepEqual(lines, [line, line]);
  assert.equal(children.wanted, 0);
  await children.stop();
});

test('why a process has died is one line of what it wrote last', () => {
  const outOfMemory = `noise of a handler
<--- Last few GCs --->

[1:0x1] 71 ms: Mark-Compact 1.0 (2.0) -> 1.0 (2.0) MB, pooled: 0 MB, 1.00 / 0.00 ms

FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----

 1: 0x1 node::OOMErrorHandler
`;
  const thrown = `/tmp/h.mjs:3
    throw new TypeError('no');
    ^

TypeError: no
    at file:///tmp/h.mjs:3:11

Node.js v24.21.0
`;
  const own =
    'drover: The handlers cannot be loaded. h.mjs: nope.\n  Correct the named file. (E_HANDLER_FILE)\n';
  assert.equal(
    causeIn(outOfMemory),
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
  );
  assert.equal(causeIn(thrown), 'TypeError: no');
  assert.equal(causeIn(own), 'drover: The handlers cannot be loaded. h.mjs: nope.');
  assert.equal(causeIn('what a handler printed\n'), null);
  assert.equal(causeIn(`Error: \x1b[2J${'x'.repeat(1000)}`)?.slice(0, 15), 'Error: \\x1b[2Jx');
  assert.equal(causeIn(`Error: ${'x'.repeat(1000)}`)?.length, 300);
});
