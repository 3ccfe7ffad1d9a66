import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createScope } from '../../../src/crawl/scope.ts';
import type { DroverError } from '../../../src/errors.ts';
import { compileUrlPattern } from '../../../src/url/url-pattern.ts';

type Settings = Parameters<typeof createScope>[0];

const open: Settings = {
  scope: 'any',
  include: [],
  exclude: [],
  depth: null,
  allowPort: [],
  checkExternal: false,
};
const page = 'https://www.example.com/dir/page';

function accepted(settings: Partial<Settings>, links: string[], from = page): string[] {
  const scope = createScope({ ...open, ...settings });
  return links.filter((link) => scope.refuses(link, from, 1) === null);
}

const neighbours = [
  'https://www.example.com/x',
  'http://www.example.com/x',
  'https://www.example.com:8443/x',
  'http://www.example.com:443/x',
  'https://example.com/x',
  'https://a.b.example.com/x',
  'https://www.example.com.evil.example/x',
  'https://wwwxexample.com/x',
  'https://www.example.org/x',
  'https://other.example/www.example.com/x',
];

test('host is the same name and port, whether http or https', () => {
  assert.deepEqual(accepted({ scope: 'host' }, neighbours), neighbours.slice(0, 2));
  assert.deepEqual(
    accepted({ scope: 'host' }, ['http://a:81/', 'http://a/', 'https://a:81/'], 'http://a:81/x'),
    ['http://a:81/', 'https://a:81/'],
  );
});

test('origin is the same scheme, name and port', () => {
  assert.deepEqual(accepted({ scope: 'origin' }, neighbours), neighbours.slice(0, 1));
});

test('domain is the same registrable domain, on any port', () => {
  assert.deepEqual(accepted({ scope: 'domain' }, neighbours), neighbours.slice(0, 6));
  const pages = ['https://a.github.io/', 'https://b.github.io/', 'https://x.a.github.io/'];
  assert.deepEqual(accepted({ scope: 'domain' }, pages, 'https://a.github.io/'), [pages[0], pages[2]]);
  const shops = ['https://a.co.uk/', 'https://b.co.uk/'];
  assert.deepEqual(accepted({ scope: 'domain' }, shops, 'https://a.co.uk/'), ['https://a.co.uk/']);
  const hosts = ['http://127.0.0.1:8080/', 'http://127.0.0.2/', 'http://[::1]/', 'http://localhost/'];
  for (const host of hosts) assert.deepEqual(accepted({ scope: 'domain' }, hosts, host), [host]);
});

test('any is every link', () => {
  assert.deepEqual(accepted({ scope: 'any' }, neighbours), neighbours);
});

test('the page that is asked about may change from link to link', () => {
  const scope = createScope({ ...open, scope: 'host' });
  const pages = ['http://a/', 'http://b/', 'http://a:81/'];
  fc.assert(
    fc.property(fc.constantFrom(...pages), fc.constantFrom(...pages), (link, from) => {
      assert.equal(scope.refuses(link, from, 1) === null, link === from);
    }),
  );
});

test('a link deeper than --depth is E_DEPTH, seeds included; without --depth no link is too deep', () => {
  const scope = createScope({ ...open, depth: 2 });
  assert.equal(scope.refuses('http://a/', page, 2), null);
  assert.equal(scope.refuses('http://a/', page, 3)?.code, 'E_DEPTH');
  assert.equal(createScope({ ...open, depth: 0 }).refuses('http://a/', null, 0), null);
  assert.equal(createScope({ ...open, depth: 0 }).refuses('http://a/', null, 1)?.code, 'E_DEPTH');
  assert.equal(createScope(open).refuses('http://a/', page, 1e9), null);
});

test('a seed is in scope wherever it is', () => {
  const scope = createScope({
    scope: 'host',
    include: ['/x'],
    exclude: ['**'],
    depth: null,
    allowPort: [],
    checkExternal: false,
  });
  assert.equal(scope.refuses('http://a/', null, 0), null);
});

test('a refusal names the rule', () => {
  const refusal = (settings: Partial<Settings>) => {
    const found = createScope({ ...open, ...settings }).refuses('http://a/x.pdf', page, 1);
    assert.equal(found?.code, 'E_SCOPE');
    return found?.message ?? '';
  };
  assert.match(refusal({ scope: 'host' }), /Its host differs from that of the page/);
  assert.match(refusal({ scope: 'domain' }), /Its domain differs from that of the page/);
  assert.match(refusal({ exclude: ['/y', '*.pdf'] }), /It matches --exclude \*\.pdf\./);
  assert.match(refusal({ include: ['/y'] }), /It matches no --include\./);
});

test('a link must match one include, if there are any, and no exclude', () => {
  const links = ['http://a/blog/1', 'http://a/blog/1.pdf', 'http://a/shop/1', 'http://a/news/1'];
  assert.deepEqual(accepted({ include: ['/blog/**', '/news/**'] }, links), [links[0], links[1], links[3]]);
  assert.deepEqual(accepted({ exclude: ['/blog/**', '*.pdf'] }, links), [links[2], links[3]]);
  assert.deepEqual(accepted({ include: ['/blog/**'], exclude: ['*.pdf'] }, links), [links[0]]);
});

const patterns: [pattern: string, matching: string[], others: string[]][] = [
  [
    'http://x/a/**',
    ['http://x/a/', 'http://x/a/b/c?d=/e', 'http://x/a', 'http://x/a/.b/c'],
    ['http://x/ab', 'https://x/a/b', 'http://y/a/b', 'http://x/b/http://x/a/'],
  ],
  [
    'http://x/a/*',
    ['http://x/a/b', 'http://x/a/b?c'],
    ['http://x/a/b/c', 'http://x/a/b?c=/d', 'http://x/a/', 'http://x/a'],
  ],
  ['http*://x/**', ['http://x/', 'https://x/a'], ['http://x:81/', 'http://xy/']],
  [
    'HTTP://X.example/Ä b/%c3%a4',
    ['http://x.example/%C3%84%20b/%C3%A4'],
    ['http://x.example/%C3%84%20B/%C3%A4'],
  ],
  ['http://x', ['http://x/'], ['http://x/a', 'http://xy/']],
  ['http://**', ['http://x/', 'http://x/a/b?c'], ['https://x/']],
  [
    '*.pdf',
    [
      'http://x/a.pdf',
      'http://x/b/c.pdf',
      'http://x/a.pdf?v=1&p=/x',
      'http://x/get?f=b.pdf',
      'http://x/get?f=/a/b.pdf',
      'http://x/.pdf',
    ],
    ['http://x.pdf/', 'http://x/a.pdf/b', 'http://x/a.pdfx', 'http://x/apdf'],
  ],
  ['*.{jpg,png}', ['http://x/a.jpg', 'http://x/a.png'], ['http://x/a.gif', 'http://x/a.jpgpng']],
  [
    'login',
    ['http://x/login', 'http://x/a/login?next=/b'],
    ['http://login/', 'http://x/login/', 'http://x/logins'],
  ],
  [
    '/blog/**',
    ['http://x/blog/', 'https://y:81/blog/a/b', 'http://x/blog', 'http://x/blog/?back=/a/../b/./c/..'],
    ['http://x/a/blog/b', 'http://x/blogs/a', 'http://blog/a'],
  ],
  ['/blog/*?page=*', ['http://x/blog/a?page=2'], ['http://x/blog/a', 'http://x/blog/a/b?page=2']],
  ['/**/*.pdf', ['http://x/a.pdf', 'http://x/a/b/c.pdf'], ['http://x/a.pdf?b']],
  ['/en/us', ['http://x/en/us'], ['http://x/en/us/', 'http://x/de/en/us']],
  ['/docs**', ['http://x/docs', 'http://x/docs-2/a/b', 'http://x/docs/a'], ['http://x/a/docs']],
  ['/a**/z', ['http://x/a/z', 'http://x/ab/z', 'http://x/ab/c/d/z'], ['http://x/b/z', 'http://x/az']],
  ['/', ['http://x/'], ['http://x/a', 'http://x/?a', 'http://x/a/']],
  [
    '/wiki/Foo_(bar|baz)',
    ['http://x/wiki/Foo_(bar|baz)'],
    ['http://x/wiki/Foo_bar', 'http://x/wiki/Foo_(bar'],
  ],
  ['/a+b@c!d', ['http://x/a+b@c!d'], ['http://x/aab@c!d']],
  ['!/a', [], ['http://x/a', 'http://x/b']],
  [
    '*.Example.com/**',
    ['http://www.example.com/', 'https://a.b.example.com/c/d'],
    ['http://example.com/', 'http://x/www.example.com/', 'http://www.example.com:81/'],
  ],
  [
    '**/private/**',
    ['http://x/private/', 'http://x/a/b/private/c'],
    ['http://x/privates/a', 'http://x/a?private/'],
  ],
  ['*', ['http://x/', 'http://x/a/b?c'], []],
  ['**', ['http://x/', 'http://x/a/b?c'], []],
  ['/blog/', ['http://x/blog', 'http://blog.example/'], ['http://x/Blog']],
  ['/blog/i', ['http://x/Blog'], ['http://x/b']],
  [
    '/^https?:\\/\\/x\\/(a|b)\\d+$/',
    ['http://x/a1', 'https://x/b22'],
    ['http://x/a', 'http://x/a1?b', 'http://x/http://x/a1'],
  ],
];

for (const [pattern, matching, others] of patterns) {
  test(`the pattern ${pattern} matches what it says`, () => {
    const matches = compileUrlPattern(pattern, '--include');
    for (const url of [...matching, ...matching]) assert.ok(matches(url), `should match ${url}`);
    for (const url of [...others, ...others]) assert.ok(!matches(url), `should not match ${url}`);
  });
}

test('a malformed pattern is E_SETTING and names the setting', () => {
  for (const pattern of ['/(/', '/[z-a]/', '/a(b)/g', '/*/', '/a[z-a]', '/x/{a']) {
    const isExpected = (error: DroverError) =>
      error.code === 'E_SETTING' && error.detail.startsWith(`--exclude ${pattern}: `);
    assert.throws(() => createScope({ ...open, exclude: [pattern] }), isExpected, pattern);
  }
  assert.throws(() => createScope({ ...open, include: ['/(/'] }), {
    code: 'E_SETTING',
    message: /--include/,
  });
});
