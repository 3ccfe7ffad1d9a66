// What an answer that names a time does to its host and to its request, in all the forms in which servers say
// it; from the server's log.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { listOptions, ofHost, openSite, writeList } from '../support/politeness/backoff-sites.ts';
import type { Behaviour, Behaviours } from '../support/site/site.ts';

/** A host each: every way in which an answer that is no success names a second. */
const named: [string, Behaviour][] = [
  ['429', { status: 429, retryAfter: 1 }],
  ['503', { status: 503, retryAfter: 1 }],
  ['500', { status: 500, retryAfter: 1 }],
  ['502', { status: 502, retryAfter: 1 }],
  ['504', { status: 504, retryAfter: 1 }],
  ['403', { status: 403, retryAfter: 1 }],
  ['413', { status: 413, retryAfter: 1 }],
  ['404', { status: 404, retryAfter: 1 }],
  ['301', { status: 301, retryAfter: 1, headers: { location: '/p/3' } }],
  ['403 by quota', { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' } }],
  ...[413, 500, 502, 504].map((status): [string, Behaviour] => [
    `${status} by quota`,
    { status, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' } },
  ]),
  ['503 by quota', { status: 503, headers: { ratelimit: '"a";r=0;t=1' } }],
  [
    '429 by quota with a unit',
    { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000ms' } },
  ],
  [
    '429 by reset-after',
    { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.0' } },
  ],
];

test('an answer that names a time pauses its host for it and comes again in the same attempt, whatever its status', async (t) => {
  const behaviours: Behaviours = Object.fromEntries(
    named.map(([, behaviour], host) => [`//127.0.0.${host + 1}/p/2`, { ...behaviour, failTimes: 1 }]),
  );
  const site = await openSite(t, { hosts: named.length, behaviours });
  const runner = await openCommandRunner();
  const crawl = await runner.run([
    'crawl',
    await writeList(runner, site.urls, 6),
    ...listOptions,
    '--per-host',
    '1',
  ]);
  assert.equal(crawl.code, 0, crawl.stderr);
  const log = await site.log();
  for (const [index, [name]] of named.entries()) {
    const own = ofHost(log, index);
    const told = own.findIndex(({ path, status }) => path === '/p/2' && status !== 200);
    const next = own[told + 1];
    const gapMs = (next?.start ?? 0) - (own[told]?.end ?? 0);
    assert.ok(gapMs >= 990 && gapMs < 5000, `${name}: the next start came after ${gapMs} ms`);
  }
  const records = await runner.results('c');
  assert.equal(records.length, named.length * 6);
  for (const { ok, attempts, url } of records) assert.ok(ok && attempts === 1, url);
  // The redirect was not asked again: it went on from where it led.
  const redirects = log.filter(({ status }) => status === 301);
  assert.equal(redirects.length, 1);
});

test('a page that was served, and a 404 with a spent quota, are recorded, and their host waits', async (t) => {
  const spent = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' };
  const site = await openSite(t, {
    hosts: 3,
    behaviours: {
      '//127.0.0.1/p/2': { headers: spent },
      '//127.0.0.2/p/2': { status: 404, headers: spent },
      '//127.0.0.3/p/2': { retryAfter: 1 },
    },
  });
  const runner = await openCommandRunner();
  await runner.run(['crawl', await writeList(runner, site.urls, 6), ...listOptions, '--per-host', '1']);
  const log = await site.log();
  for (const index of [0, 1, 2]) {
    const own = ofHost(log, index);
    assert.equal(own.length, 6);
    const told = own.findIndex(({ path }) => path === '/p/2');
    const gapMs = (own[told + 1]?.start ?? 0) - (own[told]?.end ?? 0);
    assert.ok(gapMs >= 990, `host ${index}: ${gapMs} ms`);
  }
  const statuses = (await runner.results('c'))
    .filter(({ url }) => url.endsWith('/p/2'))
    .map(({ status }) => status);
  assert.deepEqual(statuses.toSorted(), [200, 200, 404]);
});

test('what a server names again and again ends with --max-postponed, as E_RATE_LIMITED, and every pause with --max-pause', async (t) => {
  const site = await openSite(t, { behaviours: { '/p/0': { status: 403, retryAfter: 3600 } } });
  const runner = await openCommandRunner();
  const crawl = [
    'crawl',
    await writeList(runner, [site.url], 1),
    ...listOptions,
    '--max-pause',
    '1s',
    '--max-postponed',
    '3s',
  ];
  assert.equal((await runner.run(crawl)).code, 1);
  const [record] = await runner.results('c');
  assert.equal(record?.error?.code, 'E_RATE_LIMITED');
  assert.match(record?.error?.message ?? '', /Status 403\. That would take longer than --max-postponed\.$/);
  const log = await site.log();
  assert.ok(log.length >= 2 && log.length <= 4, `${log.length} times`);
  for (const [index, { start }] of log.slice(1).entries())
    assert.ok(start - (log[index]?.end ?? 0) >= 990, 'within a pause');
});

test('a robots.txt that names a time is asked again then, and its pages with it', async (t) => {
  const robots = [
    { status: 429, retryAfter: 1, failTimes: 1 },
    { status: 503, retryAfter: 1, failTimes: 1 },
    { status: 403, retryAfter: 1, failTimes: 1 },
  ];
  const site = await openSite(t, {
    hosts: robots.length,
    robots: 'User-agent: *\nDisallow: /p/1\n',
    behaviours: Object.fromEntries(robots.map((one, host) => [`//127.0.0.${host + 1}/robots.txt`, one])),
  });
  const runner = await openCommandRunner();
  const path = await writeList(runner, site.urls, 3);
  await runner.run(['crawl', path, '--depth', '0', '--quiet', '--crawl', 'c']);
  const log = await site.log();
  for (const index of robots.keys()) {
    const [first, second, ...pages] = ofHost(log, index);
    assert.deepEqual([first?.path, second?.path], ['/robots.txt', '/robots.txt']);
    assert.ok((second?.start ?? 0) - (first?.end ?? 0) >= 990, 'asked again within its pause');
    assert.deepEqual(pages.map(({ path }) => path).toSorted(), ['/p/0', '/p/2']);
  }
});
