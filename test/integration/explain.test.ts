// Why a URL was fetched, or was not: real crawls, each ending a URL in another way, and what the explanation says of it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { defaultSettings } from '../../src/config/settings.ts';
import { steerCrawl } from '../../src/crawl/steer.ts';
import { ALL_DEAD } from '../../src/dead/filter.ts';
import { purgeMatching } from '../../src/dead/purge.ts';
import { DroverError } from '../../src/errors.ts';
import { type Explanation, explainRequest, explainUrl } from '../../src/explain/explain.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { openRecordIndexes } from '../../src/records/read/record-index.ts';
import { fingerprint } from '../../src/url/fingerprint.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { type SiteOptions, startSite } from '../support/site/site.ts';

const fleets = openFleets();
const QUICK = ['--no-adaptive', '--quiet', '--backoff', '10'];

/** A fleet and a site; `explain` asks with the index of records that an API would keep. */
async function open(t: test.TestContext, options: SiteOptions) {
  const site = await startSite(options);
  t.after(() => site.stop());
  const { runner, fleet, namespace } = await fleets.open();
  const recordsDir = join(runner.dir, 'data', 'records');
  const records = openRecordIndexes({ dir: recordsDir });
  const parts = {
    fleet,
    queue: openQueue(fleet),
    recordsDir,
    records,
    settings: defaultSettings,
  };
  const explain = (url: string, crawl: string | null = null) => explainUrl(parts, url, crawl);
  return { site, runner, namespace, parts, explain, url: site.url };
}

const step = ({ steps }: Explanation, name: string) => steps.find((one) => one.step === name);
const marksOf = ({ steps }: Explanation) => Object.fromEntries(steps.map(({ step, ok }) => [step, ok]));

const pageWith = (...links: string[]) => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: links.map((link) => `<a href="${link}">x</a>`).join(''),
});

/** A crawl `c` in which every way to end has its URL. */
async function openEnded(t: test.TestContext) {
  const robots =
    'User-agent: *\nDisallow: /\n\nUser-agent: Drover\n# the shop\nDisallow: /private\nCrawl-delay: 0\n';
  const links = ['/private/a', '/gone', '/old.pdf', '/a?b=1', '/missing', 'http://elsewhere.test/', '/deep'];
  const opened = await open(t, {
    pages: 1,
    robots,
    behaviours: {
      '/seed': pageWith(...links),
      '/deep': pageWith('/deeper'),
      '/deeper': pageWith('/deepest'),
      '/gone': { status: 500 },
      '/missing': { ...pageWith('/from-missing'), status: 404 },
      '/a*': pageWith(),
      '/p*': pageWith(),
    },
  });
  const how = ['--depth', '2', '--attempts', '2', '--exclude', '*.pdf', ...QUICK];
  const { code, stderr } = await opened.runner.run(['crawl', `${opened.url}/seed`, '--crawl', 'c', ...how]);
  assert.equal(code, 1, stderr);
  return opened;
}

test('an ended crawl: recorded, refused by robots.txt, dead, out of scope, excluded, too deep, never linked; in any spelling', async (t) => {
  const { explain, url, parts, runner } = await openEnded(t);
  const host = url.slice(7);

  const fetched = await explain(`${url}/a?b=1`);
  assert.match(fetched.verdict, /^Fetched at 20.*: 200, record in .*\/records\/c-.*\.jsonl at byte \d+\.$/);
  assert.equal(fetched.crawl, 'c');
  assert.deepEqual([fetched.record?.record.status, fetched.record?.record.body], [200, null]);
  assert.match(step(fetched, 'scope')?.text ?? '', /^accepted at depth 1, as a link of .*\/seed$/);
  assert.match(step(fetched, 'robots')?.text ?? '', /^no rule matches: allowed, group drover; fetched 20/);
  // The place that is named holds the record.
  const { file = '', offset = 0, record } = fetched.record ?? {};
  const line = (await readFile(file, 'utf8')).slice(offset).split('\n', 1)[0] ?? '';
  assert.ok(line.startsWith(`${fetched.fingerprint} `), line.slice(0, 80));
  assert.equal(JSON.parse(line.slice(line.indexOf('{'))).url, record?.url);

  // Another spelling is the same URL, and the text says what was changed.
  const other = await explain(`  ${url.replace('http', 'HTTP')}/x/../%61?b=1#top`);
  assert.deepEqual([other.fingerprint, other.verdict], [fetched.fingerprint, fetched.verdict]);
  assert.match(
    step(other, 'normalize')?.text ?? '',
    /\/a\?b=1 \(white space removed, fragment removed, spelled as browsers spell it\); fingerprint [0-9a-f]{16}$/,
  );

  const missing = await explain(`${url}/missing`);
  assert.match(missing.verdict, /^Fetched at .*: 404 \(E_HTTP_4XX\), record in /);

  const refused = await explain(`${url}/private/a`);
  assert.equal(
    refused.verdict,
    `Not fetched: robots.txt of ${host} forbids it (line 6: Disallow: /private).`,
  );
  const { ok, detail } = step(refused, 'robots') ?? {};
  assert.deepEqual(
    [ok, detail?.line, detail?.group, detail?.rule],
    [false, 6, 'drover', 'Disallow: /private'],
  );

  const dead = await explain(`${url}/gone`);
  assert.match(dead.verdict, /^Dead after 2 attempts: E_HTTP_5XX .*Status 500\. A replay tries it again/);
  assert.deepEqual(
    dead.attempts.map(({ code, status, address }) => [code, status, address]),
    [1, 2].map(() => ['E_HTTP_5XX', 500, '127.0.0.1']),
  );
  assert.deepEqual([dead.letter?.code, dead.letter?.attempts], ['E_HTTP_5XX', 2]);
  assert.equal(dead.record?.record.error?.code, 'E_HTTP_5XX');
  const shown = ['code', 'layer', 'message'];
  assert.deepEqual(Object.keys(dead.record.record.error), shown);
  const byId = await explainRequest(parts, `c.${dead.fingerprint}`);
  for (const field of ['verdict', 'url', 'attempts', 'letter', 'record'] as const)
    assert.deepEqual(byId[field], dead[field]);

  const elsewhere = await explain('http://elsewhere.test/');
  assert.match(
    elsewhere.verdict,
    /^Never offered to any crawl .*: the link of .*\/seed was left out, its host differs from /,
  );
  assert.match(
    (await explain('http://other.test/', 'c')).verdict,
    /^Never offered to crawl c; as a link it would be left out: its host differs .*--scope/,
  );
  const excluded = await explain(`${url}/old.pdf`);
  assert.match(excluded.verdict, /\/seed was left out, it matches --exclude \*\.pdf\.$/);
  assert.match(
    (await explain(`${url}/new.pdf`)).verdict,
    /as a link it would be left out: it matches --exclude \*\.pdf\.$/,
  );
  const deep = await explain(`${url}/deepest`);
  assert.match(
    deep.verdict,
    /the link of .*\/deeper was left out, the page is deeper than --depth allows \(the limit is 2\)\.$/,
  );
  assert.deepEqual(step(deep, 'scope')?.ok, false);
  const found = (step(deep, 'scope')?.detail ?? {}) as { linking?: { refusal: object } };
  assert.deepEqual(Object.keys(found.linking?.refusal ?? {}), shown);
  const scheme = await explain('ftp://x.test/');
  assert.deepEqual(Object.keys(step(scheme, 'normalize')?.detail ?? {}), shown);

  assert.match(
    (await explain(`${url}/from-missing`)).verdict,
    /\/missing links to it, but ended with E_HTTP_4XX, and links of such pages are not followed\.$/,
  );

  const never = await explain(`${url}/nowhere`, 'c');
  assert.equal(
    never.verdict,
    'Never offered to crawl c: it was not a seed, and no fetched page links to it.',
  );
  assert.deepEqual([never.record, never.letter, never.attempts], [null, null, []]);
  const forbidden = await explain(`${url}/private/b`, 'c');
  assert.match(
    forbidden.verdict,
    /^Never offered to crawl c; if it were offered, robots\.txt of .* forbids it \(line 6/,
  );

  // As a person sees it, by a search through the segments instead of the index.
  const { code, stdout } = await runner.run(['explain', `${url}/private/a`]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^Not fetched: robots\.txt of (.*\n)+\n {2}✓ normalize .*\n(.*\n)* {2}✗ robots {4}robots\.txt of /,
  );
  assert.ok(
    stdout.split('\n').every((line) => line.length < 80 || line.endsWith('.jsonl')),
    stdout,
  );
  const json = JSON.parse((await runner.run(['explain', `${url}/a?b=1`, '--json'])).stdout);
  assert.deepEqual(json.record, fetched.record);
});

test('a dead letter that is replayed, or purged', async (t) => {
  const { explain, url, parts, runner } = await openEnded(t);
  const { fleet, queue } = parts;
  assert.equal((await runner.run(['dead', 'replay', 'c'])).code, 0);
  const again = await explain(`${url}/gone`);
  assert.match(again.verdict, /^Waiting: 1st in the lane of /);
  assert.match(step(again, 'record')?.text ?? '', /from before its replay$/);
  const consumer = runner.start(['consume', '--quiet']);
  t.after(() => consumer.kill());
  await until(async () => (await explain(`${url}/gone`)).letter, {
    what: 'its second death',
    deadlineMs: 20_000,
  });
  assert.equal((await purgeMatching(fleet, queue, { ...ALL_DEAD, crawl: 'c' }, null)).purged, 1);
  const purged = await explain(`${url}/gone`);
  assert.match(purged.verdict, /^Dead since 20.*, and its letter was purged: E_HTTP_5XX /);
  assert.equal(purged.record?.record.status, 500);
});

test('what is no URL is explained; a crawl that does not exist is an error', async (t) => {
  const { explain, runner, parts, url } = await open(t, { pages: 1 });
  const bad = await explain('ftp://a.test/');
  assert.match(bad.verdict, /^Not fetched: it begins with "ftp:"/);
  assert.deepEqual([bad.normalized, bad.fingerprint, marksOf(bad)], [null, null, { normalize: false }]);
  assert.match((await explain('http://a.test/')).verdict, /^Never offered: there is no crawl yet\.$/);
  assert.match(
    (await explain('http://10.0.0.1/')).verdict,
    /there is no crawl yet; .*its address is private \(E_SSRF\)\.$/,
  );
  assert.equal((await runner.run(['explain', 'mailto:x'])).code, 0);
  assert.equal((await runner.run(['explain', `${url}/`, '--crawl', 'none'])).code, 2);
  for (const id of ['none.0123456789abcdef', 'x', 'c.x', ''])
    await assert.rejects(explainRequest(parts, id), (error: DroverError) => {
      assert.ok(error instanceof DroverError);
      return error.code === 'E_REQUEST_UNKNOWN';
    });
});

test('a request that waits: its position in its lane, by priority, and why nothing moves', async (t) => {
  const { explain, runner, parts, url } = await open(t, { pages: 40 });
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
  assert.match(
    dropped.verdict,
    /^Not fetched: crawl c was cancelled, and its waiting requests were dropped; it is not known any more whether this was one of them/,
  );
  assert.equal(step(dropped, 'seen')?.ok, null);
});

test('a host that is slow: when its next start may be, and what was cancelled in the queue', async (t) => {
  const { explain, runner, parts, url } = await open(t, { pages: 10 });
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
  assert.match(verdicts[8] ?? '', /its waiting requests were dropped/);
  assert.ok(
    verdicts.every((verdict) => /^(Fetched|Not fetched: crawl c was cancelled)/.test(verdict)),
    verdicts.join('\n'),
  );
});

test('a retry: until when it waits, and the attempt that failed', async (t) => {
  const { explain, runner, url } = await open(t, { pages: 1, behaviours: { '/p/0*': { status: 500 } } });
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
    /^Waiting until 20.*Z: attempt 1 failed \(E_HTTP_5XX\), and it will be tried again\.$/,
  );
  const untilMs = Date.parse(/until (\S+Z)/.exec(retry.verdict)?.[1] ?? '');
  assert.ok(untilMs > Date.now() + 10_000 && untilMs < Date.now() + 180_000, retry.verdict);
  assert.deepEqual(
    retry.attempts.map(({ status }) => status),
    [500],
  );
  assert.equal(step(retry, 'robots')?.text, 'not fetched (--ignore-robots)');
  assert.ok(!JSON.stringify(retry).includes('4711'), 'a token is shown');
});

test('what a limit kept out, and a private address', async (t) => {
  const behaviours = { '/seed': pageWith('/p/1', '/p/2', '/p/3', 'http://10.11.12.13/x') };
  const { explain, runner, url } = await open(t, { pages: 5, behaviours });
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
  const { explain, runner, parts } = await open(t, { pages: 1 });
  const input = Array.from({ length: 11_000 }, (_, page) => `http://far.test/p/${page}\n`).join('');
  const args = ['enqueue', '-', '--crawl', 'c', '--quiet', '--strip-params', 'utm_*'];
  assert.equal((await runner.run(args, { input })).code, 0);
  const near = await explain('http://far.test/p/9999?utm_source=x');
  assert.match(near.verdict, /^Waiting: 10,000th in the lane of far\.test; /);
  assert.match(step(near, 'normalize')?.text ?? '', /9999 \(parameters removed \(--strip-params\)\)/);
  const far = await explain('http://far.test/p/10999');
  assert.match(
    far.verdict,
    /^Waiting in a lane of crawl c, beyond the first 10,000 \(11000 are waiting at far\.test\); /,
  );
  assert.match((await explain('http://far.test/p/11000')).verdict, /^Never offered/);
  const byId = await explainRequest(parts, `c.${far.fingerprint}`);
  assert.match(byId.verdict, /^Waiting in a lane of crawl c, beyond the first 10,000/);
  assert.equal(byId.normalized, null);
});
