// What a body is, by its Content-Type and, where that says nothing, by its first bytes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { isNoSniff, type MediaType, mediaTypeOf } from '../../../../src/fetch/body/media-type.ts';

const html = '<!DOCTYPE html><p>';

/** Content-Type, with its lines joined by commas; the type, its kind and its character set. */
// biome-ignore format: one line a row
const named: [contentType: string, essence: string | null, kind: MediaType['kind'], charset: string | null][] = [
  ['text/html', 'text/html', 'html', null],
  [' TEXT/Html ;Charset=UTF-8', 'text/html', 'html', 'utf-8'],
  ['text/html,text/html', 'text/html', 'html', null],
  ['text/html, text/html; charset=windows-1251', 'text/html', 'html', 'windows-1251'],
  ['text/html; charset=windows-1251, text/html', 'text/html', 'html', 'windows-1251'],
  ['text/html; charset=koi8-r, text/html; charset=gbk', 'text/html', 'html', 'gbk'],
  ['text/html; charset=koi8-r, text/plain', 'text/plain', 'text', null],
  ['text/html; charset=koi8-r, text/plain, text/html', 'text/html', 'html', null],
  ['text/plain, text/html', 'text/html', 'html', null],
  ['text/html, */*; charset=gbk', 'text/html', 'html', null],
  ['text/html, rubbish', 'text/html', 'html', null],
  ['text/html; x=", text/plain"', 'text/html', 'html', null],
  ['text/html; x="a\\", text/plain', 'text/html', 'html', null],
  ['text/html;x=";charset=koi8-r"', 'text/html', 'html', null],
  ['text/html; x="charset=koi8-r"; charset=windows-1251', 'text/html', 'html', 'windows-1251'],
  ['text/html; xcharset=koi8-r', 'text/html', 'html', null],
  ['text/html; charset="shift\\_jis"', 'text/html', 'html', 'shift_jis'],
  ['text/html; charset="koi8-r', 'text/html', 'html', 'koi8-r'],
  ['text/html; charset=; charset=koi8-r', 'text/html', 'html', 'koi8-r'],
  ['text/html; charset=gbk; charset=koi8-r', 'text/html', 'html', 'gbk'],
  ['text/html; charset="gbk"x; y', 'text/html', 'html', 'gbk'],
  ["text/html; charset='gbk'", 'text/html', 'html', null],
  ['text/html; charset = gbk', 'text/html', 'html', null],
  ['text/html; charset=nonsense', 'text/html', 'html', null],
  ['text/html;', 'text/html', 'html', null],
  ['*/*', null, 'html', null],
  ['unknown/unknown', 'unknown/unknown', 'html', null],
  ['application/unknown; charset=koi8-r', 'application/unknown', 'html', 'koi8-r'],
  ['html', null, 'html', null],
  ['text/', null, 'html', null],
  ['text html', null, 'html', null],
  ['', null, 'html', null],
  ['application/xhtml+xml', 'application/xhtml+xml', 'xml', null],
  ['application/xml', 'application/xml', 'xml', null],
  ['text/xml', 'text/xml', 'xml', null],
  ['image/svg+xml', 'image/svg+xml', 'xml', null],
  ['text/html5', 'text/html5', 'text', null],
  ['text/plain', 'text/plain', 'text', null],
  ['application/json', 'application/json', 'text', null],
  ['application/ld+json', 'application/ld+json', 'text', null],
  ['application/x-javascript', 'application/x-javascript', 'text', null],
  ['application/octet-stream', 'application/octet-stream', 'binary', null],
  ['image/png', 'image/png', 'binary', null],
];

for (const [contentType, essence, kind, charset] of named)
  test(`Content-Type ${contentType}: ${essence}, ${kind}, ${charset}`, () => {
    assert.deepEqual(mediaTypeOf(contentType, Buffer.from(html)), { essence, kind, charset });
  });

// biome-ignore format: one line a row
const sniffed: [body: string, kind: MediaType['kind'], withNoSniff: MediaType['kind']][] = [
  [html, 'html', 'text'], ['\n\t <HTML lang=de>', 'html', 'text'], ['<!-- hello --><p>', 'html', 'text'], ['<!--x', 'html', 'text'],
  ['<body>', 'html', 'text'], ['<h1>', 'html', 'text'], ['<a href=x>', 'html', 'text'], ['<p\n', 'html', 'text'],
  ['<htmlx>', 'text', 'text'], ['<abbr>', 'text', 'text'], ['<rss>', 'text', 'text'], ['hello', 'text', 'text'], ['', 'text', 'text'],
  ['<?xml version="1.0"?>', 'xml', 'text'], [' \n<?xml', 'xml', 'text'], ['{"a":1}', 'text', 'text'],
  ['\xef\xbb\xbf<!doctype html>', 'text', 'text'], ['\xff\xfe<\0p\0>\0', 'text', 'text'],
  ['%PDF-1.7', 'binary', 'binary'], ['%!PS-Adobe-3', 'binary', 'binary'], ['\x89PNG\r\n\x1a\n', 'binary', 'binary'],
  ['\x1f\x8b\x08', 'binary', 'binary'], ['caf\xe9 \x1b$B', 'text', 'text'], ['a\x0bb', 'binary', 'binary'],
  [' '.repeat(1445) + html, 'text', 'text'],
];

for (const [body, kind, withNoSniff] of sniffed)
  test(`without a type, ${JSON.stringify(body.slice(0, 30))} is ${kind}; with nosniff ${withNoSniff}`, () => {
    for (const none of [null, undefined, '', '*/*']) {
      assert.equal(mediaTypeOf(none, Buffer.from(body, 'latin1')).kind, kind);
      assert.equal(mediaTypeOf(none, Buffer.from(body, 'latin1'), true).kind, withNoSniff);
    }
  });

test('nosniff is the first value, in any case', () => {
  assert.deepEqual(['nosniff', ' NoSniff , x'].map(isNoSniff), [true, true]);
  assert.deepEqual([undefined, '', 'x, nosniff', 'nosniff; x'].map(isNoSniff), [false, false, false, false]);
});
