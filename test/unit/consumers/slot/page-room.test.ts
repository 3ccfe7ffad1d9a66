import assert from 'node:assert/strict';
import test from 'node:test';
import { createPageRoom } from '../../../../consumers/slot/page-room.ts';

const MEBI = 1024 * 1024;

test('pages wait without a permit: five times the concurrency, and 64 MiB of bodies', () => {
  const room = createPageRoom(2);
  for (let page = 0; page < 10; page++) assert.ok(room.enter(10), `page ${page + 1}`);
  assert.equal(room.enter(10), false, 'too many pages');
  assert.equal(room.pages(), 10);
  for (let page = 0; page < 10; page++) room.leave(10);
  assert.ok(room.enter(63 * MEBI));
  assert.equal(room.enter(MEBI + 1), false, 'too many bytes');
  assert.ok(room.enter(MEBI), 'what was turned away holds nothing');
  room.leave(63 * MEBI);
  assert.ok(room.enter(63 * MEBI));
  assert.equal(room.pages(), 2);
});

test('whoever opens workers hears of each half of the concurrency that waits besides', () => {
  const room = createPageRoom(5);
  let grown = 0;
  room.onGrown(() => grown++);
  for (let page = 0; page < 7; page++) room.enter(1);
  assert.equal(grown, 2);
  room.leave(1);
  room.leave(1);
  room.enter(1);
  assert.equal(grown, 3);
});
