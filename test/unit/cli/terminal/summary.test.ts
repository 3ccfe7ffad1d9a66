import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { durationText, size } from '../../../../cli/terminal/figures.ts';
import { printSummary, type Summary } from '../../../../cli/terminal/summary.ts';
import type { CrawlCounts } from '../../../../src/crawl/progress.ts';
import { catalogue, type ErrorCode } from '../../../../src/errors.ts';
import type { Hold } from '../../../../src/politeness/held-back.ts';

const counts: CrawlCounts = {
  crawl: 'museum',
  state: 'finished',
  accepted: 309,
  recorded: 296,
  refused: 12,
  dead: 1,
  waiting: 0,
  bytes: 3_100_000,
  retries: 5,
  postponed: 2,
  unchanged: 0,
  notDue: 0,
  charged: null,
  statuses: { 200: 295, 404: 1 },
  errors: { E_HTTP_4XX: 1, E_HTTP_5XX: 2, E_RESET: 1, E_DNS_TIMEOUT: 0 },
  refusals: { E_ROBOTS: 12 },
  leftOut: {},
  items: { product: 1200 },
};

function summaryOf(part: Partial<Summary> = {}, changed: Partial<CrawlCounts> = {}): Summary {
  return {
    counts: { ...counts, ...changed },
    elapsedMs: 14_800,
    slowestHosts: [
      { host: '127.0.0.1:8765', answers: 296, meanMs: 112.4 },
      { host: 'slow.example', answers: 1, meanMs: 1831 },
    ],
    output: null,
    interrupted: false,
    command: 'npm run drover --',
    badLines: 0,
    ...part,
  };
}

/** White space of any length as one space, so that a line's end is no matter. */
function flat(text: string): string {
  return text.replace(/\s+/g, ' ');
}

test('a summary says how many pages are unchanged, and counts a 304 that says so as a page', () => {
  const text = (changed: Partial<CrawlCounts>) =>
    printSummary(summaryOf({}, { refused: 0, dead: 0, ...changed }), { columns: 200, colour: false }).split(
      '\n',
    )[1] ?? '';
  const all = { recorded: 2000, statuses: { 200: 20, 304: 1980 }, unchanged: 1980 };
  assert.match(text(all), /: 2,000 pages recorded, 1,980 of them unchanged\.$/);
  const early = { ...all, statuses: { 200: 1000, 304: 1000 }, notDue: 980 };
  assert.match(text(early), /: 2,000 pages recorded, 1,980 of them unchanged \(980 were not due\)\.$/);
  const some = { recorded: 2000, statuses: { 200: 19, 304: 1980, 404: 1 }, unchanged: 1985 };
  assert.match(text(some), /: 2,000 recorded \(1,999 pages, 1 other answer\), 1,985 of them unchanged\.$/);
  assert.match(text({ recorded: 3, statuses: { 200: 1, 304: 2 } }), /\(1 page, 2 other answers\)/);
});

test('the summary says how it ended, how fast, with which statuses, and which hosts were slow', () => {
  const text = printSummary(summaryOf());
  assert.match(
    flat(text),
    /after 15 s: 296 recorded \(295 pages, 1 other answer\), 12 refused, 1 dead letter\. /,
  );
  assert.match(text, /\n {2}20 pages\/s · 3\.1 MB · 5 retries · 2 postponed\n/);
  assert.match(text, /\nStatuses\n {2}200 {2}295\n {2}404 {4}1\n/);
  assert.match(
    text,
    /\n {2}127\.0\.0\.1:8765 {2}296 answers {4}112 ms {2}on average\n {2}slow\.example {7}1 answer {2}1,831 ms/,
  );
});

test('hosts that were held back stand with how, for how long in all and why; those that still are with what ends it', () => {
  const held = { key: 'a.test', heldMs: 12_300 };
  const slowed: Hold = {
    ...{ kind: 'slowed', why: 'failures', since: null, until: null, intervalMs: 640 },
    ...{ reason: '35 % of its last answers were failures', change: 'drover hosts resume a.test' },
  };
  const [since, until] = ['2026-11-28T12:00:01.000Z', '2026-11-28T12:01:00.000Z'];
  const textOf = (hold: Hold, isStanding: boolean) =>
    flat(printSummary(summaryOf({ heldHosts: [{ ...held, hold, isStanding }] })));
  const paused = textOf({ ...slowed, kind: 'paused', since, until, intervalMs: null }, true);
  assert.match(
    paused,
    /a\.test still paused since [\d:/, ]+ until [\d:/, ]+: 35 %.* \(for 12 s in all\); what ends it: npm run drover -- hosts resume a\.test/,
  );
  const text = textOf(slowed, false);
  assert.match(text, /Held back a\.test slowed for 12 s in all: 35 % of its last answers were failures Next/);
  assert.doesNotMatch(text, /hosts resume/);
  assert.doesNotMatch(printSummary(summaryOf()), /Held back/);
});

test('every error and refusal stands with its layer, its count and what the catalogue advises', () => {
  const text = flat(printSummary(summaryOf()));
  for (const [code, value] of Object.entries({ ...counts.errors, ...counts.refusals })) {
    const { layer, means, advice } = catalogue[code as ErrorCode];
    const row = `${layer} ${code} ${value} ${means} ${advice}`;
    assert.equal(text.includes(row), value > 0, row);
  }
});

test('it says where the results are and what to do about dead letters, as commands to copy', () => {
  assert.match(printSummary(summaryOf()), /results +npm run drover -- results museum\n/);
  assert.match(printSummary(summaryOf()), /\nItems\n {2}product {2}1,200\n/);
  assert.match(printSummary(summaryOf()), /items +npm run drover -- items museum\n/);
  assert.doesNotMatch(printSummary(summaryOf({}, { items: {} })), /items/i);
  assert.match(printSummary(summaryOf()), /dead letters +npm run drover -- dead list museum\n/);
  assert.match(printSummary(summaryOf()), /npm run drover -- dead replay museum\n/);
  const own = printSummary(
    summaryOf(
      { command: 'drover', output: { path: '/tmp/out.jsonl', lines: 12 }, badLines: 3 },
      { crawl: "it's" },
    ),
  );
  assert.match(own, /results +\/tmp\/out\.jsonl \(12 records\)\n/);
  assert.match(own, /drover dead list 'it'\\''s'\n/);
  assert.match(own, /3 lines of the seeds could not be used/);
  assert.doesNotMatch(printSummary(summaryOf({}, { dead: 0 })), /dead/);
  // The file holds one line for each request that has ended, and the sum says so.
  const whole = printSummary(summaryOf({ output: { path: 'out', lines: 309 } }));
  assert.match(whole, /results +out \(309 records: 296 recorded \+ 12 refused \+ 1 dead\)\n/);
});

test('a command of the summary is never broken into two lines', () => {
  const text = printSummary(summaryOf({}, { crawl: 'a-name-that-is-quite-long-for-a-crawl' }), {
    columns: 40,
    colour: false,
  });
  assert.match(text, /a-name-that-is-quite-long-for-a-crawl/);
  assert.match(text, /npm run drover -- dead list a-name-that-is-quite-long-for-a-crawl\n/);
});

test('an interrupted crawl says that nothing is lost and how to go on; a paused and a cancelled one say so', () => {
  const text = printSummary(
    summaryOf({ interrupted: true }, { state: 'running', recorded: 200, waiting: 96 }),
  );
  assert.match(flat(text), /was interrupted after 15 s: 200 pages recorded, .* 96 still waiting\./);
  assert.match(flat(text), /nothing is lost: run the same command again to continue/);
  const paused = printSummary(summaryOf({}, { state: 'paused', waiting: 9 }));
  assert.match(flat(paused), /is paused .* 9 still waiting/);
  assert.match(paused, /npm run drover -- resume museum\n/);
  assert.match(printSummary(summaryOf({}, { state: 'cancelled' })), /was cancelled/);
});

test('the speed is that of this run, when earlier runs recorded pages too', () => {
  const text = printSummary(summaryOf({ elapsedMs: 10_000, recordedBefore: 196 }));
  assert.match(text, /10 pages\/s · .* · 100 pages in this run/);
});

test('nothing of it can move a terminal, whatever servers and users called things', () => {
  const evil = '\x1b[2J\x9b31m\u202e\n\x07';
  const text = printSummary(
    summaryOf(
      { slowestHosts: [{ host: evil, answers: 1, meanMs: 1 }], output: { path: evil, lines: 1 } },
      { crawl: evil, statuses: { [evil]: 1 }, errors: { [evil]: 1 }, refusals: { [evil]: 1 } },
    ),
  );
  assert.doesNotMatch(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  const asks = text.split('\\x1b[2J').length - 1;
  assert.ok(asks >= 6, `${asks}`);
  assert.equal(text.split('\n').filter((line) => line.startsWith('\\x07')).length, 0);
});

test('prose is wrapped to the terminal; without colour there is no escape, with it the text is the same', () => {
  for (const columns of [60, 80, 160]) {
    const plain = printSummary(summaryOf(), { columns, colour: false });
    for (const line of plain.split('\n')) assert.ok(stringWidth(line) < columns, `${columns}: ${line}`);
    const coloured = printSummary(summaryOf(), { columns, colour: true });
    assert.match(coloured, /\x1b\[1m/);
    assert.equal(coloured.replace(/\x1b\[[0-9;]*m/g, ''), plain);
  }
});

test('sizes and durations have two or three digits that matter, of every magnitude', () => {
  assert.deepEqual([0, 999, 1000, 9949, 9951, 3_100_000, 999_600, 84e9, 1e18].map(size), [
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '3.1 MB',
    '1.0 MB',
    '84 GB',
    '1000 PB',
  ]);
  assert.deepEqual(
    [0, 400, 2000, 9940, 9960, 59_400, 59_600, 185_000, 7_800_000, 367_000_000].map(durationText),
    ['0 s', '0.4 s', '2 s', '9.9 s', '10 s', '59 s', '1 min 00 s', '3 min 05 s', '2 h 10 min', '4 d 5 h'],
  );
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e15 }), (value) => assert.ok(size(value).length <= 7)));
});
