// Why a request waits: in its lane, for its host, for its next attempt; and what a limit kept out.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { steerCrawl } from '../../src/crawl/steer.ts';
import { explainRequest } from '../../src/explain/explain.ts';
import { fingerprint } from '../../src/url/fingerprint.ts';
import { openExplaining, pageWith, QUICK, step } from '../support/fleets/explaining.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();

test('a request that waits: its position in its lane, by priority, and why nothing moves', async (t) => {
  const { explain, runner, parts, url } = await openExplaining(fleets, t, { pages: 40 });
  const host = url.slice(7);
  const secret = 'Bearer abcdefgh12345678';
  const requests = [
    ...Array.from({ length: 20 }, (_, page) => ({ url: `${url}/p/${page}` })),
    { url: `${url}/form`, method: 'POST', body: 'a=1', headers: { authorization: secret } },
    { url: `${url}/urgent`, priority: 5 },
    { url: `${url}/keyed`, limiter: { key: 'tenant-7' } },
  ];
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('');
  assert.equal((await runner.run(['enqueue', '-', '--crawl', 'c', '--quiet'], { input })).code, 0);

  const waiting = await explain(`${url}/p/16`);
  assert.equal(
    waiting.verdict,
    `Waiting: 18th in the lane of ${host}; no consumer is running (drover consume).`,
  );
  assert.equal(step(waiting, 'place')?.text, `18th of 22 in the lane of ${host}`);
  assert.match((await explain(`${url}/urgent`)).verdict, /^Waiting: 1st in the lane of /);
  const keyed = await explain(`${url}/keyed`);
  assert.match(keyed.verdict, /^Waiting: 1st in the lane of tenant-7; /);
  assert.equal(keyed.hostState?.key, 'tenant-7');

  // Another method and a body make another request, which its id names.
  assert.match((await explain(`${url}/form`)).verdict, /^Never offered to any crawl /);
  const id = fingerprint({ url: `${url}/form`, method: 'POST', body: 'a=1' });
  const form = await explainRequest(parts, `c.${id}`);
  assert.match(form.verdict, /^Waiting: 22nd in the lane of /);
  assert.deepEqual([form.url, form.fingerprint], [`${url}/form`, id]);
  assert.ok(!JSON.stringify(form).includes(secret.slice(7)));

  await steerCrawl(parts.fleet, 'c', 'pause');
  assert.match(
    (await explain(`${url}/p/0`)).verdict,
    /^Waiting: 2nd in the lane of .*; crawl c is paused \(drover resume c\)\.$/,
  );
  await steerCrawl(parts.fleet, 'c', 'cancel');
  const dropped = await explain(`${url}/p/16`, 'c');
  assert.match(dropped.verdict, /^Not fetched: crawl c was cancelled, and what it had waiting was dropped/);
  assert.equal(step(dropped, 'seen')?.ok, null);
});

test('a host that is slow: when its next start may be, and what was cancelled in the queue', async (t) => {
  const { explain, runner, parts, url } = await openExplaining(fleets, t, { pages: 10 });
  await writeFile(runner.path('list'), Array.from({ length: 9 }, (_, page) => `${url}/p/${page}\n`).join(''));
  const crawl = runner.start([
    'crawl',
    runner.path('list'),
    '--crawl',
    'c',
    '--depth',
    '0',
    '--delay',
    '30s',
    ...QUICK,
  ]);
  t.after(() => crawl.kill('SIGKILL'));
  const last = await until(
    async () => {
      const explanation = await explain(`${url}/p/8`);
      return /next start may be in [\d.]+ s\.$/.test(explanation.verdict) && explanation;
    },
    { what: 'the first fetch', deadlineMs: 20_000 },
  );
  assert.match(last.verdict, /^Waiting: \d(st|nd|rd|th) in the lane of /);
  assert.equal(last.hostState?.delayMs, 30_000);
  await steerCrawl(parts.fleet, 'c', 'cancel');
  // What was open when the crawl was cancelled ends with a record; what was in its lane does not.
  assert.equal((await crawl.exit).code, 1);
  const verdicts = await Promise.all(
    Array.from({ length: 9 }, async (_, page) => (await explain(`${url}/p/${page}`, 'c')).verdict),
  );
  assert.match(verdicts[8] ?? '', /what it had waiting was dropped/);
  assert.ok(
    verdicts.every((verdict) => /^(Fetched|Not fetched: crawl c was cancelled)/.test(verdict)),
    verdicts.join('\n'),
  );
});

test('a retry: until when it waits, and the attempt that failed', async (t) => {
  const { explain, runner, url } = await openExplaining(fleets, t, {
    pages: 1,
    behaviours: { '/p/0*': { status: 500 } },
  });
  const seed = `${url}/p/0?access_token=hidden-4711`;
  const how = ['--crawl', 'c', '--depth', '0', '--quiet', '--backoff', '60000', '--ignore-robots'];
  const crawl = runner.start(['crawl', seed, ...how]);
  t.after(() => crawl.kill('SIGKILL'));
  const retry = await until(
    async () => {
      const explanation = await explain(seed);
      return explanation.verdict.startsWith('Waiting until') && explanation;
    },
    { what: 'the retry', deadlineMs: 20_000 },
  );
  assert.match(
    retry.verdict,
    /^Waiting until 20.*Z: attempt 1 failed \(E_HTTP_5XX\), and it is tried again\.$/,
  );
  const untilMs = Date.parse(/until (\S+Z)/.exec(retry.verdict)?.[1] ?? '');
  assert.ok(untilMs > Date.now() + 10_000 && untilMs < Date.now() + 180_000, retry.verdict);
  assert.deepEqual(
    retry.attempts.map(({ status }) => status),
    [500],
  );
  assert.equal(step(retry, 'robots')?.text, 'not asked (--ignore-robots)');
  assert.ok(!JSON.stringify(retry).includes('4711'), 'a token is shown');
});

test('what a limit kept out, and a private address', async (t) => {
  const behaviours = { '/seed': pageWith('/p/1', '/p/2', '/p/3', 'http://10.11.12.13/x') };
  const { explain, runner, url } = await openExplaining(fleets, t, { pages: 5, behaviours });
  const how = ['--limit', '2', '--scope', 'any', '--depth', '1', ...QUICK];
  const { code, stderr } = await runner.run(['crawl', `${url}/seed`, '--crawl', 'c', ...how]);
  assert.equal(code, 0, stderr);
  assert.match(
    (await explain(`${url}/p/3`)).verdict,
    /: the crawl has accepted as many requests as --limit allows \(the limit is 2\) \(E_LIMIT\)\.$/,
  );
  const inside = await explain('http://10.11.12.13/x');
  assert.equal(step(inside, 'guard')?.ok, false);
  assert.match(step(inside, 'guard')?.text ?? '', /^a private address: refused/);
  assert.deepEqual(step(await explain(`${url}/seed`), 'guard')?.text, 'a loopback address; a seed named it');
});

test('a lane is looked through to a bound, and each of very many URLs is known', async (t) => {
  const { explain, runner, parts } = await openExplaining(fleets, t, { pages: 1 });
  const input = Array.from({ length: 11_000 }, (_, page) => `http://far.test/p/${page}\n`).join('');
  const args = ['enqueue', '-', '--crawl', 'c', '--quiet', '--strip-params', 'utm_*'];
  assert.equal((await runner.run(args, { input })).code, 0);
  const near = await explain('http://far.test/p/9999?utm_source=x');
  assert.match(near.verdict, /^Waiting: 10,000th in the lane of far\.test; /);
  assert.match(step(near, 'normalize')?.text ?? '', /9999 \(parameters removed \(--strip-params\)\)/);
  const far = await explain('http://far.test/p/10999');
  assert.match(
    far.verdict,
    /^Waiting in a lane of crawl c, beyond the first 10,000 \(11000 wait at far\.test\); /,
  );
  assert.match((await explain('http://far.test/p/11000')).verdict, /^Never offered/);
  const byId = await explainRequest(parts, `c.${far.fingerprint}`);
  assert.match(byId.verdict, /^Waiting in a lane of crawl c, beyond the first 10,000/);
  assert.equal(byId.normalized, null);
});
