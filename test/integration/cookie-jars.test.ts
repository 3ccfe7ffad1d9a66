// Jars of cookies in Redis, shared by processes: each is a handle with connections of its own.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import {
  type CrawlOfJars,
  createCookieJars,
  jarLimits,
  type LoginOfJar,
} from '../../src/cookies/cookie-jars.ts';
import type { HopCookies } from '../../src/fetch/cookies/hop-cookies.ts';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const HOME = 'https://a.shop.test/';

interface Jars {
  cookies: HopCookies;
  crawl: CrawlOfJars & { jars: number };
  /** What it has asked of Redis. */
  asked: string[];
  fleet: Fleet;
}

/** The crawl c, as one process of the fleet sees it. */
function processOf(
  t: TestContext,
  { namespace }: Fleet,
  session = '',
  login: LoginOfJar | null = null,
): Jars {
  const [redis, subscriber] = [1, 2].map(() => connectRedis({ url: fleets.url }, 'script'));
  assert.ok(redis && subscriber);
  t.after(() => [redis, subscriber].forEach(closeRedis));
  const asked: string[] = [];
  const { sendCommand } = redis;
  redis.sendCommand = (command, ...rest) => {
    if (command.name !== 'info') asked.push(command.name);
    return sendCommand.call(redis, command, ...rest);
  };
  const fleet = fleetOf(redis, namespace);
  const crawl = { crawl: 'c', jars: 0 };
  const jars = createCookieJars({ fleet, subscriber, onError: () => undefined });
  return { cookies: jars.of(crawl, session, login), crawl, asked, fleet };
}

async function openCrawl(): Promise<Fleet> {
  const { fleet } = await fleets.open();
  await fleet.redis.hset(fleet.keys.crawl('c'), 'state', 'running');
  return fleet;
}

const sent = async ({ cookies }: Jars, url = HOME) => (await cookies.pairsFor(url)) ?? [];

test('what one process takes, the others send; nobody asks Redis again before the jar has changed', async (t) => {
  const fleet = await openCrawl();
  const [one, two] = [processOf(t, fleet), processOf(t, fleet)];
  assert.equal(one.cookies.pairsFor(HOME), undefined, 'at once, and nothing');
  assert.equal(two.cookies.pairsFor(HOME), undefined);
  assert.deepEqual([...one.asked, ...two.asked], [], 'nothing is asked while no cookie is known');
  await sleep(50); // both listen
  await one.cookies.receive(HOME, ['a=1; Domain=shop.test; Path=/']);
  assert.deepEqual(await sent(one), ['a=1']);
  await until(() => two.cookies.pairsFor(HOME) !== undefined, { what: 'the notice' });
  assert.deepEqual(await sent(two, 'https://b.shop.test/'), ['a=1']);
  two.asked.length = 0;
  for (let i = 0; i < 10; i++) {
    assert.deepEqual(two.cookies.pairsFor(HOME), ['a=1'], 'without a promise');
    assert.equal(two.cookies.pairsFor('https://other.test/'), undefined);
    assert.equal(two.cookies.receive(HOME, []), undefined);
    await two.cookies.receive(HOME, ['a=1; Domain=shop.test; Path=/']);
  }
  assert.deepEqual(two.asked, []);
  await two.cookies.receive(HOME, ['a=; Max-Age=0; Domain=shop.test; Path=/']);
  await until(async () => (await sent(one)).length === 0, { what: 'it is gone there too' });
});

test('what a slow page has set is forgotten once its session is logged out, or logged in anew', async (t) => {
  const fleet = await openCrawl();
  const sessions = fleet.keys.sessions('c');
  await fleet.redis.hset(sessions, 'ann login', 1);
  const slow = processOf(t, fleet, 'ann', { name: 'ann', by: 'login', number: 1 });
  const jar = fleet.keys.jar('c', 'ann@shop.test');
  const set = async (name: string) => {
    await slow.cookies.receive(HOME, [`${name}=1; Path=/`]);
    return (await fleet.redis.hkeys(jar)).length;
  };
  assert.equal(await set('a'), 1);
  await fleet.redis.hset(sessions, 'ann out', 1);
  assert.equal(await set('b'), 1, 'logged out');
  await fleet.redis.hdel(sessions, 'ann out');
  await fleet.redis.hset(sessions, 'ann login', 2);
  assert.equal(await set('c'), 1, 'logged in anew');
  assert.deepEqual(await sent(slow), ['a=1']);
});

test('while a changed jar is read, nobody is given what was in it before', async (t) => {
  const fleet = await openCrawl();
  const [one, two] = [processOf(t, fleet), processOf(t, fleet)];
  await sleep(50); // both listen
  await one.cookies.receive(HOME, ['a=1; Path=/']);
  await until(() => two.cookies.pairsFor(HOME) !== undefined, { what: 'the notice' });
  assert.deepEqual(await sent(two), ['a=1']);
  await one.cookies.receive(HOME, ['a=2; Path=/']);
  let first: ReturnType<HopCookies['pairsFor']>;
  await until(
    () => {
      first = two.cookies.pairsFor(HOME);
      return first instanceof Promise;
    },
    { what: 'the notice of the change' },
  );
  await immediate(); // Redis has been asked, and has not answered
  assert.deepEqual(await Promise.all([first, sent(two)]), [['a=2'], ['a=2']]);
});

test('a process that comes later, or hears nothing, learns of jars from the crawl', async (t) => {
  const fleet = await openCrawl();
  const one = processOf(t, fleet);
  await one.cookies.receive(HOME, ['a=1']);
  const two = processOf(t, fleet);
  two.crawl.jars = Number(await fleet.redis.hget(fleet.keys.crawl('c'), 'jars'));
  assert.deepEqual(await sent(two), ['a=1']);
  assert.deepEqual(await sent(two, 'https://other.test/'), []);
  const reads = two.asked.filter((name) => ['zrangebyscore', 'hgetall'].includes(name));
  assert.deepEqual([...new Set(reads)], ['zrangebyscore', 'hgetall'], 'the list, and one jar');
});

test('sessions have jars of their own', async (t) => {
  const fleet = await openCrawl();
  const [one, two] = [processOf(t, fleet, 's1'), processOf(t, fleet, 's2')];
  await one.cookies.receive(HOME, ['a=1']);
  await two.cookies.receive(HOME, ['a=2']);
  assert.deepEqual([await sent(one), await sent(two)], [['a=1'], ['a=2']]);
});

test('processes that set at once lose nothing of each other', async (t) => {
  const fleet = await openCrawl();
  const processes = [0, 1, 2].map(() => processOf(t, fleet));
  await sleep(50);
  await Promise.all(
    processes.flatMap(({ cookies }, p) =>
      Array.from({ length: 20 }, (_, i) => cookies.receive(HOME, [`p${p}x${i}=1`, 'shared=1'])),
    ),
  );
  for (const each of processes)
    await until(async () => (await sent(each)).length === 61, { what: 'all cookies' });
});

test('a cookie keeps the time of its creation; a full jar forgets the expired, then those out of use', async (t) => {
  const fleet = await openCrawl();
  const one = processOf(t, fleet);
  await one.cookies.receive(HOME, ['brief=1; Path=/; Max-Age=1', 'first=1; Path=/first']);
  const key = fleet.keys.jar('c', 'shop.test');
  const created = async () => (await fleet.redis.hget(key, 'a.shop.test;/first;first'))?.split('\x1f')[0];
  const before = await created();
  const many = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `c${from + i}=1; Path=/c`);
  await sleep(20);
  await one.cookies.receive(HOME, many(0, jarLimits.cookies - 2));
  assert.equal(await fleet.redis.hlen(key), jarLimits.cookies);
  await sleep(1000);
  assert.deepEqual(await sent(one, `${HOME}first`), ['first=1'], 'used: it is the oldest no more');
  await one.cookies.receive(HOME, many(178, 179));
  assert.equal(await fleet.redis.hexists(key, 'a.shop.test;/;brief'), 0, 'expired');
  await one.cookies.receive(HOME, many(179, 184));
  assert.equal(await fleet.redis.hlen(key), jarLimits.cookies);
  assert.equal(await created(), before);
  assert.equal((await sent(one, `${HOME}c`)).length, jarLimits.cookies - 1);
  const bytes = Object.entries(await fleet.redis.hgetall(key)).reduce(
    (sum, [f, v]) => sum + f.length + v.length,
    0,
  );
  assert.equal(Number(await fleet.redis.hget(fleet.keys.crawl('c'), 'jarBytes')), bytes, 'the sum is kept');
});

test('large cookies fill a jar before it has many', async (t) => {
  const fleet = await openCrawl();
  const one = processOf(t, fleet);
  await one.cookies.receive(
    HOME,
    Array.from({ length: 60 }, (_, i) => `c${i}=${'x'.repeat(4000)}`),
  );
  const held = Number(await fleet.redis.hget(fleet.keys.crawl('c'), 'jarBytes'));
  assert.ok(held <= jarLimits.jarBytes && held > jarLimits.jarBytes / 2, String(held));
  assert.ok((await sent(one)).length < 30);
});

test('a crawl that is full keeps no new jar, one that is cancelled or gone none at all', async (t) => {
  const fleet = await openCrawl();
  const one = processOf(t, fleet);
  await fleet.redis.hset(fleet.keys.crawl('c'), 'jarBytes', jarLimits.bytes);
  await one.cookies.receive(HOME, ['a=1']);
  assert.deepEqual(await sent(one), ['a=1'], 'a chain of redirects in this process has it still');
  await fleet.redis.hset(fleet.keys.crawl('c'), 'state', 'cancelled', 'jarBytes', 0);
  await one.cookies.receive('https://b.test/', ['a=1']);
  await fleet.redis.del(fleet.keys.crawl('c'));
  await one.cookies.receive('https://c.test/', ['a=1']);
  assert.deepEqual(await fleet.redis.keys(`${fleet.namespace}:*`), []);
});
