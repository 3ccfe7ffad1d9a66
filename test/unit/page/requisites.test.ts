// What a page and a style sheet need to be shown, and that no input makes the search for it slow.
import assert from 'node:assert/strict';
import test from 'node:test';
import { findRequisites } from '../../../src/page/requisites.ts';
import { urlsOfStyle } from '../../../src/page/style-urls.ts';

function requisitesIn(html: string, contentType = 'text/html', options = {}): string[] {
  const headers = { 'content-type': contentType };
  const answer = { finalUrl: 'http://h/p', headers, body: Buffer.from(html), text: html, charset: 'utf-8' };
  return findRequisites(answer, {}, options).map((url) => url.replace('http://h/', ''));
}

// biome-ignore format: one line a row
const pages: [html: string, found: string[]][] = [
  ['<img src=a srcset="b 1x, c 2x,d.png 3x, data:image/png;base64,AA== 4x, e 100w">', ['a', 'b', 'c', 'd.png', 'e']],
  ['<picture><source srcset="a, b 2x"><img src=c></picture><video><source src=no></video>', ['a', 'b', 'c']],
  ['<link rel=stylesheet href=a><link rel="shortcut ICON" href=b><link rel=preload as=font href=c><link rel=preload as=fetch href=no><link rel=next href=no>', ['a', 'b', 'c']],
  ['<script src=a></script><script>"<img src=no>"</script><input type=IMAGE src=b><input src=no><video poster=c>', ['a', 'b', 'c']],
  ['<style>@import "a"; p{background:url(b)}</style><p style="background:url(&quot;c&quot;)">', ['a', 'b', 'c']],
  ['<base href=/d/><img src=a><img src="#x"><img src=""><img src="data:,x"><a href=no>', ['d/a']],
  ['<svg><image xlink:href=a /><use href=b#c /></svg><template><img src=no></template><!-- <img src=no> -->', ['a', 'b']],
];
for (const [html, found] of pages)
  test(`requisites of ${html.slice(0, 60)}`, () => assert.deepEqual(requisitesIn(html), found));

test('of a style sheet its own; of HTML that stands where a picture should be, none', () => {
  assert.deepEqual(requisitesIn('a{b:url(c)}', 'text/css'), ['c']);
  assert.deepEqual(requisitesIn('<img src=a>', 'text/html', { stylesAlone: true }), []);
  assert.deepEqual(requisitesIn('<img src=a>', 'text/plain'), []);
});

// biome-ignore format: one line a row
const sheets: [css: string, urls: string[]][] = [
  ['@import url(a) screen; @import "b" supports(c: "d"); @charset "no"; @namespace url(no);', ['a', 'b']],
  ['@font-face{src:url( "a" ) format("no"),url(\'b\')}', ['a', 'b']],
  ['/* url(no) */a{content:"url(no)";b:URL(c)}', ['c']],
  ['a{b:image-set("c" 1x,url(d) 2x);e:"no"}', ['c', 'd']],
  [String.raw`a{b:url(c\20 d);e:url("f\"g");h:url(\69)}`, ['c d', 'f"g', 'i']],
  ['a{b:url(c', ['c']],
  ['a{b:url("c', ['c']],
];
for (const [css, urls] of sheets) test(`URLs of ${css}`, () => assert.deepEqual(urlsOfStyle(css), urls));

const times = 1_000_000;
const hostile = ['url(', 'url("', '@import ', '/*', '\\', '"\\a ', 'url( ', "url('a\n"].map((part) =>
  part.repeat(times),
);
const sets = [',', '()', 'a, (', 'a ('].map((part) => `<img srcset="a ${part.repeat(times)}">`);

test('many megabytes of nonsense are read in linear time', () => {
  const began = performance.now();
  for (const css of hostile) urlsOfStyle(css);
  for (const html of sets) requisitesIn(html);
  assert.ok(performance.now() - began < 10_000);
});
