// Properties of normalisation that hold for any text, and the link resolver against parsing without
// shortcuts.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createLinkResolver, normalizeUrl, type UrlRules } from '../../../src/url/normalize.ts';

function normalized(text: string, rules?: UrlRules): string | null {
  const result = normalizeUrl(text, rules);
  return 'url' in result ? result.url : null;
}

// Pieces that meet every rule: joined at random, they make hrefs on both sides of each border of the fast
// path.
const piece = fc.constantFrom(
  ...[
    '/',
    '//',
    '\\',
    '.',
    '..',
    '/.',
    '/./',
    '/../',
    '?',
    '??',
    '#',
    '&',
    '=',
    ':',
    ';',
    '@',
    '%',
    '%4',
    '%41',
    '%2e',
    '%2E',
    '%7e',
  ],
  ...[
    '%c3',
    '%C3',
    '%C3%A4',
    '%2F',
    '%zz',
    '%8',
    '%9f',
    "'",
    '"',
    '<',
    '|',
    '^',
    '`',
    '{',
    '[',
    ']',
    '+',
    '*',
    '!',
    '$',
    '(',
    '~',
    '-',
  ],
  ...[
    ' ',
    '\t',
    '\n',
    '\0',
    '\x7f',
    'ü',
    '€',
    '😀',
    '\ud800',
    'a',
    'b2',
    'X',
    'utm_x=1',
    'sid=2',
    '1',
    '0x7f',
    '127.1',
    'xn--',
    'xn--bcher-kva',
  ],
  ...[
    'http:',
    'https:',
    'http://',
    'https://',
    'HTTP://',
    'http://host',
    'http://other.example',
    'http://host:8080',
    'http://host/',
  ],
  ...[
    'http://host:8080/',
    ':80',
    ':443',
    ':8080',
    '//other',
    'user@',
    'javascript:',
    'mailto:',
    'page.html',
    'data:',
    'a:b',
    '.5',
    'a.b.',
  ],
);
const href = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
  fc
    .tuple(
      fc.constantFrom('/', 'http://host:8080/', 'https://h.example/', '?', 'x'),
      fc.array(piece, { maxLength: 4 }),
    )
    .map(([head, rest]) => head + rest.join('')),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const runs = { numRuns: 20_000 };

test('normalising a normalised URL changes nothing', () => {
  fc.assert(
    fc.property(href, fc.constantFrom(undefined, 'http://host:8080/dir/page?q'), (text, base) => {
      const url = normalized(text, { base });
      if (url !== null) assert.equal(normalized(url), url);
    }),
    runs,
  );
});

test('a normalised URL is one that the URL parser would not spell otherwise, nor request another', () => {
  fc.assert(
    fc.property(href, (text) => {
      const url = normalized(text, { base: 'http://host:8080/dir/page?q' });
      if (url === null) return;
      const parsed = new URL(url);
      assert.equal(parsed.href, url);
      assert.match(url, /^https?:\/\/[^/@]+\/[\x21-\x7e]*$/);
      const asked = new URL(text, 'http://host:8080/dir/page?q');
      assert.equal(parsed.host, asked.host);
      assert.equal(decoded(parsed.pathname), decoded(asked.pathname));
      assert.equal(decoded(parsed.search), decoded(asked.search));
    }),
    runs,
  );
});

/** Every triplet decoded to a byte: what a server that decodes makes of it. */
function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Normalisation without any shortcut, written once more from the URL object's parts. */
function slowly(text: string, base: string, maxLength: number): string | null {
  const url = URL.parse(text, base);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.password) return null;
  const spell = (part: string) =>
    part.replace(/(%[0-9a-f]?)?(%[0-9a-f]{2})/gi, (_, lone: string | undefined, triplet: string) => {
      const character = decoded(triplet);
      return /[\w.~-]/.test(character) && !lone ? character : (lone ?? '') + triplet.toUpperCase();
    });
  const result = url.origin + spell(url.pathname) + spell(url.search);
  return result.length > maxLength ? null : result;
}

const bases = [
  'http://host:8080/',
  'http://host:8080/dir/page?q=%7e',
  'https://h.example/a/%7e/b%4?x#y',
  'http://host:8080/a%',
];

test('the link resolver gives what parsing gives, whether its fast path takes the href or not', () => {
  fc.assert(
    fc.property(href, fc.constantFrom(...bases), fc.constantFrom(30, 10_000), (text, base, maxLength) => {
      const expected = slowly(text, base, maxLength);
      assert.equal(createLinkResolver(base, { maxLength })(text), expected);
      assert.equal(normalized(text, { base, maxLength }), expected);
    }),
    { numRuns: 40_000 },
  );
});

test('with stripParams, the link resolver gives what normalizeUrl gives', () => {
  fc.assert(
    fc.property(href, fc.constantFrom(...bases, 'http://host:8080/p?sid=1&b'), (text, base) => {
      const rules = { stripParams: ['utm_*', 'sid'] };
      assert.equal(createLinkResolver(base, rules)(text), normalized(text, { ...rules, base }));
    }),
    runs,
  );
});
