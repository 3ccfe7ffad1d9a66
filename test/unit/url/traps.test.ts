import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { normalizeUrl } from '../../../src/url/normalize.ts';
import { isLookAlike, mostRepeats } from '../../../src/url/traps.ts';

test('the most frequent segment of the path is counted, empty ones and the query are not', () => {
  const counts: Record<string, number> = {
    '/': 0,
    '/a': 1,
    '/a/': 1,
    '//': 0,
    '///////': 0,
    '/a/b/c/d/e': 1,
    '/a/a': 2,
    '/a/b/a/b/a': 3,
    '/a/b/a/b/a/': 3,
    '/a//a//a//a': 4,
    '/a/A/a.html/aa': 1,
    '/b?a/a/a/a/a': 1,
    '/a/b?/a/a/a/a': 1,
    '?/a/a': 0,
  };
  for (const [path, count] of Object.entries(counts)) {
    assert.equal(mostRepeats(`http://a${path.startsWith('?') ? '/' : ''}${path}`), count, path);
    assert.equal(
      mostRepeats(`https://a.a.example:8080${path.startsWith('?') ? '/' : ''}${path}`),
      count,
      path,
    );
  }
});

/** The definition, in the words of the docstring. */
function mostRepeatsSlowly(url: string): number {
  const segments = new URL(url).pathname.split('/').filter((segment) => segment !== '');
  return Math.max(0, ...segments.map((segment) => segments.filter((other) => other === segment).length));
}

const segment = fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'aaa', '%C3%A4', 'page', 'pags', '__proto__');
const tail = fc.constantFrom('', '/', '?', '?a', '?a/a/a/a/a', '/?/a/a');

test('of any path, short or long, mostRepeats is what splitting and counting gives', () => {
  const path = fc.oneof(
    fc.array(segment, { maxLength: 8 }),
    fc.array(segment, { minLength: 17, maxLength: 40 }),
  );
  fc.assert(
    fc.property(fc.constantFrom('http://a', 'https://a.b:81'), path, tail, (origin, segments, end) => {
      const url = normalized(`${origin}/${segments.join('/')}${end}`);
      assert.equal(mostRepeats(url), mostRepeatsSlowly(url), url);
    }),
    { numRuns: 10_000 },
  );
});

test('what was counted of one URL is not counted for the next', () => {
  assert.equal(mostRepeats('http://a/x/x/x/x/x/x/x/x/x/x'), 10);
  assert.equal(mostRepeats('http://a/y/x'), 1);
  assert.equal(mostRepeats(`http://a${'/x'.repeat(40)}`), 40);
  assert.equal(mostRepeats('http://a/'), 0);
});

test('URLs that differ in numbers only look alike', () => {
  const alike = [
    ['/cal?month=2026-11', '/cal?month=2026-12'],
    ['/cal?month=2026-9', '/cal?month=2026-10'],
    ['/page/9', '/page/10'],
    ['/9/x', '/10/x'],
    ['/1', '/01'],
    ['/a1b22c333', '/a333b1c22'],
    ['/%C3%A41', '/%C3%A42'],
  ];
  for (const [one, other] of alike) {
    assert.ok(isLookAlike(`http://a${one}`, `http://a${other}`), `${one} ${other}`);
    assert.ok(isLookAlike(`http://a${other}`, `http://a${one}`), `${other} ${one}`);
  }
});

test('the same URL, another text, a number more, another host or another letter does not look alike', () => {
  const unlike = [
    ['http://a/1', 'http://a/1'],
    ['http://a/', 'http://a/'],
    ['http://a/1', 'http://a/'],
    ['http://a/page', 'http://a/page1'],
    ['http://a/1/2', 'http://a/1'],
    ['http://a/1-1', 'http://a/2-'],
    ['http://a/x1', 'http://a/y1'],
    ['http://a/x1', 'http://a/y2'],
    ['http://a/1', 'https://a/2'],
    ['http://a/1', 'http://b/2'],
    ['http://shard1.example/', 'http://shard2.example/'],
    ['http://shard1.example/1', 'http://shard2.example/2'],
    ['http://127.0.0.1/1', 'http://127.0.0.2/1'],
    ['http://a:8080/1', 'http://a:8081/2'],
    ['http://a1/1', 'http://a/11'],
    ['http://a//1', 'http://ab/2'],
    ['http://a/%D0%91', 'http://a/%D0%92'],
    ['http://a/%E6%97%A5', 'http://a/%E5%97%A5'],
  ];
  for (const [one = '', other = ''] of unlike) {
    assert.equal(isLookAlike(one, other), false, `${one} ${other}`);
    assert.equal(isLookAlike(other, one), false, `${other} ${one}`);
  }
});

/** The URL with every number of path and query spelled the same way. */
function withoutNumbers(url: string): string {
  const { origin } = new URL(url);
  return origin + url.slice(origin.length).replace(/(?<!%.?)\d+/g, '0');
}

const origin = fc.constantFrom(
  'http://a',
  'http://a1',
  'http://a2',
  'https://a',
  'http://a:81',
  'http://10.1.1.1',
);
const piece = fc.constantFrom(
  '1',
  '2',
  '01',
  '99',
  'a',
  'b',
  '/',
  '?',
  '-',
  '%',
  '%2',
  '%20',
  '%21',
  '%C3%A4',
  '=',
);
const pieces = fc.array(piece, { maxLength: 7 });

test('isLookAlike is what comparing without numbers gives', () => {
  // Two of few pieces each, or one and itself with other numbers: both answers come up often.
  const pair = fc.oneof(
    fc.tuple(pieces, pieces),
    fc.tuple(pieces, fc.infiniteStream(fc.nat(200))).map(([one, numbers]) => {
      const other = one.map((part) => (/^\d+$/.test(part) ? String(numbers.next().value) : part));
      return [one, other] as const;
    }),
  );
  let alike = 0;
  const property = fc.property(
    origin,
    origin,
    fc.boolean(),
    pair,
    (first, second, sameOrigin, [one, other]) => {
      const url = normalized(`${first}/${one.join('')}`);
      const otherUrl = normalized(`${sameOrigin ? first : second}/${other.join('')}`);
      const expected = url !== otherUrl && withoutNumbers(url) === withoutNumbers(otherUrl);
      assert.equal(isLookAlike(url, otherUrl), expected, `${url} ${otherUrl}`);
      assert.equal(isLookAlike(otherUrl, url), expected, `${otherUrl} ${url}`);
      if (expected) alike += 1;
    },
  );
  fc.assert(property, { numRuns: 20_000 });
  assert.ok(alike > 1000, `only ${alike} pairs looked alike`);
});

function normalized(text: string): string {
  const result = normalizeUrl(text);
  assert.ok('url' in result, text);
  return result.url;
}

test('a hostile URL of 200,000 characters takes no more than linear time', () => {
  for (const part of ['/a', '/', '1', '1a', '%1', '1/']) {
    const url = `http://a/${part.repeat(200_000 / part.length)}`;
    const numbered = `http://a/${Array.from({ length: 35_000 }, (_, index) => index).join('/')}`;
    const start = performance.now();
    mostRepeats(url);
    mostRepeats(numbered);
    isLookAlike(url, `${url}1`);
    isLookAlike(`${url}1`, `${url}22`);
    assert.ok(performance.now() - start < 1000, part);
  }
});
