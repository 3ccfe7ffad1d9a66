// The words of explanations, and how URLs are said to have been changed.
import assert from 'node:assert/strict';
import test from 'node:test';
import stringWidth from 'string-width';
import { explanationText } from '../../../cli/terminal/explain-text.ts';
import { crawlSettings, defaultSettings } from '../../../src/config/settings.ts';
import { loadedCrawlOf } from '../../../src/crawl/loaded-crawl.ts';
import { failure, packFailure } from '../../../src/errors.ts';
import { formsOf } from '../../../src/explain/crawl.ts';
import type { Explanation } from '../../../src/explain/explanation.ts';
import { forbiddenBy, ordinal, reason, sentences, span } from '../../../src/explain/words.ts';

test('positions are ordinals, times have a unit', () => {
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102, 111, 1003].map(ordinal), [
    ...['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '102nd', '111th', '1,003rd'],
  ]);
  assert.deepEqual([0, 2000, 119_900, 600_000].map(span), ['0.0 s', '2.0 s', '119.9 s', '10 min']);
});

test('a reason is what the case adds to its code, or the sentence of the code', () => {
  assert.equal(reason(failure('E_SCOPE', 'It matches --exclude *.pdf.')), 'it matches --exclude *.pdf');
  assert.equal(
    reason(failure('E_DEPTH', 'The limit is 2.')),
    'the page is deeper than --depth allows (the limit is 2)',
  );
  assert.match(reason(failure('E_PATH_REPEATS')), /^the path repeats one segment .* crawlers$/);
  assert.equal(sentences('a.', 'b', 'c!'), 'a. b. c!');
});

test('a robots.txt that could not be fetched forbids all, one that allows nothing', () => {
  const look = {
    file: 'http://a.test:81/robots.txt',
    kind: 'rules',
    allowed: false,
    rule: 'Disallow: /',
    line: 3,
  } as const;
  const rest = { group: '*', crawlDelayMs: null, usage: [], reason: null, fetchedAt: '', freshUntil: '' };
  assert.equal(forbiddenBy({ ...look, ...rest }), 'robots.txt of a.test:81 forbids it (line 3: Disallow: /)');
  assert.equal(forbiddenBy({ ...look, ...rest, allowed: true }), null);
  const away = { ...look, ...rest, kind: 'unreachable', reason: 'It answers with status 503.' } as const;
  assert.equal(
    forbiddenBy(away),
    'robots.txt of a.test:81 is unreachable (it answers with status 503), which forbids all',
  );
  const cause = packFailure(failure('E_DNS_NOT_FOUND', 'A.test.'));
  assert.equal(
    forbiddenBy({ ...away, reason: cause }),
    'robots.txt of a.test:81 is unreachable (E_DNS_NOT_FOUND: a.test), which forbids all',
  );
});

test('what normalising changed is said, and what links lose', () => {
  const loadedCrawl = loadedCrawlOf('c', 'c', { ...crawlSettings(defaultSettings), stripParams: ['utm_*'] });
  const changesOf = (text: string) => {
    const forms = formsOf(text, loadedCrawl);
    return 'changes' in forms ? forms.changes : [forms.failure.code];
  };
  assert.deepEqual(changesOf('http://a.test'), []);
  assert.deepEqual(changesOf('http://a.test/?x=%C3%A9'), []);
  assert.deepEqual(changesOf(' https://a.test:443/#x'), [
    'white space removed',
    'fragment removed',
    'default port removed',
  ]);
  assert.deepEqual(changesOf('http://a.test:443/'), []);
  assert.deepEqual(changesOf('http://A.test/%7ea/../b'), ['spelled as browsers spell it']);
  assert.deepEqual(changesOf('http://a.test/?utm_x=1'), ['parameters removed (--strip-params)']);
  assert.deepEqual(changesOf('http://a.test/;jsessionid=1'), ['session identifier removed in links']);
  assert.deepEqual(changesOf('http://a.test:x/'), ['E_URL_INVALID']);
});

test('on a terminal: the answer first, no line wider than it but for words that are, nothing that it would obey', () => {
  const attempt = {
    at: '2026-01-01T00:00:00.000Z',
    code: 'E_RESET',
    layer: 'response',
    message: '',
    status: null,
  };
  const attempts = [{ ...attempt, address: '::1', finalUrl: null, timings: {}, body: null }];
  const explanation = {
    verdict: `Waiting: \x1b[2J${'word '.repeat(30)}`,
    steps: [
      { step: 'normalize', ok: true, text: `http://a.test/${'x'.repeat(100)} (fragment removed)` },
      { step: 'attempts', ok: null, text: '1 of 3' },
      { step: 'robots', ok: false, text: '日本語 '.repeat(20) },
    ],
    attempts,
  } as unknown as Explanation;
  const text = explanationText(explanation, { columns: 60, colour: false });
  const lines = text.split('\n');
  assert.match(text, /^Waiting: \\x1b\[2Jword/);
  assert.ok(
    lines.every((line) => stringWidth(line) < 60 || line.includes('xxx')),
    text,
  );
  assert.match(
    text,
    /\n {2}· attempts {2}1 of 3\n {14}1\. 2026-01-01T00:00:00\.000Z {2}E_RESET, ::1\n {2}✗ robots/,
  );
  assert.match(explanationText(explanation, { columns: 60, colour: true }), /\x1b\[31m✗\x1b\[0m robots/);
});
