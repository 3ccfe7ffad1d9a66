// --per-proxy over the whole fleet: never more in flight at a proxy, whoever dies; no consumer starves; what
// a dead one held comes back; while Redis is away, a place is given up before another can have it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fleetOf } from '../../src/fleet.ts';
import { createKeyEvents } from '../../src/politeness/key-events.ts';
import { FleetProxyRoom } from '../../src/politeness/proxy-room.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { answered, fetcherFor, requestTo } from '../support/fetching.ts';
import { openFleets } from '../support/fleets.ts';
import { startOwnProxy } from '../support/proxies/own-proxy.ts';
import { proxiesFor } from '../support/proxies/proxied.ts';
import { failed } from '../support/proxies/servers.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { type LogEntry, startSite } from '../support/site/site.ts';

const fleets = openFleets();
const MOST = 3;
const PAGES = 120;
const LEASE_MS = 2500;

test('three consumers, one of them killed: never more in flight at the proxy, all pages come, and those of handlers too', async (t) => {
  const site = await startSite({
    ...{ pages: PAGES, latencyMs: 30, bytes: 2000, hosts: 2, robots: 'User-agent: *\nDisallow: /x\n' },
    behaviours: { '/p/119': { status: 302, headers: { location: '/p/2' } } },
  });
  t.after(() => site.stop());
  const proxy = await startOwnProxy(t, { login: 'u:p@ss' });
  const { runner, fleet, namespace } = await fleets.open({
    NO_PROXY: '',
    no_proxy: '',
    DROVER_LOCK_DURATION: '2s',
  });
  const handler = (name: string, blocking: boolean) =>
    `export default {
      name: '${name}', match: { url: '*/p/*${blocking ? 3 : 4}' }, blocking: ${blocking},
      async run({ request, fetch }) { await fetch(request.url.replace('/p/', '/from-${name}/')); },
    };\n`;
  await writeFile(runner.path('loop.ts'), handler('loop', false));
  await writeFile(runner.path('thread.ts'), handler('thread', true));
  const pages = site.urls.flatMap((url) => Array.from({ length: PAGES }, (_, page) => `${url}/p/${page}`));
  await writeFile(runner.path('list.txt'), pages.join('\n'));
  const limits = ['--depth', '0', '--per-host', '10', '--allow-private', '127.0.0.0/8', '--backoff', '100'];
  const enqueued = await runner.run(['enqueue', runner.path('list.txt'), '--crawl', 'c', ...limits]);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  const [victim, ...others] = [0, 1, 2].map(() =>
    runner.start([
      ...['consume', '--quiet', '-c', '12', '--processes', '1'],
      ...['--proxy', proxy.url, '--proxy-dns', '--per-proxy', String(MOST)],
      ...['--handler', runner.path('loop.ts'), '--handler', runner.path('thread.ts')],
    ]),
  );
  assert.ok(victim);
  const { proxyHolders } = fleet.keys;
  const name = `http://127.0.0.1:${proxy.port}`;
  const holders = () => fleet.redis.zrange(proxyHolders(name), 0, '-1');
  const ofVictim = `-${victim.child.pid}-`;
  await until(async () => (await site.ended()) > PAGES, { what: 'half of the pages', deadlineMs: 30_000 });
  await until(async () => (await holders()).some((holder) => holder.includes(ofVictim)) && victim, {
    ...{ what: 'a place of the one that is to die', everyMs: 5 },
  });
  const gone = once(victim.child, 'exit');
  victim.kill('SIGKILL');
  await gone;
  await until(async () => (await runner.status('c')).state === 'finished', {
    ...{ what: 'the crawl to end', deadlineMs: 40_000, everyMs: 300 },
  });
  for (const consumer of others) consumer.kill('SIGTERM');
  for (const consumer of others) assert.equal((await consumer.exit).code, 0, consumer.stderr());

  const log = await site.log();
  assert.equal(mostAtOnce(log), MOST, 'the limit holds, and is used');
  const records = await runner.results('c');
  assert.equal(records.length, pages.length);
  assert.ok(records.every(({ ok, proxy: used }) => ok && used === name));
  assertAddsUp(await runner.status('c'));
  for (const path of ['/robots.txt', '/p/2', '/from-loop/4', '/from-thread/3'])
    assert.ok(
      log.some((entry) => entry.path === path),
      path,
    );
  assert.equal(proxy.asked.length, log.length, 'nothing went around the proxy');
  const left = await fleet.redis.keys(`${namespace}:proxy:*`);
  assert.deepEqual(left, [], 'stopped consumers leave nothing');
});

/** How many requests of the log were there at one time, at the most. */
function mostAtOnce(log: readonly LogEntry[]): number {
  const steps = log.flatMap(({ start, end }) => [
    [start, 1],
    [end, -1],
  ]) as [number, number][];
  let [now, most] = [0, 0];
  for (const [, step] of steps.sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}

test('without --per-proxy nothing of it is asked of Redis', async (t) => {
  const site = await startSite({ pages: 5 });
  t.after(() => site.stop());
  const proxy = await startOwnProxy(t);
  const { runner } = await fleets.open({ NO_PROXY: '', no_proxy: '' });
  const watched: string[] = [];
  const monitor = await fleets.redis.monitor();
  t.after(() => monitor.disconnect());
  monitor.on('monitor', (_time: string, args: string[]) => void watched.push(args.join(' ')));
  const { code, stderr } = await runner.run(['crawl', `${site.url}/`, '--quiet', '--proxy', proxy.url]);
  assert.equal(code, 0, stderr);
  assert.ok(watched.length > 20);
  assert.deepEqual(
    watched.filter((line) => line.includes(':proxy:')),
    [],
  );
});

function roomOf(t: TestContext, url: string, namespace: string, consumer: string, most: number) {
  const [redis, subscriber] = [connectRedis({ url }, 'script'), connectRedis({ url }, 'script')];
  const onError = () => undefined;
  const keyEvents = createKeyEvents({ subscriber, namespace, onFree: () => undefined, onError });
  const room = new FleetProxyRoom({ fleet: fleetOf(redis, namespace), consumer, most, keyEvents, onError });
  t.after(async () => {
    for (const connection of [redis, subscriber]) closeRedis(connection);
    await room.stop();
  });
  const enter = async (...names: string[]) => {
    const place = await room.take(() => names);
    assert.ok(place);
    return place;
  };
  return { room, enter, redis };
}

test('of two consumers, the one with many fetches does not starve the one with a few', async (t) => {
  const { namespace } = await fleets.open();
  const [many, few] = ['many', 'few'].map((name) => roomOf(t, fleets.url, namespace, name, 1));
  assert.ok(many && few);
  let isOver = false;
  const taken = { many: 0, few: 0 };
  const fetchBy = async ({ enter }: typeof many, name: 'many' | 'few') => {
    const place = await enter('p');
    taken[name]++;
    await sleep(2);
    place.give();
  };
  const all = Array.from({ length: 10 }, async () => {
    while (!isOver) await fetchBy(many, 'many');
  });
  const waits: number[] = [];
  for (let fetch = 0; fetch < 8; fetch++) {
    const began = performance.now();
    await fetchBy(few, 'few');
    waits.push(performance.now() - began);
  }
  isOver = true;
  await Promise.all(all);
  // It is passed on within a process for 250 ms.
  assert.ok(Math.max(...waits) < 1000, `${waits} ms`);
  assert.ok(taken.many > 8 * 10, `${taken.many}: who has many goes on meanwhile`);
});

test('a proxy that is full is passed over for one that is not, and the wait ends when none is left to choose', async (t) => {
  const { namespace } = await fleets.open();
  const [one, other] = ['one', 'other'].map((name) => roomOf(t, fleets.url, namespace, name, 1));
  assert.ok(one && other);
  const first = await one.enter('a', 'b');
  const second = await other.enter('a', 'b');
  assert.deepEqual([first.name, second.name], ['a', 'b']);
  let names = ['a', 'b'];
  const waiting = other.room.take(() => names);
  names = [];
  assert.equal(await waiting, null);
});

test('what a dead consumer held is free when its lease ends, not before, and what a living one holds stays', async (t) => {
  const { namespace } = await fleets.open();
  const [dead, alive] = ['dead', 'alive'].map((name) => roomOf(t, fleets.url, namespace, name, 2));
  assert.ok(dead && alive);
  const kept = await alive.enter('p');
  const since = performance.now();
  await dead.enter('p');
  closeRedis(dead.redis);
  const place = await alive.enter('p');
  const waitedMs = performance.now() - since;
  assert.ok(waitedMs > LEASE_MS - 20 && waitedMs < LEASE_MS + 1500, `${waitedMs} ms`);
  assert.equal(kept.lapsed.aborted, false);
  place.give();
});

test("while Redis is away, a fetch is cut off before its place can be another's, its proxy is not blamed, and nobody gets a place; then it goes on", async (t) => {
  const site = await startSite({ pages: 2, behaviours: { '/p/1': { delayMs: 20_000 } } });
  t.after(() => site.stop());
  const proxy = await startOwnProxy(t);
  const redis = await startTestRedis();
  t.after(() => redis.stop());
  const proxies = proxiesFor({ proxy: [proxy.url], perProxy: 1 });
  proxies.shareRoom(roomOf(t, redis.url, '{t:0}', 'one', 1).room);
  const fetcher = fetcherFor(t, { proxies });
  answered(await fetcher.fetch(requestTo(`${site.url}/p/0`)));
  const cut = fetcher.fetch(requestTo(`${site.url}/p/1`));
  await until(async () => proxies.standings()[0]?.inFlight === 1, { what: 'the place', everyMs: 5 });
  const since = performance.now();
  redis.kill();
  let isNextThere = false;
  const next = fetcher.fetch(requestTo(`${site.url}/p/0`)).finally(() => {
    isNextThere = true;
  });
  const { failure } = failed(await cut);
  const cutMs = performance.now() - since;
  assert.equal(failure.code, 'E_PROXY_CONNECT');
  assert.match(failure.message, /Redis was away/);
  assert.ok(cutMs > 1000 && cutMs < LEASE_MS + 100, `${cutMs} ms`);
  assert.equal(isNextThere, false);
  await redis.restart();
  answered(await next);
  const [standing] = proxies.standings();
  assert.deepEqual([standing?.worked, standing?.failed, standing?.leftOutMs], [2, 0, 0]);
});
