// How long a sender is waited for, and what JSON is taken.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Pace, paced, parseJson } from '../../../src/api/bodies.ts';

const pace: Pace = { silenceMs: 200, graceMs: 400, bytesPerSecond: 1000 };

/** So many pieces of so many bytes, each after its wait; without an end if `isOpen`. */
async function* sender(pieces: number, bytes: number, waitMs: number, isOpen = false) {
  for (let sent = 0; sent < pieces; sent++) {
    if (waitMs > 0) await sleep(waitMs);
    yield Buffer.alloc(bytes);
  }
  if (isOpen) await new Promise<void>((resolve) => setTimeout(resolve, 5000).unref());
}

async function read(source: AsyncIterable<Buffer>, holdMs = 0): Promise<number> {
  let bytes = 0;
  for await (const piece of paced(source, pace)) {
    bytes += piece.length;
    if (holdMs > 0) await sleep(holdMs);
  }
  return bytes;
}
const slow = { code: 'E_BODY_SLOW' };

test('who keeps the pace is read to the end, however long it takes, and however slow the reader is', async () => {
  assert.equal(await read(sender(20, 200, 40)), 4000);
  assert.equal(await read(sender(5, 10, 0), 150), 50, 'what waits for us is not late');
});

test('who is silent, or sends less than the pace once the grace is over, is let go', async () => {
  const started = performance.now();
  await assert.rejects(read(sender(1, 10, 0, true)), slow);
  await assert.rejects(read(sender(50, 1, 100)), slow);
  await assert.rejects(read(sender(0, 1, 0, true)), slow);
  assert.ok(performance.now() - started < 2500);
});

test('JSON is taken 64 deep, by its brackets outside of strings; __proto__ is left out; nothing is nothing', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  assert.ok(Array.isArray(parseJson(deep(64))));
  assert.throws(() => parseJson(deep(65)), { code: 'E_FIELD' });
  assert.deepEqual(parseJson(`["${'['.repeat(100)}\\"[[", {"a": [1]}]`), [
    `${'['.repeat(100)}"[[`,
    { a: [1] },
  ]);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.deepEqual(Object.keys(parseJson('{"__proto__":{"polluted":true},"a":1}') as object), ['a']);
  assert.equal(parseJson(' \n'), undefined);
  assert.throws(() => parseJson('{"a":'), { code: 'E_FIELD', detail: /^The body is not JSON: / });
});
