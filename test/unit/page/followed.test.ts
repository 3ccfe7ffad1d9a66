// What is said to be followed is what readPage follows.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FOLLOWED } from '../../../src/page/followed.ts';
import { readPage } from '../../../src/page/links.ts';

const linksOf = (html: string) => readPage(html, 'http://host.example/', {}).links;

test('every example of what is followed gives its link, and what is not named gives none', () => {
  for (const [words, html] of Object.entries(FOLLOWED))
    assert.deepEqual(linksOf(html), ['http://host.example/followed'], words);
  const elements =
    'img script audio video source embed track input object form button q blockquote div'.split(' ');
  const attributes = 'src href data action cite formaction poster srcset'.split(' ');
  for (const element of elements)
    for (const attribute of attributes) {
      const html = `<${element} ${attribute}="/other"></${element}>`;
      assert.deepEqual(linksOf(html), [], html);
    }
  assert.deepEqual(linksOf('<link rel="stylesheet" href="/other"><link rel="icon" href="/other">'), []);
});
