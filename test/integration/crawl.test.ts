import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { assertAddsUp, openCommandRunner, recordsOf } from '../support/crawls.ts';
import { askedAgain, audit, startsDuring, violationsOf } from '../support/politeness/auditor.ts';
import { startSite } from '../support/site/site.ts';

test('a site is crawled: one record for each page, each page fetched once, exit code 0', async (t) => {
  const site = await startSite({ pages: 400 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const out = runner.path('pages.jsonl');
  const { code, stderr } = await runner.run([
    'crawl',
    `${site.url}/`,
    '-o',
    out,
    '--per-host',
    '20',
    '--crawl',
    'c',
  ]);
  assert.equal(code, 0, stderr);
  const records = await recordsOf(out);
  assert.equal(new Set(records.map(({ url }) => url)).size, records.length);
  assert.equal(records.length, 401);
  assert.ok(
    records.every(
      ({ ok, status, body, title, links }) => ok && status === 200 && body && title && links?.length,
    ),
  );
  assert.deepEqual(askedAgain(await site.log()), []);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual(
    [counts.state, counts.accepted, counts.recorded, counts.waiting],
    ['finished', 401, 401, 0],
  );
});

test('no host sees more in flight than --per-host, nor two starts closer than --delay, redirects and retries included', async (t) => {
  const site = await startSite({
    pages: 60,
    latencyMs: 10,
    punctual: true,
    behaviours: {
      '/p/3': { status: 500, failTimes: 2 },
      '/p/4': { status: 302, headers: { location: '/p/5' } },
      '/p/6': { reset: true, failTimes: 1 },
    },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const args = ['crawl', `${site.url}/`, '--quiet', '--backoff', '100'];
  assert.equal((await runner.run([...args, '--per-host', '3', '--crawl', 'a'])).code, 0);
  const crowd = [...audit(await site.log()).values()][0];
  assert.equal(crowd?.mostInFlight, 3);
  await site.clearLog();
  assert.equal(
    (await runner.run([...args, '--per-host', '3', '--delay', '60', '--limit', '25', '--crawl', 'b'])).code,
    0,
  );
  assert.deepEqual(violationsOf(await site.log(), { concurrency: 3, delayMs: 60 }, [], 5), []);
});

test('429 pauses the host, uses up no attempt, and every request is recorded', async (t) => {
  const site = await startSite({
    pages: 30,
    behaviours: { '/p/5': { status: 429, retryAfter: 1, failTimes: 2 } },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const { code, stderr } = await runner.run([
    'crawl',
    `${site.url}/`,
    '--crawl',
    'c',
    '--quiet',
    '--per-host',
    '4',
  ]);
  assert.equal(code, 0, stderr);
  const records = await runner.results('c');
  assert.ok(records.every(({ ok, attempts }) => ok && attempts === 1));
  const log = await site.log();
  const told = log.filter(({ status }) => status === 429);
  assert.equal(told.length, 2);
  const pauses = told.map(({ end }) => ({ fromMs: end + 60, untilMs: end + 1000 }));
  assert.deepEqual(startsDuring(log, pauses), []);
});

test('what fails for ever is a dead letter with its code, its record and its attempts; exit code 1', async (t) => {
  const site = await startSite({
    pages: 20,
    behaviours: {
      '/p/7': { status: 500 },
      '/p/8': { status: 404 },
      '/p/9': { status: 503, failTimes: 1, retryAfter: 0 },
    },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const { code, stderr } = await runner.run([
    'crawl',
    `${site.url}/`,
    '--crawl',
    'c',
    '--attempts',
    '3',
    '--backoff',
    '50',
  ]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /dead list c/);
  const byPath = new Map((await runner.results('c')).map((record) => [new URL(record.url).pathname, record]));
  assert.equal(byPath.size, 21);
  const dead = byPath.get('/p/7');
  assert.deepEqual(
    [dead?.ok, dead?.error?.code, dead?.attempts, dead?.status],
    [false, 'E_HTTP_5XX', 3, 500],
  );
  assert.deepEqual(
    [byPath.get('/p/8')?.ok, byPath.get('/p/8')?.error?.code, byPath.get('/p/8')?.attempts],
    [false, 'E_HTTP_4XX', 1],
  );
  assert.equal(byPath.get('/p/9')?.ok, true);
  const list = await runner.run(['dead', 'list', 'c', '--json']);
  const letters = list.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(letters.length, 1);
  assert.deepEqual(
    [letters[0].code, letters[0].url, letters[0].attempts],
    ['E_HTTP_5XX', `${site.url}/p/7`, 3],
  );
  assertAddsUp(await runner.status('c'));
});

test('robots.txt is fetched once and obeyed; a refusal is a record with its rule', async (t) => {
  const site = await startSite({
    pages: 30,
    robots: 'User-agent: drover\nDisallow: /p/1\n\nUser-agent: *\nDisallow: /\n',
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const { code } = await runner.run(['crawl', `${site.url}/`, '--crawl', 'c', '--quiet']);
  assert.equal(code, 0);
  const log = await site.log();
  assert.equal(log.filter(({ path }) => path === '/robots.txt').length, 1);
  assert.equal(log.filter(({ path }) => path.startsWith('/p/1')).length, 0);
  const refused = (await runner.results('c')).filter(({ error }) => error?.code === 'E_ROBOTS');
  assert.ok(
    refused.length > 0 &&
      refused.every(({ url, status }) => new URL(url).pathname.startsWith('/p/1') && status === null),
  );
  assert.equal((await runner.status('c')).refused, refused.length);
});

test('--depth, --limit, --include and --exclude bound the crawl', async (t) => {
  const site = await startSite({ pages: 500 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const crawl = async (name: string, ...args: string[]) => {
    assert.equal(
      (await runner.run(['crawl', `${site.url}/`, '--crawl', name, '--quiet', '--per-host', '20', ...args]))
        .code,
      0,
    );
    return runner.results(name);
  };
  assert.equal((await crawl('zero', '--depth', '0')).length, 1);
  assert.ok((await crawl('one', '--depth', '1')).every(({ depth }) => depth <= 1));
  assert.equal((await crawl('limit', '--limit', '37')).length, 37);
  const excluded = await crawl('exclude', '--exclude', '/\\/p\\/[0-9]*[13579]$/');
  assert.ok(excluded.length > 1 && excluded.every(({ url }) => !/[13579]$/.test(new URL(url).pathname)));
});

test('a list with rubbish in it: good lines run, each bad one is named with its line number, the exit code tells', async (t) => {
  const site = await startSite({ pages: 5 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const lines = [
    `${site.url}/p/0`,
    '',
    '# a comment',
    'ftp://example.com/file',
    'http://',
    `${site.url}/${'x'.repeat(10_000)}`,
    Buffer.from([0x68, 0xff, 0xfe]),
    `${site.url}/p/1\r`,
    `{"url": "${site.url}/p/2", "label": "two"}`,
    `{"url": "${site.url}/p/3", "lable": "typo"}`,
    `${site.url}/p/0`,
  ];
  const bytes = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
  await writeFile(runner.path('list.txt'), bytes);
  const { code, stderr } = await runner.run([
    'crawl',
    runner.path('list.txt'),
    '--depth',
    '0',
    '--crawl',
    'c',
  ]);
  assert.equal(code, 2, stderr);
  const named = [...stderr.matchAll(/list\.txt, line (\d+): /g)].map((match) => Number(match[1]));
  assert.deepEqual(named, [4, 5, 6, 7, 10]);
  const records = await runner.results('c');
  assert.deepEqual(records.map(({ url }) => new URL(url).pathname).sort(), ['/p/0', '/p/1', '/p/2']);
  assert.equal(records.find(({ label }) => label === 'two')?.url, `${site.url}/p/2`);
});

test('control characters and escape sequences from a server never reach the terminal or the log', async (t) => {
  const hostile = '<title>\x1b]0;owned\x07 \x9b31m</title><a href="/p/1\x1b[2J">x</a>';
  const site = await startSite({
    pages: 3,
    behaviours: {
      '/p/0': {
        body: hostile,
        headers: { 'x-evil': '\x9b31m', 'content-type': 'text/html; charset=latin1' },
      },
      '/p/2': { status: 500, body: '\x1b[31mred' },
    },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const { stderr, stdout } = await runner.run([
    'crawl',
    `${site.url}/`,
    '--crawl',
    'c',
    '--attempts',
    '1',
    '-v',
  ]);
  const list = await runner.run(['dead', 'list']);
  const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
  for (const text of [stderr, stdout, list.stdout, list.stderr]) assert.doesNotMatch(text, control);
});

for (const shards of ['1', '4'])
  test(`50 requests to a server that answers after a second, 50 at a time: all within 1.15 s of the first start, shards: ${shards}`, async (t) => {
    const site = await startSite({ pages: 50, latencyMs: 1000 });
    t.after(() => site.stop());
    const runner = await openCommandRunner({ DROVER_SHARDS: shards });
    await writeFile(
      runner.path('list.txt'),
      Array.from({ length: 50 }, (_, index) => `${site.url}/p/${index}\n`).join(''),
    );
    const { code } = await runner.run([
      'crawl',
      runner.path('list.txt'),
      '--depth',
      '0',
      '-c',
      '50',
      '--per-host',
      '50',
      '--ignore-robots',
      '--quiet',
    ]);
    assert.equal(code, 0);
    const log = await site.log();
    const took = Math.max(...log.map(({ end }) => end)) - Math.min(...log.map(({ start }) => start));
    t.diagnostic(`first start to last end: ${took.toFixed(0)} ms`);
    assert.ok(took <= 1500, `${took} ms`); // the budget of 1,150 ms is measured in bench/, on a machine at rest
  });

test('a dead letter that a replay brings through takes the place of its failed line', async (t) => {
  const site = await startSite({
    pages: 10,
    behaviours: { '/p/7': { status: 500, failTimes: 2 }, '/p/8': { status: 500 } },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const args = ['crawl', `${site.url}/`, '--crawl', 'c', '--attempts', '2', '--backoff', '50', '--quiet'];
  assert.equal((await runner.run(args)).code, 1);
  assert.equal((await runner.status('c')).dead, 2);
  const replay = await runner.run(['dead', 'replay', 'c', '--code', 'E_HTTP_5XX', '--json']);
  assert.equal(JSON.parse(replay.stdout).replayed, 2, replay.stderr);
  const opened = await runner.status('c');
  assertAddsUp(opened);
  assert.deepEqual([opened.state, opened.dead, opened.waiting], ['running', 0, 2]);
  assert.equal((await runner.run(args)).code, 1, 'one of them still fails');
  const records = await runner.results('c');
  assert.equal(records.length, 11);
  const byPath = new Map(records.map((record) => [new URL(record.url).pathname, record]));
  assert.deepEqual(
    [byPath.get('/p/7')?.ok, byPath.get('/p/8')?.ok, byPath.get('/p/8')?.attempts],
    [true, false, 2],
  );
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded, counts.dead], ['finished', 10, 1]);
});
