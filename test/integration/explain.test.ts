// Why a URL was fetched, or was not: a real crawl that ends each URL in another way, and what the explanation
// says.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { ALL_DEAD } from '../../src/dead/filter.ts';
import { purgeMatching } from '../../src/dead/purge.ts';
import { deadShards } from '../../src/dead/shards/letters.ts';
import { DroverError } from '../../src/errors.ts';
import { explainRequest } from '../../src/explain/explain.ts';
import { marksOf, openExplaining, pageWith, QUICK, step } from '../support/fleets/explaining.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();

/** A crawl `c` in which every way to end has its URL. */
async function openEnded(t: test.TestContext) {
  const robots =
    'User-agent: *\nDisallow: /\n\nUser-agent: Drover\n# the shop\nDisallow: /private\nCrawl-delay: 0\n';
  const links = ['/private/a', '/gone', '/old.pdf', '/a?b=1', '/missing', 'http://elsewhere.test/', '/deep'];
  const opened = await openExplaining(fleets, t, {
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
  const line = (await readFile(file, 'utf8')).slice(offset ?? 0).split('\n', 1)[0] ?? '';
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
    'Never offered to crawl c: it was not a seed, and no fetched page links to it by what is followed: <a href>, <area href>, <frame src>, <iframe src>, <link rel=next>, <link rel=prev>, <link rel=canonical>, <link rel=alternate hreflang>, <meta http-equiv=refresh>, the headers Link and Refresh, sitemaps; not images, scripts and style sheets.',
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
  const { fleet, queues } = parts;
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
  assert.equal((await purgeMatching(deadShards(fleet, queues), { ...ALL_DEAD, crawl: 'c' }, null)).purged, 1);
  const purged = await explain(`${url}/gone`);
  assert.match(purged.verdict, /^Dead since 20.*, and its letter was purged: E_HTTP_5XX /);
  assert.equal(purged.record?.record.status, 500);
});

test('a URL that is never fetched is explained; a text that is no URL and a crawl that does not exist are errors', async (t) => {
  const { explain, runner, parts, url } = await openExplaining(fleets, t, { pages: 1 });
  const bad = await explain('ftp://a.test/');
  assert.match(bad.verdict, /^Not fetched: it begins with "ftp:"/);
  assert.deepEqual([bad.normalized, bad.fingerprint, marksOf(bad)], [null, null, { normalize: false }]);
  assert.match((await explain('http://a.test/')).verdict, /^Never offered: there is no crawl yet\.$/);
  assert.match(
    (await explain('http://10.0.0.1/')).verdict,
    /there is no crawl yet; .*its address is private \(E_SSRF\)\.$/,
  );
  // A URL of another scheme has an explanation, which is an answer; what is no URL has none.
  for (const other of ['mailto:x', 'ftp://x/']) {
    const { code, stdout } = await runner.run(['explain', other]);
    assert.equal(code, 0);
    assert.match(stdout, /^Not fetched: it begins with "(mailto|ftp):"/);
  }
  for (const none of ['nourl', 'urls.txt', 'http://', '']) {
    const { code, stdout, stderr } = await runner.run(['explain', none]);
    assert.deepEqual([code, stdout], [2, ''], none);
    assert.match(stderr, /" is no URL; one begins with https:\/\/ or http:\/\/\./);
  }
  assert.equal((await runner.run(['explain', `${url}/`, '--crawl', 'none'])).code, 2);
  for (const id of ['none.0123456789abcdef', 'x', 'c.x', ''])
    await assert.rejects(explainRequest(parts, id), (error: DroverError) => {
      assert.ok(error instanceof DroverError);
      return error.code === 'E_REQUEST_UNKNOWN';
    });
});
