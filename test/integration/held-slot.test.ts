// The slot and the permit of one job: held once, given back once, whatever comes between. With real slots in
// a real Redis.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { HeldSlot } from '../../consumers/slot/held-slot.ts';
import { createPageRoom } from '../../consumers/slot/page-room.ts';
import { createPermits } from '../../consumers/slot/permits.ts';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl } from '../../src/crawl/crawl.ts';
import { askGate } from '../../src/frontier/ask-gate.ts';
import { createSlots } from '../../src/politeness/slot.ts';
import { connectRedis } from '../../src/redis.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const KEY = 'a.example';
const start = { key: KEY, url: `http://${KEY}/`, claims: false, withPermit: true };

/**
 * One consumer's slots of a crawl with so many for each host; each slot that goes back to the fleet is noted
 * by its key.
 */
async function consumer(t: TestContext, perHost = 4) {
  const { fleet } = await fleets.open();
  const settings = crawlSettings({ ...defaultSettings, perHost, adaptive: false });
  const { id: crawl } = await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  const subscriber = connectRedis({ url: fleets.url }, 'script');
  const released: string[] = [];
  const slots = createSlots({
    fleet,
    askGate: (question, patienceMs) => askGate(fleet, question, patienceMs),
    subscriber,
    consumer: 'me',
    capacity: 4,
    shareOf: () => 4,
    release: ({ key }) => released.push(key),
    onError: () => undefined, // of what is under way when the test closes its connections
  });
  t.after(async () => {
    await slots.stop();
    subscriber.disconnect();
  });
  const [permits, pageRoom] = [createPermits(2), createPageRoom(2)];
  const source = { fleet, slots, permits, pageRoom, fetcher: { addressOf: async () => null } };
  const open = (key = KEY) => {
    const abort = new AbortController();
    const owner = { jobId: `${crawl}.1`, crawl, id: '', serverBy: 'domain' as const, abort };
    return new HeldSlot(source, owner, key);
  };
  const held = () => [slots.counts().held, permits.inUse()];
  return { slots, permits, pageRoom, released, open, held };
}

test('what is asked for is held, and given back once however often it is released', async (t) => {
  const { open, held, released } = await consumer(t);
  const slot = open();
  assert.deepEqual([slot.isHeld, slot.mayStart, held()], [false, false, [0, 0]]);
  assert.equal((await slot.ask(start)).kind, 'go');
  assert.deepEqual([slot.isHeld, slot.mayStart, held()], [true, true, [1, 1]]);
  for (let times = 0; times < 3; times++) slot.release();
  assert.deepEqual([slot.isHeld, slot.mayStart, held()], [false, false, [0, 0]]);
  assert.deepEqual(released, [KEY]);
});

test('asking again takes no second slot and no second permit, asking for another key gives the first one back', async (t) => {
  const { open, held, released } = await consumer(t);
  const slot = open();
  await slot.ask(start);
  await slot.ask(start);
  assert.deepEqual(held(), [1, 1]);
  await slot.ask({ ...start, key: 'b.example', withPermit: false });
  assert.deepEqual([slot.key, held(), released], ['b.example', [1, 1], [KEY]]);
  slot.release();
  assert.deepEqual(
    [held(), released],
    [
      [0, 0],
      [KEY, 'b.example'],
    ],
  );
});

test('a slot that is passed on goes to who waits for one of its key, the permit stays until it is given', async (t) => {
  const { open, held, released, slots } = await consumer(t, 1);
  const [first, second] = [open(), open()];
  await first.ask(start);
  const asked = second.ask({ ...start, patienceMs: 10_000 });
  await until(() => slots.counts().awaited === 1, { what: 'the second to wait' });
  first.pass();
  assert.equal((await asked).kind, 'go');
  assert.deepEqual([held(), released], [[1, 2], []]);
  first.release();
  second.release();
  assert.deepEqual([held(), released], [[0, 0], [KEY]]);
});

test('an answer that comes after the end of the job leaves nothing held', async (t) => {
  const { open, held, released, permits } = await consumer(t);
  const slot = open();
  const asked = slot.ask(start);
  slot.release();
  await asked;
  assert.deepEqual([slot.isHeld, held(), released], [false, [0, 0], [KEY]]);
  const [one, two, third] = [open(), open(), open()];
  assert.deepEqual(await Promise.all([one.takePermit(100), two.takePermit(100)]), [true, true]);
  const late = third.takePermit(10_000);
  third.release();
  one.release();
  assert.equal(await late, false);
  two.release();
  assert.equal(permits.inUse(), 0);
});

test('a further slot of the job is its own to give back; one that came along is held under the name of the job', async (t) => {
  const { open, held, released } = await consumer(t);
  const slot = open();
  slot.adopt('');
  const other = slot.another('b.example');
  assert.equal((await other.ask({ ...start, key: 'b.example', withPermit: false })).kind, 'go');
  assert.deepEqual(held(), [2, 0]);
  other.release();
  assert.deepEqual([slot.isHeld, released], [true, ['b.example']]);
  slot.release();
  assert.deepEqual(
    [held(), released],
    [
      [0, 0],
      ['b.example', KEY],
    ],
  );
});

test('a page that waits gives its permit while there is room, and leaves the room when its job ends', async (t) => {
  const { open, held, pageRoom } = await consumer(t);
  const [one, two] = [open(), open()];
  for (const slot of [one, two]) {
    assert.equal((await slot.ask(start)).kind, 'go');
    slot.pass();
  }
  for (let page = 0; page < 9; page++) assert.ok(pageRoom.enter(0));
  for (let times = 0; times < 2; times++) one.waitAsPage(10);
  two.waitAsPage(10);
  assert.deepEqual([one.hasPermit, two.hasPermit, held()], [false, true, [0, 1]]);
  one.release();
  assert.equal(pageRoom.pages(), 9);
  two.waitAsPage(10);
  assert.deepEqual([two.hasPermit, pageRoom.pages(), held()], [false, 10, [0, 0]]);
  for (let times = 0; times < 2; times++) two.release();
  two.waitAsPage(10);
  assert.deepEqual([pageRoom.pages(), held()], [9, [0, 0]]);
});
