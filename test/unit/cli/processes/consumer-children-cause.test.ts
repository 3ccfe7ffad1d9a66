import assert from 'node:assert/strict';
import test from 'node:test';
import { causeIn } from '../../../../cli/processes/consumer-children.ts';

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
