// What headers and the head of a page say about its use. test/integration/usage.test.ts has a row for each
// statement; here is what holds for any of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readPage } from '../../../src/page/links.ts';
import { usageOfAnswer } from '../../../src/page/usage.ts';
import { combined } from '../../../src/usage/statement.ts';

const page = (html: string) => readPage(html, 'http://h.example/', {}, { robot: 'drover' });
const shown = (html: string) => page(html).statements.map(({ name, value }) => `${name}: ${value}`);

test('tags that speak of use are found, each once, in their order; those for others and empty ones are not', () => {
  const html = `<meta name=" Robots " content="noindex"><meta name=robots content=noindex><meta name=googlebot content=noai>
    <META CONTENT='noai, &quot;x' NAME=DROVER><meta name=tdm-reservation content=" "><meta name=tdm-reservation>
    <meta name=tdm-policy content=/p><meta name=description content=x><link rel="nofollow license" href=/l><link rel=license>
    <template><meta name=robots content=none></template><!-- <meta name=robots content=none> -->`;
  const found = ['robots: noindex', 'drover: noai, "x', 'tdm-policy: /p', 'license: </l>; rel="license"'];
  assert.deepEqual(shown(html), found);
});

test('a page with tags without end gives a bounded number of statements', () => {
  const tags = Array.from({ length: 5000 }, (_, at) => `<meta name=robots content=x${at}>`).join('');
  assert.equal(shown(tags).length, 1000);
});

test('noai counts for all robots and for ours, not as a value or for another', () => {
  const says = (tag: string) => combined(usageOfAnswer({ 'x-robots-tag': tag }, [], 'drover'))['train-ai'];
  for (const tag of ['noai', 'NoAI', 'noindex, noai', 'drover: noai', 'otherbot: none\nnoai', '*: noai'])
    assert.equal(says(tag), 'n', tag);
  for (const tag of [
    'noimageai',
    'otherbot: noai',
    'max-image-preview: noai',
    'noaix',
    'otherbot: nofollow, noai',
    '',
  ])
    assert.equal(says(tag), undefined, tag);
});

test('headers without a statement give none, whatever they are', () => {
  const names = fc.constantFrom('date', 'server', 'set-cookie', 'content-type', 'etag', 'x-usage', 'license');
  fc.assert(
    fc.property(fc.dictionary(names, fc.string()), (headers) =>
      assert.deepEqual(
        usageOfAnswer({ ...headers, link: '</a>; rel=next', 'x-robots-tag': ' ' }, [], 'drover'),
        [],
      ),
    ),
  );
});

test('of a Link header, the links of the page itself with rel=license are kept as they stand', () => {
  const links =
    '<a,b>; rel="Next License" ; type="x;y",<c>; rel=license; anchor="/z", <d>; rel=next; rel=license';
  const found = usageOfAnswer({ link: links }, [], 'drover');
  assert.deepEqual(
    found.map(({ value }) => value),
    ['<a,b>; rel="Next License" ; type="x;y"'],
  );
});
