// Queries of links in the character set of their page. The expected values were seen in Chromium.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createLinkResolver } from '../../../src/url/normalize.ts';
import { queryEncoder } from '../../../src/url/query-charset.ts';

// biome-ignore format: one line a row
const rows: [charset: string, href: string, url: string][] = [
  ['windows-1251', '/п?п#п', 'http://h/%D0%BF?%EF'],
  ['windows-1251', '/п', 'http://h/%D0%BF'],
  ['windows-1251', '#a?п', 'http://h/d/p?x'],
  ['windows-1251', '?é', 'http://h/d/p?%26%23233%3B'],
  ['windows-1251', '//п.example/?п', 'http://xn--o1a.example/?%EF'],
  ['windows-1251', ' ?п\n ', 'http://h/d/p?%EF'],
  ['windows-1251', '?\tп\r\nп', 'http://h/d/p?%EF%EF'],
  ['windows-1251', '?%D0%BF%D0п', 'http://h/d/p?%D0%BF%D0%EF'],
  ['windows-1252', '?€\ud800', 'http://h/d/p?%80%26%2365533%3B'],
  ['shift_jis', '?日本', 'http://h/d/p?%93%FA%96{'],
  ['gbk', '?😀é', 'http://h/d/p?%26%23128512%3B%A8%A6'],
  ['gb18030', '?😀', 'http://h/d/p?%949%FC6'],
  ['x-user-defined', '?\uf7e9', 'http://h/d/p?%E9'],
  ['utf-8', '?п', 'http://h/d/p?%D0%BF'],
  ['utf-16be', '?п', 'http://h/d/p?%D0%BF'],
  ['replacement', '?п', 'http://h/d/p?%D0%BF'],
];

for (const [charset, href, url] of rows)
  test(`${JSON.stringify(href)} of a page in ${charset} is ${url}`, () => {
    assert.equal(createLinkResolver('http://h/d/p?x', {}, charset)(href), url);
  });

test('a page in UTF-8 pays nothing', () => {
  for (const charset of ['utf-8', 'utf-16le', 'utf-16be', 'replacement'])
    assert.equal(queryEncoder(charset), null);
});
