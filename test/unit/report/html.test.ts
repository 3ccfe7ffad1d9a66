// The report as HTML and CSV: what comes from the site is text, whatever it is.
import assert from 'node:assert/strict';
import test from 'node:test';
import { reportAsHtml } from '../../../src/report/html.ts';
import { everyKind, type FindingsByKind, type SiteReport } from '../../../src/report/kinds.ts';
import { reportAsCsv, reportAsJson } from '../../../src/report/text-forms.ts';

const findings = Object.fromEntries(everyKind.map((kind) => [kind, []])) as unknown as FindingsByKind;
const hostile = '"><script>alert(1)</script>';
const report: SiteReport = {
  ...{ crawl: hostile, state: 'finished', generatedAt: '2026-01-01T00:00:00.000Z', records: 2, pages: 2 },
  ...{ thresholds: { slowMs: 1, heavyBytes: 1, similar: 80 }, notes: [hostile], cannotTell: ['orphans'] },
  findings: {
    ...findings,
    duplicateTitles: [{ title: `=1+1${hostile}\u202e`, urls: ['http://a/', `http://a/${hostile}`] }],
    brokenLinks: [
      { url: 'javascript:alert(1)', status: 404, code: 'E_HTTP_4XX', from: ['http://a/', 'http://b/'] },
    ],
  },
};

test('hostile titles and URLs are text in HTML, and no script can be a link', () => {
  const page = [...reportAsHtml(report)].join('');
  assert.doesNotMatch(page, /<script|href="javascript/i);
  assert.ok(page.includes('&lt;script&gt;') && page.includes('\\u202e'));
  assert.match(page, /not known/);
});

test('in CSV no cell is a formula, and each page that links has a line', () => {
  const lines = [...reportAsCsv(report)];
  assert.equal(lines.length, 5);
  assert.ok(lines.at(-1)?.includes(`"'=1+1`));
  assert.equal(lines.filter((line) => line.startsWith('broken,1,')).length, 2);
});

test('JSON with a limit says how many there are', () => {
  const cut = JSON.parse([...reportAsJson(report, 1)].join(''));
  assert.deepEqual([cut.brokenLinks[0].from, cut.brokenLinks[0].fromLeftOut], [['http://a/'], 1]);
  assert.deepEqual([cut.counts.brokenLinks, cut.duplicateTitles[0].urls.length], [1, 1]);
});
