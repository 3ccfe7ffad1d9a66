// What a process and its fleet know of a robots.txt, how long, and what holds while it cannot be fetched:
// real Redis, and a real server that counts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { failure } from '../../src/errors.ts';
import { fleetOf } from '../../src/fleet.ts';
import { createRobots, type RobotsFetch } from '../../src/robots/robots.ts';
import { fetchRobots, openRobots, rules, says, site } from '../support/fleets/robots.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();

test('a refusal names the rule and its line; the process knows the verdict from then on, without asking', async (context) => {
  const { origin, asked } = await site(context, says(rules));
  const robots = openRobots(fleets)();
  assert.equal(robots.peek(`${origin}/a`), null);
  assert.equal(robots.rulesFor(`${origin}/a`), null);
  assert.deepEqual(robots.peek(`${origin}/robots.txt`), { kind: 'allowed', rules: null });
  const allowed = await robots.check(`${origin}/a`, fetchRobots);
  assert.deepEqual(allowed, { kind: 'allowed', rules: robots.rulesFor(`${origin}/a`) });
  const verdict = robots.peek(`${origin}/private/x`);
  assert.ok(verdict?.kind === 'refused');
  assert.equal(verdict.failure.code, 'E_ROBOTS');
  assert.match(verdict.failure.message, /Line 2 of .*\/robots\.txt: Disallow: \/private$/);
  assert.equal(robots.rulesFor(`${origin}/`)?.crawlDelayMs, 2000);
  assert.deepEqual(robots.rulesFor(`${origin}/`)?.sitemaps, ['/s.xml']);
  assert.deepEqual(asked, ['/robots.txt']);
});

const minute = 60_000;
const day = 24 * 60 * minute;

test('a server that fails refuses all, is asked again after two seconds, and is obeyed when it is well', async (context) => {
  const sick = await site(context, says('', 503));
  let now = 1_000_000_000;
  const create = openRobots(fleets);
  const robots = create({ nowMs: () => now });
  const url = `${sick.origin}/public`;
  const verdict = await robots.check(url, fetchRobots);
  assert.ok(verdict.kind === 'refused');
  assert.equal(verdict.failure.code, 'E_ROBOTS_UNREACHABLE');
  assert.match(verdict.failure.message, /status 503/);
  assert.equal(robots.peek(`${sick.origin}/robots.txt`)?.kind, 'allowed');

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
    createRobots({ fleet: fleetOf(fleets.redis, namespace), productToken: 'drover', nowMs: () => now }).check(
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
  assert.ok((await fleets.redis.pttl(`${namespace}:robots:http://gone.example`)) > 30 * day);
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
      createRobots({
        fleet: fleetOf(fleets.redis, namespace),
        productToken: 'drover',
        nowMs: () => now,
      }).check(`${origin}/private`, fetchRobots);
    assert.equal((await ask()).kind, kind);
    now += day - 1;
    assert.equal((await ask()).kind, kind);
    assert.equal(asked.length, 1);
    const key = `${namespace}:robots:${origin}`;
    assert.ok((await fleets.redis.pttl(key)) > day - minute && (await fleets.redis.pttl(key)) <= day);
    assert.ok((await fleets.redis.strlen(key)) < long.length / 10);
    assert.deepEqual(await fleets.redis.keys(`${namespace}*`), [key]); // no lock is left
    now += 1;
    assert.equal((await ask()).kind, kind);
    assert.equal(asked.length, 2);
  }
});

test('a process hears within a minute of rules that another has fetched', async (context) => {
  const { origin, asked } = await site(context, says(rules));
  const namespace = '{newer}';
  let now = 1_000_000_000;
  const create = () =>
    createRobots({ fleet: fleetOf(fleets.redis, namespace), productToken: 'drover', nowMs: () => now });
  const robots = create();
  assert.equal((await robots.check(`${origin}/private`, fetchRobots)).kind, 'refused');
  now += 1000;
  const newer = await site(context, says('User-agent: *\nDisallow: /public'));
  await fleets.redis.del(`${namespace}:robots:${origin}`);
  await create().check(`${origin}/`, () => fetchRobots(`${newer.origin}/robots.txt`));
  now += 59_000 - 1;
  assert.equal(robots.peek(`${origin}/private`)?.kind, 'refused');
  now += 1;
  assert.equal(robots.peek(`${origin}/private`), null);
  assert.equal((await robots.check(`${origin}/private`, fetchRobots)).kind, 'allowed');
  assert.equal(robots.peek(`${origin}/public`)?.kind, 'refused');
  assert.equal(asked.length, 1);
});

test('a verdict keeps the rules under which it was given, whatever the file says later', async (context) => {
  const { origin } = await site(context, says('User-agent: *\nContent-Usage: train-ai=n'));
  let now = 1_000_000_000;
  const fleet = fleetOf(fleets.redis, '{then}');
  const robots = createRobots({ fleet, productToken: 'drover', nowMs: () => now });
  const verdict = await robots.check(`${origin}/a`, fetchRobots);
  now += 60_000;
  assert.equal(robots.rulesFor(`${origin}/a`), null);
  assert.ok(verdict.kind === 'allowed');
  assert.deepEqual(
    verdict.rules?.usage(`${origin}/a`).map(({ line, says: said }) => [line, said]),
    [[2, { 'train-ai': 'n' }]],
  );
});

test('when the fetch cannot be made now nothing is kept, and the next who asks fetches', async (context) => {
  const { origin, asked } = await site(context, says(rules));
  const create = openRobots(fleets);
  const later = { kind: 'later', untilMs: 12_345 } as const;
  assert.deepEqual(await create().check(`${origin}/`, async () => later), later);
  assert.equal((await create().check(`${origin}/private`, fetchRobots)).kind, 'refused');
  assert.equal(asked.length, 1);
});

test('an error of the fetch is that of its own request; others are told to come back, and the next fetches', async (context) => {
  const { origin } = await site(context, says(rules));
  const robots = openRobots(fleets)();
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
  await fleets.redis.set(`{broken}:robots:${origin}`, '1 rules 1 9999999999999 0 z\nxx');
  const robots = createRobots({
    fleet: fleetOf(fleets.redis, '{broken}'),
    productToken: 'drover',
    nowMs: Date.now,
  });
  assert.equal((await robots.check(`${origin}/private`, fetchRobots)).kind, 'refused');
});

test('origins are apart: scheme and port count; a process keeps the rules of a thousand', async () => {
  const robots = openRobots(fleets)();
  const answer = (text: string) => async (): Promise<RobotsFetch> => ({
    kind: 'answer',
    status: 200,
    body: Buffer.from(text),
  });
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

const lines = (...rules: string[]) => `${['User-agent: *', ...rules].join('\n')}\n`;
const limit = 500 * 1024;
const answers200 = (body: string): RobotsFetch => ({ kind: 'answer', status: 200, body: Buffer.from(body) });
const url = (path: string) => `http://h.example${path}`;

test('rules that cannot be fetched again after 24 hours are no longer used: all is refused for 30 days, then allowed, until there are rules again', async () => {
  let now = 1_000_000_000;
  let found: RobotsFetch = answers200(lines('Disallow: /private'));
  const codes = async (at: number) => {
    now = 1_000_000_000 + at;
    const robots = createRobots({
      fleet: fleetOf(fleets.redis, '{day}'),
      productToken: 'drover',
      nowMs: () => now,
    });
    const verdicts = [
      await robots.check(url('/'), async () => found),
      await robots.check(url('/private'), async () => found),
    ];
    return verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict.failure.code : verdict.kind));
  };
  const none = ['E_ROBOTS_UNREACHABLE', 'E_ROBOTS_UNREACHABLE'];
  assert.deepEqual(await codes(0), ['allowed', 'E_ROBOTS']);
  found = { kind: 'unreachable', cause: failure('E_CONNECT_TIMEOUT') };
  assert.deepEqual(await codes(day - 1), ['allowed', 'E_ROBOTS']);
  assert.deepEqual(await codes(day), none);
  assert.deepEqual(await codes(2 * day), none);
  assert.deepEqual(await codes(31 * day - 1), none);
  assert.deepEqual(await codes(31 * day + 300_000), ['allowed', 'allowed']);
  found = answers200(lines('Disallow: /private'));
  assert.deepEqual(await codes(32 * day), ['allowed', 'E_ROBOTS']);
  found = { kind: 'unreachable', cause: failure('E_CONNECT_TIMEOUT') };
  assert.deepEqual(await codes(33 * day), none, 'the thirty days begin anew');
});

test('hosts with the largest files do not fill the memory of a process: it forgets, and asks Redis again', async () => {
  const robots = createRobots({
    fleet: fleetOf(fleets.redis, '{large}'),
    productToken: 'drover',
    nowMs: () => 1000,
  });
  const rule = 'allow:/\n';
  const large = lines('Disallow: /private') + rule.repeat(limit / rule.length - 10);
  const origins = Array.from({ length: 8 }, (_, index) => `http://${index}.example`);
  for (const origin of origins) await robots.check(`${origin}/`, async () => answers200(large));
  // Each takes 12 MB.
  const known = origins.map((origin) => robots.peek(`${origin}/`) !== null);
  assert.ok(known.at(-1) && known.filter(Boolean).length <= 5, known.join());
  const verdict = await robots.check('http://0.example/private', () => Promise.reject(new Error('fetched')));
  assert.equal(verdict.kind, 'refused');
});
