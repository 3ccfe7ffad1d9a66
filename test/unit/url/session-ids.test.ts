import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { normalizeUrl } from '../../../src/url/normalize.ts';
import { withoutSessionIds } from '../../../src/url/session-ids.ts';

const hex16 = '0123456789abcdef';
const mixed20 = 'a1b2c3d4e5f6g7h8i9jk';
const asp24 = 'lit3py55t21z5v55vlm25s55';

const removed: [string, string][] = [
  ['/a;jsessionid=0A1B2C', '/a'],
  ['/a;JSESSIONID=0A1B2C.node-1!123!456', '/a'],
  ['/a;jSessionId=?b=1', '/a?b=1'],
  ['/a;jsessionid=1/b;jsessionid=2/c.do', '/a/b/c.do'],
  ['/a;v=1;jsessionid=2;w=3/b', '/a;v=1;w=3/b'],
  ['/;jsessionid=1', '/'],
  ['/?PHPSESSID=1', '/'],
  ['/?phpsessid', '/'],
  ['/?a=1&PhpSessId=&b=2', '/?a=1&b=2'],
  ['/x?b=%C3%A4&JSESSIONID=1&&a=+&JSESSIONID=2', '/x?b=%C3%A4&&a=+'],
  ['/x?ASPSESSIONIDQQBCRTSS=KDFE', '/x'],
  ['/x?ASP.NET_SessionId=1&q', '/x?q'],
  ['/x?osCsid=1', '/x'],
  ['/x?zenid=1', '/x'],
  ['/x?CFID=12&a=1&CFTOKEN=34', '/x?a=1'],
  ['/x?cftoken=34&cfid=12&cfid=13', '/x'],
  [`/x?s=${hex16}&sid=${hex16}0&session=${hex16}&sessionid=${hex16}&session_id=${hex16}`, '/x'],
  [`/x?S=${hex16.toUpperCase()}&Sid=${mixed20}&SESSION=${mixed20}&SessionID=${mixed20}z`, '/x'],
  ['/x?sid=0000000000000000', '/x'],
  [`/(S(${asp24}))/order.aspx`, '/order.aspx'],
  [`/app/(s(${asp24.toUpperCase()}))/`, '/app/'],
  [`/app/(X(1)S(${asp24}))/a?b`, '/app/a?b'],
  [`/app/(S(${asp24})F(x))/a`, '/app/a'],
  ['/app/(A(xyz-_1)S(abc)F(d.e))/a', '/app/a'],
  [`/(A(x)S(${asp24}))/(S(${asp24}))/a`, '/a'],
  [`/(S(${asp24}))/a;jsessionid=1?PHPSESSID=2&c=3`, '/a?c=3'],
];

for (const [from, to] of removed) {
  test(`${from} is ${to}`, () => {
    assert.equal(withoutSessionIds(`http://a${from}`), `http://a${to}`);
    assert.equal(
      withoutSessionIds(`https://www.example.com:8443${from}`),
      `https://www.example.com:8443${to}`,
    );
  });
}

test('what is not surely a session identifier stays', () => {
  const kept = [
    '/',
    '/a?b=c',
    '/a;jsessionid',
    '/a;xjsessionid=1',
    '/jsessionid=1',
    '/a?x=b;jsessionid=1',
    '/a?xPHPSESSID=1&PHPSESSIDx=2&%26PHPSESSID=3',
    '/a?x=PHPSESSID=1',
    '/PHPSESSID=1',
    '/a??PHPSESSID=1',
    '/a?ASPSESSIONID=1&ASPSESSIONIDABCDEFG=1&ASPSESSIONIDABCDEFGHI=1&ASPSESSIONID12345678=1',
    '/a?cfid=12',
    '/a?cftoken=34&xcfid=12',
    '/a?s=shoes&sid=12&session=summer&sessionid=7&session_id=42',
    '/a?s&sid=&session',
    `/a?s=${hex16.slice(1)}&sid=${mixed20.slice(1)}`, // one too short
    '/a?s=abcdefghijklmnopqrstuvwxyz&sid=a1b2c3d4e5f6g7h8i9j-k&session=1234567890.1234567890',
    `/a?q=${hex16}&xsid=${hex16}&sids=${hex16}&session-id=${hex16}`,
    `/(S(${asp24}))`,
    `/(S(${asp24}0))/a`,
    `/(S(${asp24.slice(1)}))/a`,
    `/x(S(${asp24}))/a`,
    `/(S(${asp24}))x/a`,
    `/(T(${asp24}))/a`,
    '/(A(b)F(c))/a',
    '/a?x=/(S(lit3py55t21z5v55vlm25s55))/',
  ];
  for (const rest of kept) assert.equal(withoutSessionIds(`http://a${rest}`), `http://a${rest}`);
});

test('a host that looks like an identifier stays', () => {
  const host = `http://a;jsessionid=1.(s(${asp24}))`;
  assert.equal(withoutSessionIds(normalized(`${host}/b;jsessionid=2`)), `${host}/b`);
});

test('a segment that would become dots keeps its identifier, and so leads where it led', () => {
  for (const path of ['/a/..;jsessionid=1/b', '/a/.;jsessionid=1', '/..;jsessionid=1?x'])
    assert.equal(withoutSessionIds(`http://a${path}`), `http://a${path}`);
  assert.equal(withoutSessionIds('http://a/...;jsessionid=1'), 'http://a/...');
  assert.equal(withoutSessionIds('http://a/b..;jsessionid=1'), 'http://a/b..');
});

const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '?',
    '&',
    '&',
    '=',
    ';',
    '.',
    '..',
    '%',
    '%4',
    '%C3%A4',
    '41',
    '(',
    ')',
    'a',
    'http://b/',
    '?x=',
    ';v=1',
  ],
  ...[
    ';jsessionid=',
    ';JSessionID=1!2',
    'PHPSESSID=',
    'jsessionid=1',
    'ASPSESSIONID',
    'ABCDEFGH=1',
    'AbCdEfGh',
  ],
  ...[
    'asp.net_sessionid=1',
    'ASP.NET_SessionId',
    'osCsid=1',
    'ZENID=1',
    'cfid=1',
    'CFTOKEN=1',
    's=',
    'S=',
    'sid=',
  ],
  ...[
    'session=',
    'session_id=',
    'sessionId=',
    hex16,
    mixed20,
    'ABCDEFGH12345678',
    '1234567890',
    'abcdefghij',
  ],
  ...[`(S(${asp24}))`, `(X(1)S(${asp24}))/`, '(A(a)S(b)F(c))', `/(A(a)s(${asp24}))/`, '(S(', '))', asp24],
);
const name = fc.constantFrom(
  ...[
    's',
    'SID',
    'session',
    'SessionId',
    'session_id',
    'PHPSESSID',
    'jsessionid',
    'AspSessionIdABCDEFGH',
    'sids',
  ],
  ...['aspsessionidABCDEFG', 'ASP.NET_SessionId', 'oscsid', 'zenid', 'CFID', 'cftoken', 'a', ''],
);
const value = fc.constantFrom(
  '',
  '1',
  hex16,
  mixed20,
  hex16.slice(1),
  mixed20.slice(1),
  '1234567890.1234567890',
  asp24,
);
const pair = fc.tuple(name, fc.constantFrom('=', '=', ''), value).map((parts) => parts.join(''));
const query = fc.array(fc.oneof(pair, pair, piece), { maxLength: 5 }).map((pairs) => [`?${pairs.join('&')}`]);
const url = fc
  .tuple(
    fc.constantFrom('http://a', 'https://a.example:81'),
    fc.array(piece, { maxLength: 10 }),
    fc.oneof(fc.constant([]), query),
  )
  .map(([origin, pieces, end]) => normalized(`${origin}/${[...pieces, ...end].join('')}`));
const runs = { numRuns: 20_000 };

function normalized(text: string): string {
  const result = normalizeUrl(text);
  assert.ok('url' in result, text);
  return result.url;
}

test('what comes out is normalised, and has no more to remove', () => {
  fc.assert(
    fc.property(url, (text) => {
      const result = withoutSessionIds(text);
      assert.equal(normalized(result), result, text);
      assert.equal(withoutSessionIds(result), result, text);
    }),
    runs,
  );
});

/** Whether a parameter is a session's, told without any regular expression but the value's. */
function isSessions(pair: string, pairs: readonly string[]): boolean {
  const nameOf = (text: string) => (text.split('=', 1)[0] ?? '').toLowerCase();
  const name = nameOf(pair);
  const value = pair.slice(name.length + 1);
  if (name === 'cfid') return pairs.some((other) => nameOf(other) === 'cftoken');
  if (name === 'cftoken') return pairs.some((other) => nameOf(other) === 'cfid');
  if (name.startsWith('aspsessionid')) return /^[a-z]{8}$/.test(name.slice('aspsessionid'.length));
  if (['phpsessid', 'jsessionid', 'asp.net_sessionid', 'oscsid', 'zenid'].includes(name)) return true;
  if (!['s', 'sid', 'session', 'sessionid', 'session_id'].includes(name)) return false;
  const isHex = value.length >= 16 && /^[0-9a-fA-F]*$/.test(value);
  const isMixed =
    value.length >= 20 && /^[0-9a-zA-Z]*$/.test(value) && /[0-9]/.test(value) && /[a-zA-Z]/.test(value);
  return isHex || isMixed;
}

test('of the query, exactly the parameters of sessions are missing, and the others stand in their order', () => {
  let shortened = 0;
  const property = fc.property(url, (text) => {
    const [before = '', query] = splitAtQuery(text);
    const [after = '', result] = splitAtQuery(withoutSessionIds(text));
    assert.equal(after, splitAtQuery(withoutSessionIds(before))[0], text);
    const pairs = query?.split('&') ?? [];
    const kept = pairs.filter((pair) => !isSessions(pair, pairs)).join('&');
    assert.equal(result ?? '', kept, text);
    if (kept !== (query ?? '')) shortened += 1;
  });
  fc.assert(property, runs);
  assert.ok(shortened > 1000, `only ${shortened} had any`);
});

function splitAtQuery(text: string): [string, string?] {
  const mark = text.indexOf('?');
  return mark < 0 ? [text] : [text.slice(0, mark), text.slice(mark + 1)];
}

test('no `;jsessionid=` is left in the path, but behind dots', () => {
  fc.assert(
    fc.property(url, (text) => {
      assert.doesNotMatch(withoutSessionIds(text), /^[^?]*(?<!\/\.\.?);jsessionid=/i);
    }),
    runs,
  );
});

test('a hostile URL of 200,000 characters takes no more than linear time', () => {
  for (const part of [
    ';jsessionid=',
    '/(S(',
    '/(A(a)S(',
    '/(A(',
    '&s=',
    '&s=a',
    '&sid=0',
    '&cfid&cftoken',
    'a1',
  ]) {
    const start = performance.now();
    withoutSessionIds(`http://a/(S(/${part.repeat(200_000 / part.length)}`);
    withoutSessionIds(`http://a/?s=${part.repeat(200_000 / part.length)}`);
    assert.ok(performance.now() - start < 1000, part);
  }
});
