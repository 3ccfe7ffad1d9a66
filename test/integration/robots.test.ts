// robots.txt over a fleet: real Redis, a real server that counts, real processes of which one is killed.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import test, { after, before, type TestContext } from 'node:test';
import { failure } from '../../src/errors.ts';
import { fleetOf } from '../../src/fleet.ts';
import { closeRedis, connectRedis, type Redis } from '../../src/redis.ts';
import {
  createRobots,
  type Robots,
  type RobotsFetch,
  type RobotsParts,
  type RobotsVerdict,
} from '../../src/robots/robots.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let redis: Redis;
let prefixes = 0;

before(async () => {
  server = await startTestRedis();
  redis = connectRedis(server, 'script');
});

after(async () => {
  await closeRedis(redis);
  await server.stop();
});

interface Site {
  origin: string;
  /** What was asked for, in order. */
  asked: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

async function site(context: TestContext, answer: Site['answer']): Promise<Site> {
  const listener = createServer((request, response) => {
    found.asked.push(request.url ?? '');
    found.answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  context.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const found: Site = {
    origin: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    asked: [],
    answer,
  };
  return found;
}

const says =
  (text: string, status = 200): Site['answer'] =>
  (_, response) => {
    response.writeHead(status).end(text);
  };

async function fetchRobots(url: string): Promise<RobotsFetch> {
  try {
    const response = await fetch(url);
    return { kind: 'answer', status: response.status, text: await response.text() };
  } catch (error) {
    return { kind: 'unreachable', cause: failure('E_CONNECT_REFUSED', String(error)) };
  }
}

/** Several instances with one prefix are a fleet. */
function openFleet(namespace = `{robots:${prefixes++}}`): (more?: Partial<RobotsParts>) => Robots {
  const fleet = fleetOf(redis, namespace);
  return (more) => createRobots({ fleet, productToken: 'drover', nowMs: Date.now, ...more });
}

const rules = 'User-agent: *\nDisallow: /private\nCrawl-delay: 2\nSitemap: /s.xml\n';

test('a refusal names the rule and its line; the process knows the verdict from then on, without asking', async (context) => {
  const { origin, asked } = await site(context, says(rules));
  const robots = openFleet()();
  assert.equal(robots.peek(`${origin}/a`), null);
  assert.equal(robots.rulesFor(`${origin}/a`), null);
  assert.deepEqual(robots.peek(`${origin}/robots.txt`), { kind: 'allowed' });
  assert.deepEqual(await robots.check(`${origin}/a`, fetchRobots), { kind: 'allowed' });
  const verdict = robots.peek(`${origin}/private/x`);
  assert.ok(verdict?.kind === 'refused');
  assert.equal(verdict.failure.code, 'E_ROBOTS');
  assert.match(verdict.failure.message, /Line 2 of .*\/robots\.txt: Disallow: \/private$/);
  assert.equal(robots.rulesFor(origin)?.crawlDelayMs, 2000);
  assert.deepEqual(robots.rulesFor(origin)?.sitemaps, ['/s.xml']);
  assert.deepEqual(asked, ['/robots.txt']);
});

const oneOfThree = `
  const { createRobots } = await import(process.argv[1]);
  const { connectRedis } = await import(process.argv[2]);
  const { fleetOf } = await import(process.argv[3]);
  const [redisUrl, namespace, origin, lockMs] = process.argv.slice(4);
  const redis = connectRedis({ url: redisUrl }, 'script');
  const times = { lockMs: Number(lockMs), waitMs: 10_000 };
  const robots = createRobots({ fleet: fleetOf(redis, namespace), productToken: 'drover', nowMs: Date.now, times });
  const fetchRobots = async (url) => {
    const response = await fetch(url);
    return { kind: 'answer', status: response.status, text: await response.text() };
  };
  await redis.ping();
  console.log('ready');
  process.stdin.once('data', async () => {
    const urls = Array.from({ length: 20 }, (_, index) => origin + (index % 2 ? '/private/' : '/public/') + index);
    const verdicts = await Promise.all(urls.map((url) => robots.check(url, fetchRobots)));
    console.log(verdicts.map(({ kind }) => kind[0]).join(''));
    redis.disconnect();
    process.stdin.destroy();
  });
`;

interface OneOfThree {
  child: ChildProcess;
  go(): void;
  next(): Promise<string>;
}

async function startProcess(
  context: TestContext,
  namespace: string,
  origin: string,
  lockMs = 15_000,
): Promise<OneOfThree> {
  const modules = ['../../src/robots/robots.ts', '../../src/redis.ts', '../../src/fleet.ts'].map(
    (path) => new URL(path, import.meta.url).href,
  );
  const args = [
    '--input-type=module',
    '-e',
    oneOfThree,
    ...modules,
    server.url,
    namespace,
    origin,
    String(lockMs),
  ];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  if (!child.stdout) throw new Error('no pipe');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  assert.equal(await next(), 'ready');
  return { child, next, go: () => void child.stdin?.write('go\n') };
}

test('three processes that ask at the same time fetch it once', async (context) => {
  const { origin, asked } = await site(context, (_, response) =>
    setTimeout(() => says(rules)(_, response), 200),
  );
  const three = await Promise.all([1, 2, 3].map(() => startProcess(context, '{three}', origin)));
  for (const one of three) one.go();
  const verdicts = await Promise.all(three.map((one) => one.next()));
  assert.deepEqual(verdicts, Array(3).fill('ar'.repeat(10)));
  assert.deepEqual(asked, ['/robots.txt']);
});

test('one that was slow to take the lock, another having fetched meanwhile, does not fetch again', async (context) => {
  const { origin, asked } = await site(context, says(rules));
  const { promise: go, resolve: letGo } = Promise.withResolvers<void>();
  let reads = 0;
  const slowRedis = new Proxy(redis, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'getBuffer') return typeof value === 'function' ? value.bind(target) : value;
      return async (key: string) => {
        const found = await target.getBuffer(key);
        if (reads++ === 0) await go;
        return found;
      };
    },
  });
  const create = openFleet('{slow}');
  const slow = create({ fleet: fleetOf(slowRedis, '{slow}') }).check(`${origin}/private`, fetchRobots);
  await until(() => reads === 1);
  assert.equal((await create().check(`${origin}/private`, fetchRobots)).kind, 'refused');
  letGo();
  assert.equal((await slow).kind, 'refused');
  assert.deepEqual(asked, ['/robots.txt']);
});

test('when the process that fetches it is killed, another fetches it after the lock has ended, and not before', async (context) => {
  const held = await site(context, () => {});
  const holder = await startProcess(context, '{killed}', held.origin, 2000);
  holder.go();
  await until(() => held.asked.length === 1);
  holder.child.kill('SIGKILL');
  await once(holder.child, 'exit');
  held.answer = says(rules);

  const times = { lockMs: 2000, waitMs: 50, pollMs: 10, againMs: 50 };
  const robots = createRobots({
    fleet: fleetOf(redis, '{killed}'),
    productToken: 'drover',
    nowMs: Date.now,
    times,
  });
  const first = await robots.check(`${held.origin}/private`, fetchRobots);
  assert.equal(first.kind, 'later');
  assert.deepEqual(held.asked, ['/robots.txt']);
  let verdict: RobotsVerdict = first;
  while (verdict.kind === 'later') verdict = await robots.check(`${held.origin}/private`, fetchRobots);
  assert.equal(verdict.kind, 'refused');
  assert.equal(held.asked.length, 2);
});

test('a fetch that takes longer than the lock holds is still the only one', async (context) => {
  const slow = await site(context, () => {});
  let finish = () => {};
  slow.answer = (request, response) => {
    finish = () => says(rules)(request, response);
  };
  const create = openFleet();
  const times = { lockMs: 600, waitMs: 50, pollMs: 10 };
  const first = create({ times }).check(`${slow.origin}/`, fetchRobots);
  await until(() => slow.asked.length === 1);
  const deadline = performance.now() + 1500;
  while (performance.now() < deadline) {
    assert.equal((await create({ times }).check(`${slow.origin}/`, fetchRobots)).kind, 'later');
  }
  finish();
  assert.equal((await first).kind, 'allowed');
  assert.equal((await create({ times }).check(`${slow.origin}/private`, fetchRobots)).kind, 'refused');
  assert.equal(slow.asked.length, 1);
});

test('those of one process who wait for the fetch of another request are told to come back, not kept', async (context) => {
  const slow = await site(context, () => {});
  const robots = openFleet()({ times: { waitMs: 100, againMs: 70 }, nowMs: () => 1000 });
  const first = robots.check(`${slow.origin}/`, fetchRobots);
  await until(() => slow.asked.length === 1);
  assert.deepEqual(await robots.check(`${slow.origin}/b`, fetchRobots), { kind: 'later', untilMs: 1070 });
  slow.answer = says(rules);
  assert.equal(slow.asked.length, 1);
  void first;
});

const minute = 60_000;
const day = 24 * 60 * minute;

test('a server that fails refuses all, is asked again after two seconds, and is obeyed when it is well', async (context) => {
  const sick = await site(context, says('', 503));
  let now = 1_000_000_000;
  const create = openFleet();
  const robots = create({ nowMs: () => now });
  const url = `${sick.origin}/public`;
  const verdict = await robots.check(url, fetchRobots);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.failure.code, 'E_ROBOTS_UNREACHABLE');
  assert.match(verdict.failure.message, /status 503/);
  assert.deepEqual(robots.peek(`${sick.origin}/robots.txt`), { kind: 'allowed' });

  sick.answer = says(rules);
  now += 1999;
  assert.equal((await robots.check(url, fetchRobots)).kind, 'refused');
  assert.equal((await create({ nowMs: () => now }).check(url, fetchRobots)).kind, 'refused');
  assert.equal(sick.asked.length, 1);
  now += 1;
  assert.equal((await robots.check(url, fetchRobots)).kind, 'allowed');
  assert.equal((await robots.check(`${sick.origin}/private`, fetchRobots)).kind, 'refused');
  assert.equal(sick.asked.length, 2);
});

test('a host that has been unreachable for thirty days may be crawled, and is still asked', async () => {
  let now = 1_000_000_000;
  let asked = 0;
  const namespace = '{gone}';
  const ask = () =>
    createRobots({ fleet: fleetOf(redis, namespace), productToken: 'drover', nowMs: () => now }).check(
      'http://gone.example/x',
      async () => {
        asked++;
        return { kind: 'unreachable', cause: failure('E_CONNECT_REFUSED') };
      },
    );
  for (const [days, kind] of [
    [0, 'refused'],
    [1, 'refused'],
    [29, 'refused'],
    [30, 'allowed'],
    [31, 'allowed'],
  ] as const) {
    now = 1_000_000_000 + days * day;
    assert.equal((await ask()).kind, kind, `day ${days}`);
  }
  assert.equal(asked, 5);
  assert.ok((await redis.pttl(`${namespace}:robots:http://gone.example`)) > 30 * day);
});

test('rules are kept for the fleet for 24 hours and no longer, in Redis too; so is that there are none', async (context) => {
  const long = rules + '# long\n'.repeat(2000);
  for (const [status, kind] of [
    [200, 'refused'],
    [404, 'allowed'],
  ] as const) {
    const { origin, asked } = await site(context, says(long, status));
    const namespace = `{kept:${status}}`;
    let now = 1_000_000_000;
    const ask = () =>
      createRobots({ fleet: fleetOf(redis, namespace), productToken: 'drover', nowMs: () => now }).check(
        `${origin}/private`,
        fetchRobots,
      );
    assert.equal((await ask()).kind, kind);
    now += day - 1;
    assert.equal((await ask()).kind, kind);
    assert.equal(asked.length, 1);
    const key = `${namespace}:robots:${origin}`;
    assert.ok((await redis.pttl(key)) > day - minute && (await redis.pttl(key)) <= day);
    assert.ok((await redis.strlen(key)) < long.length / 10);
    assert.deepEqual(await redis.keys(`${namespace}*`), [key]); // no lock is left
    now += 1;
    assert.equal((await ask()).kind, kind);
    assert.equal(asked.length, 2);
  }
});

test('a process hears within a minute of rules that another has fetched', async (context) => {
  const { origin, asked } = await site(context, says(rules));
  const namespace = '{news}';
  let now = 1_000_000_000;
  const create = () =>
    createRobots({ fleet: fleetOf(redis, namespace), productToken: 'drover', nowMs: () => now });
  const robots = create();
  assert.equal((await robots.check(`${origin}/private`, fetchRobots)).kind, 'refused');
  now += 1000;
  const newer = await site(context, says('User-agent: *\nDisallow: /public'));
  await redis.del(`${namespace}:robots:${origin}`);
  await create().check(`${origin}/`, () => fetchRobots(`${newer.origin}/robots.txt`));
  now += 59_000 - 1;
  assert.equal(robots.peek(`${origin}/private`)?.kind, 'refused');
  now += 1;
  assert.equal(robots.peek(`${origin}/private`), null);
  assert.equal((await robots.check(`${origin}/private`, fetchRobots)).kind, 'allowed');
  assert.equal(robots.peek(`${origin}/public`)?.kind, 'refused');
  assert.equal(asked.length, 1);
});

test('when the fetch cannot be made now nothing is kept, and the next who asks fetches', async (context) => {
  const { origin, asked } = await site(context, says(rules));
  const create = openFleet();
  const later = { kind: 'later', untilMs: 12_345 } as const;
  assert.deepEqual(await create().check(`${origin}/`, async () => later), later);
  assert.equal((await create().check(`${origin}/private`, fetchRobots)).kind, 'refused');
  assert.equal(asked.length, 1);
});

test('an error of the fetch is that of its own request; others are told to come back, and the next fetches', async (context) => {
  const { origin } = await site(context, says(rules));
  const robots = openFleet()();
  const failing = robots.check(`${origin}/`, async () => {
    throw new Error('stopped');
  });
  const other = robots.check(`${origin}/`, fetchRobots);
  await assert.rejects(failing, /stopped/);
  assert.equal((await other).kind, 'later');
  assert.equal((await robots.check(`${origin}/private`, fetchRobots)).kind, 'refused');
});

test('what Redis holds for an origin but cannot be read is fetched anew', async (context) => {
  const { origin } = await site(context, says(rules));
  await redis.set(`{broken}:robots:${origin}`, '1 rules 1 9999999999999 0 z\nxx');
  const robots = createRobots({ fleet: fleetOf(redis, '{broken}'), productToken: 'drover', nowMs: Date.now });
  assert.equal((await robots.check(`${origin}/private`, fetchRobots)).kind, 'refused');
});

test('origins are apart: scheme and port count; a process keeps the rules of a thousand', async () => {
  const robots = openFleet()();
  const answer = (text: string) => async (): Promise<RobotsFetch> => ({ kind: 'answer', status: 200, text });
  await robots.check('http://h.example/', answer('User-agent: *\nDisallow: /'));
  for (const url of ['https://h.example/', 'http://h.example:8080/', 'http://g.example/']) {
    assert.equal((await robots.check(url, answer(''))).kind, 'allowed');
  }
  assert.equal(robots.peek('http://h.example/')?.kind, 'refused');
  const origins = Array.from({ length: 1000 }, (_, index) => `http://${index}.example/`);
  await Promise.all(origins.map((url) => robots.check(url, answer(''))));
  assert.equal(robots.peek('http://h.example/'), null);
  assert.equal(origins.filter((url) => robots.peek(url) !== null).length, 1000);
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come to pass in 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
