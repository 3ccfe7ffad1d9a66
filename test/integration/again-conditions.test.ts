// A crawl that was begun again asks for its pages on condition, with the validators of the former run. What
// it asked is read in the server's log.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { crawlAgain } from '../support/fleets/again.ts';
import { openFleets } from '../support/fleets.ts';
import { startValidatingSite, type ValidatedPage, type ValidatingSite } from '../support/site/validating.ts';

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
  const { again, before, runner } = await crawled(t, {
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
  // Once more: what was a 304 is asked about with the validators that stand in its record.
  const third = await again();
  assert.deepEqual(third.asked.lines.sort(), asked.lines.sort());
  assert.deepEqual(third.records.get('/weak')?.links, before.get('/weak')?.links);
  assert.equal(third.records.get('/weak')?.body, before.get('/weak')?.body);
  assert.deepEqual(third.records.get('/weak')?.unchanged?.crawl, id);
});
