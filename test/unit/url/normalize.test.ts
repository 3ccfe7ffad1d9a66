// How a URL is spelt once it is normalised, and which texts are refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createLinkResolver, normalizeUrl, type UrlRules } from '../../../src/url/normalize.ts';

function normalized(text: string, rules?: UrlRules): string | null {
  const result = normalizeUrl(text, rules);
  return 'url' in result ? result.url : null;
}

function refusal(text: string, rules?: UrlRules): string | null {
  const result = normalizeUrl(text, rules);
  return 'failure' in result ? result.failure.code : null;
}

const spellings: [string, string][] = [
  ['http://example.com', 'http://example.com/'],
  ['HTTP://EXAMPLE.com/Path', 'http://example.com/Path'],
  ['  https://example.com/a\t/b\r\n/c \n', 'https://example.com/a/b/c'],
  ['http://example.com:80/', 'http://example.com/'],
  ['https://example.com:443/', 'https://example.com/'],
  ['https://example.com:80/', 'https://example.com:80/'],
  ['http://example.com:0080/', 'http://example.com/'],
  ['http:example.com', 'http://example.com/'],
  ['http:///example.com/a', 'http://example.com/a'],
  ['http:\\\\example.com\\a\\b?c\\d', 'http://example.com/a/b?c\\d'],
  ['http://@example.com/', 'http://example.com/'],
  ['http://example.com./a', 'http://example.com./a'],
  ['http://bücher.example/ü?ü=ü#ü', 'http://xn--bcher-kva.example/%C3%BC?%C3%BC=%C3%BC'],
  ['http://ＥＸＡＭＰＬＥ.com/', 'http://example.com/'],
  ['http://ex%61mple.com/', 'http://example.com/'],
  ['http://127.1/', 'http://127.0.0.1/'],
  ['http://0x7f.1', 'http://127.0.0.1/'],
  ['http://2130706433/', 'http://127.0.0.1/'],
  ['http://[::1]:80/', 'http://[::1]/'],
  ['http://[0:0:0:0:0:FFFF:7F00:1]/', 'http://[::ffff:7f00:1]/'],
  ['http://a/b/../c/./d', 'http://a/c/d'],
  ['http://a/b/%2e%2E/c/%2e/d', 'http://a/c/d'],
  ['http://a/../../b', 'http://a/b'],
  ['http://a/...%2e/b', 'http://a/..../b'],
  ['http://a//b///c', 'http://a//b///c'],
  ['http://a/%7euser/%41%2d%5F', 'http://a/~user/A-_'],
  ['http://a/%c3%a4%2f%3f?q=%2b%26%7a', 'http://a/%C3%A4%2F%3F?q=%2B%26z'],
  ['http://a/%ff%fe?x=%e4', 'http://a/%FF%FE?x=%E4'],
  ['http://a/100%?x=%zz', 'http://a/100%?x=%zz'],
  ['http://a/%%34%31', 'http://a/%%341'],
  ['http://a/%2541', 'http://a/%2541'],
  ['http://a/a b?c d', 'http://a/a%20b?c%20d'],
  ['http://a/\'"<>`{}|^[]?\'"<>`{}|^[]', "http://a/'%22%3C%3E%60%7B%7D|%5E[]?%27%22%3C%3E`{}|^[]"],
  ['http://a/?', 'http://a/'],
  ['http://a/x?#top', 'http://a/x'],
  ['http://a/x??', 'http://a/x??'],
  ['http://a/x?a=1&&b=&=&utm_source=z&a=0', 'http://a/x?a=1&&b=&=&utm_source=z&a=0'],
  ['http://a/x#a?b#c', 'http://a/x'],
];

for (const [text, expected] of spellings) {
  test(`${JSON.stringify(text)} is ${expected}`, () => {
    assert.equal(normalized(text), expected);
    assert.equal(normalized(expected), expected);
  });
}

test('what is no URL with a host is E_URL_INVALID', () => {
  for (const text of [
    '',
    ' ',
    'http://',
    'https://?a',
    'http://#a',
    '/path',
    'example.com',
    'http://a b/',
    'http://[::1/',
  ]) {
    assert.equal(refusal(text), 'E_URL_INVALID', text);
  }
  for (const text of [
    'http://a:65536/',
    'http://a:b/',
    'http://1.2.3.256/',
    'http://a.1/',
    'http://a^b/',
    'http://\0/',
  ]) {
    assert.equal(refusal(text), 'E_URL_INVALID', text);
  }
});

test('a scheme other than http and https is E_URL_SCHEME, and localhost:3000 gets a hint', () => {
  for (const text of [
    'ftp://a/',
    'mailto:a@b.c',
    'javascript:void(0)',
    'data:,x',
    'file:///etc/passwd',
    'ws://a/',
  ]) {
    assert.equal(refusal(text), 'E_URL_SCHEME', text);
  }
  const result = normalizeUrl('localhost:3000/a');
  assert.match('failure' in result ? result.failure.message : '', /put http:\/\/ before it/);
});

test('a URL with a user name or password is refused, and the failure does not repeat it', () => {
  for (const text of [
    'http://user@a/',
    'http://user:secret@a/',
    'http://:secret@a/',
    'https://us%41er:secret@a/b',
  ]) {
    const result = normalizeUrl(text);
    assert.ok('failure' in result);
    assert.equal(result.failure.code, 'E_URL_INVALID');
    assert.match(result.failure.message, /Authorization/);
    assert.doesNotMatch(result.failure.message, /secret|user:|user@/);
  }
  assert.equal(refusal('user:secret@example.com'), 'E_URL_SCHEME');
  assert.doesNotMatch(JSON.stringify(normalizeUrl('user:secret@example.com')), /secret/);
});

test('maxLength counts the characters of the normalised URL', () => {
  assert.equal(refusal('http://a/12345', { maxLength: 13 }), 'E_URL_TOO_LONG');
  assert.equal(normalized('http://a/1234', { maxLength: 13 }), 'http://a/1234');
  assert.equal(normalized('http://a/1234#fragment', { maxLength: 13 }), 'http://a/1234');
  assert.equal(refusal('http://a/ü', { maxLength: 13 }), 'E_URL_TOO_LONG');
});

test('stripParams removes the named parameters and leaves the others in their order and spelling', () => {
  const strip = (text: string, stripParams: string[]) => normalized(text, { stripParams });
  assert.equal(strip('http://a/?b=2&utm_source=x&a=1&utm_=&gclid', ['utm_*', 'gclid']), 'http://a/?b=2&a=1');
  assert.equal(strip('http://a/?sid=1#x', ['sid']), 'http://a/');
  assert.equal(strip('http://a/?sid=1&&SID=2&sid2=3&x=sid', ['sid']), 'http://a/?&SID=2&sid2=3&x=sid');
  assert.equal(strip('http://a/?%73id=1&b', ['sid']), 'http://a/?b');
  assert.equal(strip('http://a/sid=1/utm_x', ['*']), 'http://a/sid=1/utm_x');
  assert.equal(strip('http://a/x?a=1&b', ['*']), 'http://a/x');
});

test('relative texts are resolved against the base', () => {
  const base = 'http://a/b/c?d=1';
  const cases = {
    '': 'http://a/b/c?d=1',
    '#x': 'http://a/b/c?d=1',
    '?': 'http://a/b/c',
    '?e': 'http://a/b/c?e',
    '../x': 'http://a/x',
  };
  for (const [href, expected] of Object.entries(cases))
    assert.equal(normalized(href, { base }), expected, href);
  assert.equal(normalized('//h/x', { base }), 'http://h/x');
  assert.equal(normalized('https:x', { base }), 'https://x/');
  assert.equal(refusal('x', { base: 'nothing' }), 'E_URL_INVALID');
});

test('a base that cannot carry links leaves the absolute ones', () => {
  const resolve = createLinkResolver('http://user:secret@a/');
  assert.equal(resolve('/x'), null);
  assert.equal(resolve('http://b/'), 'http://b/');
  assert.equal(createLinkResolver('ftp://a/b')('c'), null);
  assert.equal(createLinkResolver('ftp://a/b')('http://b/c'), 'http://b/c');
});
