import assert from 'node:assert/strict';
import test from 'node:test';
import { pageRoomOfShard, waitingRoomOfShard } from '../../../../consumers/shards/rooms.ts';
import { createPageRoom } from '../../../../consumers/slot/page-room.ts';
import { createWaitingRoom } from '../../../../consumers/slot/waiting-room.ts';

test('shards share the room of pages, and each counts its own', () => {
  const whole = createPageRoom(2);
  const [first, second] = [pageRoomOfShard(whole, 2), pageRoomOfShard(whole, 2)];
  const grown = { first: 0, second: 0 };
  first.onGrown(() => grown.first++);
  second.onGrown(() => grown.second++);
  for (let page = 0; page < 9; page++) assert.ok(first.enter(10));
  assert.ok(second.enter(10));
  assert.equal(second.enter(10), false, 'ten pages are all that the process holds');
  assert.deepEqual([first.pages(), second.pages(), whole.pages()], [9, 1, 10]);
  assert.deepEqual(grown, { first: 4, second: 0 });
  first.leave(10);
  assert.ok(second.enter(10));
  assert.deepEqual([first.pages(), second.pages(), whole.pages()], [8, 2, 10]);
  assert.equal(grown.second, 1);
});

test('their bytes are counted together', () => {
  const whole = createPageRoom(100);
  const [first, second] = [pageRoomOfShard(whole, 1), pageRoomOfShard(whole, 1)];
  assert.ok(first.enter(60 * 1024 * 1024));
  assert.equal(second.enter(5 * 1024 * 1024), false);
  assert.equal(second.pages(), 0, 'what did not enter does not count');
  first.leave(60 * 1024 * 1024);
  assert.ok(second.enter(5 * 1024 * 1024));
});

test('so is the room of jobs that wait before their fetch', () => {
  const whole = createWaitingRoom(1);
  const [first, second] = [waitingRoomOfShard(whole, 10), waitingRoomOfShard(whole, 10)];
  let grown = 0;
  first.onGrown(() => grown++);
  for (let job = 0; job < 20; job++) assert.ok(first.enter());
  assert.equal(second.enter(), false);
  assert.deepEqual([first.jobs(), second.jobs(), grown], [20, 0, 2]);
  first.leave();
  assert.ok(second.enter());
  assert.deepEqual([first.jobs(), second.jobs(), whole.jobs()], [19, 1, 20]);
});
