import assert from 'node:assert/strict';
import test from 'node:test';
import { besideChange } from '../../../../cli/changes/beside-change.ts';

test('of long lines that begin alike, what differs is shown; others stay as they are', () => {
  const start = 'the same words '.repeat(10);
  const lines = ['@@ -1 +1 @@', ' short', `-${start}one`, `+${start}two`, `-${start}`, ' end'];
  const shown = besideChange(lines, 60);
  assert.deepEqual([shown[0], shown[1], shown[4], shown[5]], [lines[0], lines[1], lines[4], lines[5]]);
  for (const [index, word] of [
    [2, 'one'],
    [3, 'two'],
  ] as const) {
    const line = shown[index] ?? '';
    assert.ok(line.length <= 60 && line.endsWith(`same words ${word}`), line);
    assert.match(line, /^[-+]…/);
  }
  assert.deepEqual(besideChange(['-a', '+b'], 60), ['-a', '+b']);
});
