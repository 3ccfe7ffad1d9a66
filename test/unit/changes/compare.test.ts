// Comparisons of records that are made up, without a store.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { type ComparisonOptions, type ReadableRun, RunComparison } from '../../../src/changes/compare.ts';
import { everyChangeKind } from '../../../src/changes/kinds.ts';
import type { CrawlRecord } from '../../../src/record.ts';
import { recordJson } from '../../../src/records/line.ts';
import type { RecordPiece } from '../../../src/records/store.ts';
import { recordOf } from '../../support/records/odd-records.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** A page with this body. */
function page(number: number, body: string, more: Partial<CrawlRecord> = {}): CrawlRecord {
  const bytes = Buffer.byteLength(body);
  return recordOf(number, { body, bytes, sha256: hash('sha256', body, 'hex'), title: 'T', ...more });
}

const missing = (number: number, status = 404): CrawlRecord =>
  recordOf(number, {
    ...{ ok: false, status, body: 'no', sha256: hash('sha256', `${Math.random()}`, 'hex'), title: 'None' },
    error: { code: status >= 500 ? 'E_HTTP_5XX' : 'E_HTTP_4XX', layer: 'http', message: '' } as never,
  });

interface Given {
  from: CrawlRecord[];
  to: CrawlRecord[];
  earlier?: CrawlRecord[][];
  options?: Partial<ComparisonOptions>;
  run?: Partial<ReadableRun>;
}

async function compare({ from, to, earlier = [], options = {}, run = {} }: Given) {
  const dir = await temporaryDirectory('changes');
  const readable = (crawl: string, records: CrawlRecord[]): ReadableRun => ({
    ...{ crawl, keepsBodies: true, isWhole: () => true, read: () => pieces(records), ...run },
  });
  const comparison = new RunComparison({
    ...{ from: readable('c', from), to: readable('c.2', to) },
    earlier: earlier.map((records, index) => ({ crawl: `e${index}`, read: () => pieces(records) })),
    options: {
      ...{ kinds: everyChangeKind, diff: true, textOnly: false, ignore: null, dir },
      ...{ mostTextBytes: 1e9, mostDiffMs: 1e9, ...options },
    },
  });
  await comparison.run();
  const lists = Object.fromEntries(everyChangeKind.map((kind) => [kind, [...comparison.list(kind)]]));
  comparison.close();
  assert.deepEqual(readdirSync(dir), [], 'no file with a name is left');
  return { ...lists, counts: comparison.counts, leftOutTexts: comparison.leftOutTexts } as typeof lists & {
    counts: RunComparison['counts'];
    leftOutTexts: boolean;
  };
}

async function* pieces(records: readonly CrawlRecord[]): AsyncGenerator<RecordPiece> {
  for (let start = 0; start < records.length; start += 7) {
    const lines = records.slice(start, start + 7).map((record) => `${recordJson(record)}\n`);
    yield { bytes: Buffer.from(lines.join('')), lines: lines.length };
  }
}

const total = ({ counts }: { counts: RunComparison['counts'] }) =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

test('pages of the same bytes, title and final URL are the same, whatever their headers and times', async () => {
  const later = { fetchedAt: '2027-01-01T00:00:00.000Z', headers: { date: 'x' }, attempts: 3, depth: 2 };
  const found = await compare({ from: [page(1, '<p>a')], to: [page(1, '<p>a', later)] });
  assert.deepEqual([found.counts.same, total(found)], [1, 1]);
});

test('a 304 that is copied from a 200, and a page that is said to be unchanged, are the same', async () => {
  const unchanged = { unchanged: { crawl: 'c', id: '2' } } as Partial<CrawlRecord>;
  const { body, ...head } = page(2, '<p>other', { title: 'Other' });
  const said = { ...head, ...unchanged, body };
  const lines = async function* () {
    const bytes = Buffer.from(`${recordJson(page(1, '<p>a', { status: 304 }))}\n${JSON.stringify(said)}\n`);
    yield { bytes, lines: 2 };
  };
  const both = [page(1, '<p>a'), page(2, '<p>b')];
  const found = await compare({ from: both, to: [], run: {} });
  assert.equal(found.counts.gone, 2);
  const dir = await temporaryDirectory('changes');
  const run = { keepsBodies: true, isWhole: () => true };
  const comparison = new RunComparison({
    from: { ...run, crawl: 'c', read: () => pieces(both) },
    to: { ...run, crawl: 'c.2', read: lines },
    earlier: [],
    options: {
      ...{ kinds: everyChangeKind, diff: true, textOnly: false, ignore: null, dir },
      ...{ mostTextBytes: 1e9, mostDiffMs: 1e9 },
    },
  });
  await comparison.run();
  assert.equal(comparison.counts.same, 2);
  comparison.close();
});

test('what differs is named: status, final URL, title, content, items', async () => {
  const item = (price: number) => [{ handler: 'h', item: { name: 'n', price } }];
  const reordered = [{ handler: 'h', item: { price: 1, name: 'n' } }];
  const found = await compare({
    from: [
      page(1, '<p>a'),
      page(2, '<p>a'),
      page(3, '<p>a'),
      page(4, '<p>a', { items: item(1) }),
      page(5, '<p>a', { items: item(1) }),
      page(6, '<p>a', { items: null }),
      page(7, '<p>a'),
      missing(8, 403),
    ],
    to: [
      page(1, '<p>a', { status: 203 }),
      page(2, '<p>a', { title: 'U' }),
      page(3, '<p>b', { finalUrl: 'http://example.com/other' }),
      page(4, '<p>a', { items: item(2) }),
      page(5, '<p>a', { items: reordered }),
      page(6, '<p>a', { items: item(1) }),
      missing(7, 403),
      missing(8, 401),
    ],
  });
  assert.deepEqual(
    found.changed?.map(({ url, fields }) => [url.slice(19), fields]),
    [
      ['1', ['status']],
      ['2', ['title']],
      ['3', ['finalUrl', 'content']],
      ['4', ['items']],
      ['7', ['status']],
      ['8', ['status']],
    ],
  );
  assert.equal(found.counts.same, 2, 'items in another order; a run without a handler for the page');
  assert.match(found.changed?.[3]?.itemsDiff ?? '', /^-\s+"price": 1$[\s\S]^\+\s+"price": 2$/m);
});

test('new, gone, back and what could not be compared are told apart, and error pages are not compared', async () => {
  const found = await compare({
    from: [
      page(1, '<p>a'),
      page(2, '<p>a'),
      page(3, '<p>a'),
      missing(4),
      missing(6),
      missing(7),
      missing(8, 500),
    ],
    to: [
      ...[missing(1), missing(3, 500), page(4, '<p>a'), page(5, '<p>a'), page(6, '<p>a'), missing(7)],
      ...[page(8, '<p>a'), page(9, '<p>a')],
    ],
    earlier: [[page(5, '<p>x')], [page(4, '<p>x'), page(5, '<p>x'), page(7, '<p>x')]],
  });
  const names = (kind: string) =>
    found[kind]?.map(({ url, lastIn }) => [url.slice(19), lastIn].join(' ').trim());
  assert.deepEqual(names('gone'), ['1', '2']);
  assert.deepEqual(names('back'), ['4 e1', '5 e0']);
  assert.deepEqual(names('changed'), ['6'], 'it was 404, and never there');
  assert.deepEqual(names('new'), ['9']);
  assert.deepEqual(names('unknown'), ['3', '8']);
  assert.deepEqual(
    found.gone?.map(({ to }) => to?.status ?? null),
    [404, null],
  );
});

test('the text is compared line by line; without it, the reason is told', async () => {
  const html = (main: string, footer = 'f') =>
    `<nav>n</nav><p>One.</p><p>${main}</p><footer>${footer}</footer>`;
  const image = { contentType: 'image/png', headers: null, body: null };
  const long = Array.from({ length: 3000 }, (_, index) => `<p>line ${index}`).join('');
  const found = await compare({
    from: [
      page(1, html('Two.')),
      page(2, html('Two.')),
      page(3, html('Two.'), image),
      page(4, html('Two.'), { body: null }),
      page(5, long),
      page(6, html('Two.')),
      page(7, '{"a":1,"b":[2]}', { contentType: 'application/json', headers: null }),
      page(8, Buffer.from(html('Two.')).toString('base64'), {
        bytes: html('Two.').length,
        sha256: hash('sha256', html('Two.'), 'hex'),
      }),
    ],
    to: [
      page(1, html('Three.')),
      page(2, html('Two.', 'another')),
      page(3, html('Three.'), image),
      page(4, html('Three.')),
      page(5, long.replaceAll('line', 'row')),
      page(6, `<p>${'x'.repeat(1_100_000)}`),
      page(7, '{"a":1,"b":[3]}', { contentType: 'application/json', headers: null }),
      page(8, html('Three.')),
    ],
    run: { keepsBodies: false },
  });
  assert.deepEqual(
    found.changed?.map(({ text }) => text),
    ['changed', 'same', 'not-kept', 'not-kept', 'too-different', 'too-large', 'changed', 'changed'],
  );
  const [first] = found.changed ?? [];
  assert.equal(first?.diff, '@@ -1,2 +1,2 @@\n One.\n-Two.\n+Three.');
  assert.deepEqual(first?.lines, { added: 1, removed: 1, leftOut: 0 });
  assert.match(found.changed?.[6]?.diff ?? '', /^-2$\n^\+3$/m);
  assert.equal(found.changed?.[7]?.diff, first?.diff, 'bytes (--body base64) are decoded');
});

test('an image is no text, and nothing that was lost', async () => {
  const image = { contentType: 'image/png', headers: null, body: null };
  const found = await compare({ from: [page(1, 'a', image)], to: [page(1, 'bc', image)] });
  assert.deepEqual(
    found.changed?.map(({ text, from, to }) => [text, from?.bytes, to?.bytes]),
    [['not-text', 1, 2]],
  );
});

test('with textOnly, other markup is no change; ignored lines do not count', async () => {
  const from = [page(1, '<p>a</p><p>10:00</p>'), page(2, '<p>a</p>'), page(3, '<p>a</p>')];
  const to = [page(1, '<p>a</p><p>10:05</p>'), page(2, '<b>a</b>'), page(3, '<b>a</b>', { title: 'U' })];
  const found = await compare({ from, to, options: { textOnly: true, ignore: /^\d\d:\d\d$/u } });
  assert.deepEqual(
    found.changed?.map(({ url, fields }) => [url.slice(19), fields]),
    [['3', ['title']]],
  );
  assert.equal(found.counts.same, 2);
});

test('records in any order: each difference is told once, with the texts of its own page', async () => {
  const many = Array.from({ length: 300 }, (_, number) => number);
  const text = (number: number, word: string) => `<p>${`${number} ${word} `.repeat(10)}`;
  const found = await compare({
    from: many.map((number) => page(number, text(number, 'former'))),
    to: many.map((number) => page(number, text(number, 'newer'))).reverse(),
  });
  assert.equal(found.changed?.length, 300);
  assert.equal(new Set(found.changed?.map(({ id }) => id)).size, 300);
  for (const { url, diff } of found.changed ?? [])
    assert.ok(diff?.includes(`+${url.slice(19)} newer`) && diff.includes(`-${url.slice(19)} former`), url);
});

test('beyond the limits, texts are not compared, and it is said', async () => {
  const found = await compare({
    from: [1, 2, 3].map((number) => page(number, '<p>a')),
    to: [1, 2, 3].map((number) => page(number, '<p>b')),
    options: { mostTextBytes: 400 },
  });
  assert.deepEqual(
    found.changed?.map(({ text }) => text),
    ['changed', 'not-compared', 'not-compared'],
  );
  assert.equal(found.leftOutTexts, true);
});

test('a signal ends it', async () => {
  const options = { signal: AbortSignal.abort(new Error('gone away')) };
  await assert.rejects(compare({ from: [page(1, 'a')], to: [], options }), /gone away/);
});
