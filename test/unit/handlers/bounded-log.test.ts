// What handlers write to the log is bounded, and what cannot be written is shown as text.
import assert from 'node:assert/strict';
import test from 'node:test';
import { boundedLog } from '../../../src/handlers/bounded-log.ts';

test('a page writes 1,000 lines of 10,000 characters at most, and says once that there were more', () => {
  const written: string[] = [];
  const log = boundedLog((_, message, fields) => written.push(message + JSON.stringify(fields)));
  for (let line = 0; line < 3000; line++) log.info('x'.repeat(50_000), { big: 'y'.repeat(50_000) });
  assert.equal(written.length, 1001);
  assert.match(written[1000] ?? '', /more lines of this page are left out/);
  assert.ok(Math.max(...written.map(({ length }) => length)) < 12_000);
});

test('fields that hold themselves, throw or cannot be copied are written as text', () => {
  const written: Readonly<Record<string, unknown>>[] = [];
  const log = boundedLog((_level, _message, fields) => written.push(structuredClone(fields)));
  const loop: Record<string, unknown> = {};
  loop.itself = loop;
  const thrower = {
    get field() {
      throw new Error('no');
    },
  };
  log.warn('odd', { loop, n: 1n });
  log.warn('odd', thrower);
  log.warn('odd', { call: () => 1 });
  log.warn('plain', { a: { b: [1] } });
  log.warn('none', null as never);
  assert.deepEqual(written, [
    { loop: '<ref *1> { itself: [Circular *1] }', n: '1n' },
    { field: '(it cannot be read)' },
    { call: '[Function: call]' },
    { a: { b: [1] } },
    null,
  ]);
});
