// One process of a fleet fetches a robots.txt: real Redis, a real server that counts, real processes of which
// one is killed.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { fleetOf } from '../../src/fleet.ts';
import { createRobots, type RobotsVerdict } from '../../src/robots/robots.ts';
import { fetchRobots, openRobots, rules, says, site } from '../support/fleets/robots.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();

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
    return { kind: 'answer', status: response.status, body: await response.bytes() };
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
    fleets.url,
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
  const slowRedis = new Proxy(fleets.redis, {
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
  const create = openRobots(fleets, '{slow}');
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
    fleet: fleetOf(fleets.redis, '{killed}'),
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
  const create = openRobots(fleets);
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
  let finish = () => {};
  const slow = await site(context, (request, response) => {
    finish = () => says(rules)(request, response);
  });
  const robots = openRobots(fleets)({ times: { waitMs: 100, againMs: 70 }, nowMs: () => 1000 });
  const first = robots.check(`${slow.origin}/`, fetchRobots);
  await until(() => slow.asked.length === 1);
  assert.deepEqual(await robots.check(`${slow.origin}/b`, fetchRobots), { kind: 'later', untilMs: 1070 });
  assert.equal(slow.asked.length, 1);
  finish();
  assert.equal((await first).kind, 'allowed');
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come to pass in 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
