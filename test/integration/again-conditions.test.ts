// A crawl that was begun again asks for its pages on condition, with the validators of the former run. What
// it asked is read in the server's log.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import test, { type TestContext } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { crawlAgain } from '../support/fleets/again.ts';
import { openFleets } from '../support/fleets.ts';
import {
  type PageAnswer,
  startValidatingSite,
  type ValidatedPage,
  type ValidatingSite,
} from '../support/site/validating.ts';

const fleets = openFleets();
const PAST = 'Mon, 02 Feb 2026 10:00:00 GMT';
const pathOf = ({ url }: Pick<CrawlRecord, 'url'>) => new URL(url).pathname;

async function crawled(t: TestContext, pages: Record<string, ValidatedPage>, args: string[] = []) {
  const site = await startValidatingSite(pages);
  t.after(() => site.close());
  const opened = await fleets.open();
  const { runner } = opened;
  const first = await runner.run(['crawl', `${site.url}/`, '--crawl', 'c', '--quiet', ...args]);
  assert.equal(first.code, 0, first.stderr);
  site.taken();
  const again = async (more: Parameters<typeof crawlAgain>[3] = {}, others: string[] = []) => {
    const id = await crawlAgain(opened, 'c', [`${site.url}/`, ...args, ...others], more);
    return { id, records: byPath(await runner.results(id)), asked: askedOf(site) };
  };
  return { site, ...opened, again, before: byPath(await runner.results('c')) };
}

const byPath = (records: CrawlRecord[]) => new Map(records.map((record) => [pathOf(record), record]));
const askedOf = (site: ValidatingSite) => {
  const asked = site.taken();
  return {
    /** Path, status, and what was asked, each request once. */
    lines: asked.map(({ path, status, headers }) => {
      const { 'if-none-match': tag = '-', 'if-modified-since': since = '-' } = headers;
      return `${status} ${path} ${tag} ${since}`;
    }),
    bytes: asked.reduce((sum, { bytes }) => sum + bytes, 0),
  };
};

test('pages are asked for with their validators; a 304 gives the whole record again, and its links', async (t) => {
  const long = `<title>Long</title><p>${'lorem ipsum '.repeat(2000)}</p>`;
  const { again, before, runner, fleet, site } = await crawled(t, {
    '/': {
      etag: '"root"',
      body: '<title>Root</title><a href="/weak">w</a><a href="/dated">d</a><a href="/both">b</a>',
    },
    '/weak': {
      etag: 'W/"1-weak"',
      gzip: true,
      body: `${long}<a href="/leaf">leaf</a>`,
      headers: { vary: 'accept-encoding' },
    },
    '/dated': { modified: PAST, body: '<title>Größe</title><meta name="robots" content="noindex">' },
    '/both': {
      etag: '"b,1"',
      modified: PAST,
      headers: { 'content-type': 'image/png' },
      body: Buffer.from([1, 2, 255]),
    },
    '/leaf': { body: '<title>Leaf</title>' },
  });
  const { asked, records, id } = await again();
  assert.deepEqual(asked.lines.sort(), [
    '200 /leaf - -',
    '304 / "root" -',
    `304 /both "b,1" ${PAST}`,
    `304 /dated - ${PAST}`,
    '304 /weak W/"1-weak" -',
  ]);
  const own = ['crawl', 'status', 'fetchedAt', 'timings', 'unchanged', 'headers'];
  for (const [path, record] of records) {
    const former = before.get(path);
    const isConfirmed = path !== '/leaf';
    assert.equal(record.status, isConfirmed ? 304 : 200, path);
    assert.deepEqual(record.unchanged, { crawl: 'c', id: record.id }, path);
    const rest = Object.keys(record).filter((name) => !own.includes(name));
    for (const name of rest as (keyof CrawlRecord)[])
      assert.deepEqual(record[name], former?.[name], `${path} ${name}`);
    assert.equal(record.headers?.['content-encoding'], former?.headers?.['content-encoding']);
    assert.equal(record.headers?.['content-type'], former?.headers?.['content-type']);
    assert.notEqual(record.headers?.date, undefined);
  }
  const counts = await runner.status(id);
  assert.equal(counts.unchanged, 5);
  assert.deepEqual(counts.errors, {});
  const { stdout } = await runner.run(['status', id]);
  assert.match(stdout, /5 of those recorded are unchanged since the former run/);
  const explained = await runner.run(['explain', `${site.url}/dated`, '--crawl', id]);
  assert.match(explained.stdout, /^Fetched at .*: 304 \(unchanged since c\), record in\s/);
  const metrics = await fleet.redis.hgetall(fleet.keys.metrics);
  assert.equal(metrics.drover_unchanged_total, '5');
  // Once more: what was a 304 is asked about with the validators that stand in its record.
  const third = await again();
  assert.deepEqual(third.asked.lines.sort(), asked.lines.sort());
  assert.deepEqual(third.records.get('/weak')?.links, before.get('/weak')?.links);
  assert.equal(third.records.get('/weak')?.body, before.get('/weak')?.body);
  assert.deepEqual(third.records.get('/weak')?.unchanged?.crawl, id);
});

/** Each with its own answer, by what the second run asks. */
test('each kind of answer to a condition is taken for what it is', async (t) => {
  let isAgain = false;
  const later = (first: PageAnswer, next: (request: IncomingMessage) => PageAnswer): ValidatedPage => ({
    answer: (request) => (isAgain ? next(request) : first),
  });
  const tagged = (tag: string, body: string): PageAnswer => ({ status: 200, headers: { etag: tag }, body });
  const other = await startValidatingSite({ '/moved': { etag: '"away"', body: 'moved' } });
  t.after(() => other.close());
  const names =
    'from,away,walled,412,400,other-tag,same-tag,equal,changed,any,no-tag,star,gone,flaky,late'.split(',');
  const { again, site, before } = await crawled(
    t,
    {
      '/': { body: names.map((name) => `<a href="/${name}">x</a>`).join('') },
      '/from': { answer: () => ({ status: 302, headers: { location: '/to', etag: '"hop"' } }) },
      '/to': { etag: '"to"', body: 'to' },
      '/away': { answer: () => ({ status: 302, headers: { location: `${other.url}/moved` } }) },
      '/walled': {
        answer: ({ headers }) =>
          headers.cookie === 'in=1'
            ? headers['if-none-match'] === '"wall"'
              ? { status: 304, headers: { etag: '"wall"' } }
              : tagged('"wall"', 'behind the wall')
            : { status: 302, headers: { location: '/walled', 'set-cookie': 'in=1' } },
      },
      '/412': later(tagged('"412"', 'precondition'), ({ headers }) =>
        headers['if-none-match'] ? { status: 412 } : tagged('"412"', 'precondition'),
      ),
      '/400': later(tagged('"400"', 'a'), ({ headers }) =>
        headers['if-none-match'] ? { status: 400 } : tagged('"400"', 'another'),
      ),
      '/other-tag': later(tagged('"1"', 'one'), ({ headers }) =>
        headers['if-none-match'] ? { status: 304, headers: { etag: '"2"' } } : tagged('"2"', 'two'),
      ),
      '/same-tag': later(tagged('"3-gzip"', 'three'), () => ({ status: 304, headers: { etag: 'W/"3"' } })),
      '/equal': { body: 'equal' },
      '/changed': { etag: '"old"', body: 'old' },
      '/any': later(tagged('"any"', 'any'), () => ({ status: 304 })),
      '/no-tag': later({ status: 200, body: 'no tag' }, () => ({ status: 304 })),
      '/star': { etag: '"star"', body: 'star', headers: { vary: 'accept, *' } },
      '/gone': { answer: () => ({ status: 404, headers: { etag: '"gone"' }, body: 'gone' }) },
      '/flaky': later(tagged('"flaky"', 'flaky'), ({ headers }) =>
        headers['if-none-match'] ? { status: 500 } : tagged('"flaky"', 'flaky'),
      ),
      '/late': { modified: new Date(Date.now() + 3_600_000).toUTCString(), body: 'late' },
    },
    ['--backoff', '1ms', '--scope', 'any', '--allow-private', '127.0.0.0/8'],
  );
  isAgain = true;
  other.taken();
  site.pages.set('/changed', { etag: '"new"', body: 'new' });
  const { asked, records } = await again();
  const to = (path: string) => asked.lines.filter((line) => line.split(' ')[1] === path);
  assert.deepEqual(to('/from'), ['302 /from - -'], 'no condition at the hop that redirects');
  assert.deepEqual(to('/to'), ['304 /to "to" -']);
  assert.deepEqual(to('/away'), ['302 /away - -']);
  assert.equal(askedOf(other).lines[0], '304 /moved "away" -');
  assert.deepEqual(to('/walled'), ['302 /walled "wall" -', '304 /walled "wall" -']);
  assert.deepEqual(to('/412'), ['412 /412 "412" -', '200 /412 - -'], 'asked again without it');
  assert.deepEqual(to('/400'), ['400 /400 "400" -', '200 /400 - -']);
  assert.deepEqual(to('/other-tag'), ['304 /other-tag "1" -', '200 /other-tag - -'], 'of another page');
  assert.deepEqual(to('/same-tag'), ['304 /same-tag "3-gzip" -'], 'a coding in the tag is no other page');
  assert.deepEqual(to('/equal'), ['200 /equal - -']);
  assert.deepEqual(to('/changed'), ['200 /changed "old" -']);
  assert.deepEqual(to('/star'), ['200 /star - -']);
  assert.deepEqual(to('/gone'), ['404 /gone - -'], 'no condition about an error');
  assert.deepEqual(to('/flaky'), ['500 /flaky "flaky" -', '200 /flaky - -'], 'a second attempt has none');
  assert.deepEqual(to('/late'), ['200 /late - -'], 'changed within the second of its answer, or later');
  const unchanged = [...records].filter(([, record]) => record.unchanged !== null).map(([path]) => path);
  const equal = '/,/from,/away,/walled,/412,/same-tag,/equal,/any,/star,/flaky,/late'.split(',');
  assert.deepEqual(unchanged.sort(), equal.sort());
  assert.deepEqual(records.get('/from')?.redirects, before.get('/from')?.redirects);
  assert.equal(records.get('/other-tag')?.body, 'two');
  assert.equal(records.get('/400')?.body, 'another');
  // A 304 that nobody asked for is no page.
  assert.deepEqual(
    [records.get('/no-tag')?.ok, records.get('/no-tag')?.error?.code],
    [false, 'E_HTTP_STATUS'],
  );
  assert.deepEqual([records.get('/any')?.ok, records.get('/any')?.body], [true, 'any']);
});

test('of 500 pages, the 25 that changed come again and no other; 304 with Retry-After is no refusal', async (t) => {
  const links = Array.from({ length: 500 }, (_, at) => `<a href="/p/${at}">${at}</a>`).join('');
  const page = (at: number, version: number) => ({
    etag: `"${at}-${version}"`,
    body: `<title>Page ${at}</title>${'x'.repeat(5000)} ${version}`,
    ...(at === 7 ? { headers: { 'retry-after': '1' } } : {}),
  });
  const pages = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`/p/${at}`, page(at, 1)]));
  const { again, site, runner } = await crawled(t, { '/': { etag: '"/"', body: links }, ...pages });
  const changed = Array.from({ length: 25 }, (_, at) => at * 20 + 3);
  for (const at of changed) site.pages.set(`/p/${at}`, page(at, 2));
  const { asked, records, id } = await again();
  assert.equal(asked.lines.length, 501);
  assert.ok(asked.bytes < 25 * 5100, `${asked.bytes} bytes`);
  assert.equal(records.size, 501);
  const fresh = [...records.values()].filter((record) => record.unchanged === null);
  assert.deepEqual(fresh.map(pathOf).sort(), changed.map((at) => `/p/${at}`).sort());
  const counts = await runner.status(id);
  assert.deepEqual(counts.statuses, { 200: 25, 304: 476 });
  assert.deepEqual([counts.unchanged, counts.postponed, counts.retries], [476, 0, 0]);
});
