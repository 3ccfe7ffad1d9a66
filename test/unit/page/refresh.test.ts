// Where a page that refreshes leads to.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readPage } from '../../../src/page/links.ts';

const pageUrl = 'http://host.example/dir/page.html?q=1';

const paths = (html: string) =>
  readPage(html, pageUrl, {}).links.map((link) => link.replace('http://host.example', ''));

test('refresh is read by the steps of the HTML standard', () => {
  const targets: [string, string | null][] = [
    ['5; url=/a', '/a'],
    ['0;/a', '/a'],
    ['0, url = /a', '/a'],
    ['0 /a', '/a'],
    ['  3.5 ; URL="/a\'b"c', "/a'b"],
    [".5;url='/a", '/a'],
    ["0;'/a'b", '/a'],
    ['0;url=/a b ', '/a%20b'],
    ['0;url', '/dir/url'],
    ["0;ux='y'", "/dir/ux='y'"],
    ['0;/a;/b', '/a;/b'],
    ['0;;/a', '/dir/;/a'],
    ['5', null],
    ['5;', null],
    ['5 ', null],
    ['', null],
    ['/a', null],
    ['url=/a', null],
    [';url=/a', null],
    ['-1;url=/a', null],
    ['5x;url=/a', null],
    ['0;url=javascript:alert(1)', null],
  ];
  for (const [content, path] of targets) {
    const html = `<meta http-equiv=refresh content="${content.replaceAll('"', '&quot;')}">`;
    assert.deepEqual(paths(html), path === null ? [] : [path], content);
  }
});
