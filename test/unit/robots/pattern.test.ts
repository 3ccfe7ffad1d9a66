// The patterns of robots.txt match as slower code does that was written once more from the standards, and no
// pattern takes long.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { comparablePath, compilePattern, matches, octetsOf } from '../../../src/robots/pattern.ts';
import { parseRobots } from '../../../src/robots/rules.ts';
import { us } from './rules-cases.ts';

const limit = 500 * 1024;

test('a pattern matches as the regular expression does that it stands for', () => {
  const letters = fc
    .array(fc.constantFrom('a', 'b', '/', '*'), { maxLength: 10 })
    .map((list) => list.join(''));
  const paths = fc
    .array(fc.constantFrom('a', 'b', '/'), { maxLength: 14 })
    .map((list) => `/${list.join('')}`);
  fc.assert(
    fc.property(letters, fc.boolean(), paths, (pattern, anchored, path) => {
      const expression = new RegExp(`^/${pattern.replaceAll('*', '.*')}${anchored ? '$' : ''}`);
      const compiled = compilePattern(`/${pattern}${anchored ? '$' : ''}`);
      assert.equal(matches(compiled, comparablePath(path)), expression.test(path));
    }),
    { numRuns: 3000 },
  );
});

/**
 * RFC 9309 §2.2.2 and RFC 3986, octet by octet: the form in which paths are compared. In a pattern, `*`
 * stays.
 */
function encodedSlowly(text: string, isPattern: boolean): string {
  const bytes = [...Buffer.from(text)].map((byte) => String.fromCharCode(byte));
  let encoded = '';
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as string;
    const digits = bytes.slice(at + 1, at + 3).join('');
    if (byte === '%' && /^[0-9a-f]{2}$/i.test(digits)) {
      const meant = String.fromCharCode(Number.parseInt(digits, 16));
      encoded += /[a-z0-9\-._~]/i.test(meant) ? meant : `%${digits.toUpperCase()}`;
      at += 2;
    } else if (/[a-z0-9\-._~:/?#[\]@!&'()+,;=]/i.test(byte) || (isPattern && byte === '*')) {
      encoded += byte;
    } else {
      encoded += `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
    }
  }
  return encoded;
}

/** The second reading: what delimits in a URL is encoded in its query. */
function queryEncodedSlowly(encoded: string): string {
  const query = encoded.indexOf('?') + 1;
  const delimiters = [...encoded.slice(query)].map((character) =>
    ":/?#[]@!'(),;".includes(character)
      ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
      : character,
  );
  return encoded.slice(0, query) + delimiters.join('');
}

/** Keeps every place in the path where the pattern's beginning, one character longer each time, can end. */
function fitsSlowly(pattern: string, path: string, anchored: boolean): boolean {
  let ends = [0];
  for (const character of pattern) {
    const [first = path.length + 1] = ends;
    ends =
      character === '*'
        ? Array.from({ length: path.length + 1 - first }, (_, more) => first + more)
        : ends.filter((end) => path[end] === character).map((end) => end + 1);
  }
  return anchored ? ends.includes(path.length) : ends.length > 0;
}

function matchesSlowly(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$');
  const ours = encodedSlowly(anchored ? pattern.slice(0, -1) : pattern, true);
  const theirs = encodedSlowly(path, false);
  if (fitsSlowly(ours, theirs, anchored)) return true;
  const both = ours.includes('?') && theirs.includes('?');
  return both && fitsSlowly(queryEncodedSlowly(ours), queryEncodedSlowly(theirs), anchored);
}

const pieces = [
  ...[
    'a',
    'b',
    'A',
    '/',
    '?',
    '=',
    '&',
    ':',
    ';',
    '+',
    '~',
    '.',
    '$',
    '%',
    '%2',
    ' ',
    '"',
    '|',
    '\u00e9',
    '\u{1f600}',
  ],
  ...[
    '%61',
    '%41',
    '%2F',
    '%2f',
    '%2A',
    '%2a',
    '%24',
    '%25',
    '%3A',
    '%3a',
    '%3F',
    '%7E',
    '%C3%A9',
    '%c3',
    '%A9',
  ],
];
const joined = (list: string[]) => list.join('');
const pathPieces = fc.array(fc.constantFrom(...pieces, '*'), { maxLength: 8 });
const patternPieces = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, { weight: 9, arbitrary: fc.constantFrom(...pieces) }),
  {
    maxLength: 7,
  },
);
const patterns = fc
  .tuple(fc.constantFrom('/', '/', '/', '*', ''), patternPieces, fc.boolean())
  .map(([first, list, anchored]) => `${first}${joined(list)}${anchored ? '$' : ''}`);
/**
 * A pattern, and a path that was made by filling its wildcards and writing some characters otherwise: often
 * it matches.
 */
const patternAndPath = fc
  .tuple(patterns, pathPieces, pathPieces, fc.constantFrom('as it is', 'encoded', 'decoded', 'other'))
  .map(([pattern, filling, rest, written]) => {
    const plain =
      pattern.replace(/\$$/, '').replaceAll('*', joined(filling)) + (rest.length > 5 ? joined(rest) : '');
    const path = {
      'as it is': plain,
      encoded: encodedSlowly(plain, false),
      decoded: plain.replace(/%(?:2F|3A|2A|24|7E|61)/gi, decodeURIComponent),
      other: joined(rest),
    }[written];
    return { pattern, path: path.startsWith('/') ? path : `/${path}` };
  });

test('a pattern matches as one does that is encoded octet by octet and keeps every end that its beginning can have', () => {
  let matched = 0;
  const numRuns = 5000;
  fc.assert(
    fc.property(patternAndPath, ({ pattern, path }) => {
      const expected = matchesSlowly(pattern, path);
      matched += Number(expected);
      assert.equal(matches(compilePattern(octetsOf(pattern)), comparablePath(path)), expected);
    }),
    { numRuns },
  );
  assert.ok(matched > numRuns / 5 && matched < (numRuns * 4) / 5, `${matched} of ${numRuns} matched`);
});

test('of any rules the longest that matches decides, and allow before disallow', () => {
  const ruleLists = fc.array(fc.tuple(fc.boolean(), patterns), { maxLength: 6 });
  fc.assert(
    fc.property(ruleLists, patternAndPath, fc.boolean(), (others, { pattern, path }, allow) => {
      const rules = [...others, [allow, pattern] as const]
        .map(([allow, pattern]) => ({ allow, pattern: pattern.trim() }))
        .filter(({ pattern }) => pattern !== '');
      const longest = rules
        .filter(({ pattern }) => matchesSlowly(pattern, path))
        .map(({ allow, pattern }) => ({ allow, octets: octetsSlowly(pattern) }))
        .sort((a, b) => b.octets - a.octets || Number(b.allow) - Number(a.allow));
      const text = [us, ...rules.map(({ allow, pattern }) => `${allow ? 'Allow' : 'Disallow'}: ${pattern}`)];
      const verdict = parseRobots(text.join('\n'), 'drover').allows(`http://h.example${path}`);
      assert.equal(verdict.allowed, longest[0]?.allow ?? true, text.join('\n'));
      assert.equal(verdict.rule === null, longest.length === 0);
    }),
    { numRuns: 2000 },
  );
});

/** The octets of a pattern in the form in which it is compared, its wildcards and its end one each. */
const octetsSlowly = (pattern: string) =>
  encodedSlowly(pattern.replace(/\$$/, ''), true).length + Number(pattern.endsWith('$'));

/**
 * CPU time, since other work shares the machine; the bounds are ten times what it takes and a thousandth of
 * what backtracking takes.
 */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test('rules made to be slow are not: sixty wildcards, thousands of them, long repetitions', () => {
  const url = `http://h/${'a'.repeat(8000)}`;
  const sixty = parseRobots(
    `${us}\nDisallow: /${'*a'.repeat(60)}b$\nDisallow: /${'a*'.repeat(60)}b`,
    'drover',
  );
  assert.equal(sixty.allows(url).allowed, true);
  assert.ok(cpuMs(() => sixty.allows(url)) < 10);
  for (const literal of ['aaab', `${'a'.repeat(49)}b${'a'.repeat(250)}`, `${'a'.repeat(1999)}b`]) {
    const line = `Disallow: /*${literal}*b\n`;
    const rules = parseRobots(`${us}\n${line.repeat(limit / line.length)}`, 'drover');
    assert.ok(cpuMs(() => rules.allows(url)) < 150);
  }
});

test('sixty wildcards are matched in less than 10 ms against paths that make a matcher go back and forth', () => {
  for (const [literal, end, path, rest] of [
    ['a', 'b', 'a'.repeat(7990), 'b'],
    ['a', '*b$', 'a'.repeat(7990), 'xb'],
    ['ab', '$', `${'ab'.repeat(3990)}a`, 'b'],
    [`${'a'.repeat(40)}b`, 'c$', `${'a'.repeat(130)}b`.repeat(61), 'c'],
    ['a?a', '*b', 'a?a'.repeat(2600), 'xb'],
    ['', 'b$', 'a'.repeat(7990), 'b'],
    ['%61%C3', '*%C3b', '%61%C3'.repeat(1300), '%c3b'],
  ] as const) {
    const pattern = compilePattern(`/${`*${literal}`.repeat(60)}${end}`);
    const [misses, matching] = [comparablePath(`/${path}`), comparablePath(`/${path}${rest}`)];
    assert.deepEqual([matches(pattern, misses), matches(pattern, matching)], [false, true], literal + end);
    assert.ok(cpuMs(() => matches(pattern, misses)) < 10, literal + end);
  }
});

test('too many wildcards for a long path refuse rather too much, and judge a short one exactly', () => {
  const wildcards = Array.from(
    { length: 10_000 },
    (_, index) => `Disallow: /a*${index}x\nAllow: /b*${index}y`,
  );
  const rules = parseRobots([us, ...wildcards, 'Disallow: /b', 'Disallow: /c$'].join('\n'), 'drover');
  const long = 'z'.repeat(4000);
  const paths = ['/a-', '/a-77x', '/b-77y', '/b-', `/a${long}`, `/b${long}77y`, `/c${long}`, `/d${long}77x`];
  assert.deepEqual(
    paths.map((path) => rules.allows(`http://h${path}`).allowed),
    [true, false, true, false, false, false, true, true],
  );
});
