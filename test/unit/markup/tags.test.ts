import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Parser } from 'htmlparser2';
import { scanTags, type Tag } from '../../../src/markup/tags.ts';

const attributes = ['href', 'src', 'rel', 'content'];
type Found = [name: string, values: (string | undefined)[]];

function scanned(html: string): Found[] {
  const found: Found[] = [];
  const take = (tag: Tag) => found.push([tag.name, attributes.map((attribute) => tag.get(attribute))]) > 0;
  scanTags(html, { take, takeTitle: () => undefined });
  return found;
}

const taken = new Set(['a', 'area', 'base', 'frame', 'iframe', 'link', 'meta']);

function parsed(html: string): Found[] {
  const found: Found[] = [];
  const parser = new Parser({
    onopentag(name, values) {
      if (taken.has(name)) found.push([name, attributes.map((attribute) => values[attribute])]);
    },
  });
  parser.end(html);
  return found;
}

// Without SVG, CDATA and templates, which only a parser or only a scanner knows.
const piece = fc.constantFrom(
  ...[
    '<a href=/1>',
    '<a href="/2&amp;x"',
    "<a href='/3'/>",
    '<A\nHREF\f=\r/4 REL = "next">',
    '<area href=',
    '<link rel="a b" href=/5>',
    '<base href>',
  ],
  ...[
    '<meta content="0;url=/6">',
    '<iframe src=/7>',
    '</iframe>',
    '<frame src="',
    '<p class="a>b" id=c>',
    '<a',
    '<abbr href=/8>',
    '<a-b href=/9>',
    '<a/href=/10/>',
  ],
  ...[
    '</a>',
    '</p>',
    '</ ',
    '</>',
    '</',
    '<script>',
    '</script>',
    '</script',
    '<style>',
    '</style >',
    '<title>',
    '</title/',
    '<textarea>',
    '</TEXTAREA>',
    '<xmp>',
    '</xmp>',
  ],
  ...[
    '<noscript>',
    '<noembed>',
    '</noembed>',
    '<!--',
    '-->',
    '--!>',
    '<!-->',
    '<!--->',
    '-',
    '--',
    '<!',
    '<!doctype html>',
    '<?',
    '>',
    '<',
    '"',
    "'",
    '=',
    '/',
    ' ',
    '\t',
    '\n',
  ],
  ...['href', 'href=', 'href="', '&amp;', '&', '&lt', '&copy=', '&#x41;', 'x', 'ü', '😀'],
);
/** An end tag with an attribute, or <!-- in a script. */
const isReadDifferently = /<\/[a-z][^>]*=|<script.*<!--/is;
const html = fc
  .array(piece, { maxLength: 15 })
  .map((pieces) => pieces.join(''))
  .filter((text) => !isReadDifferently.test(text));

test('the scanner finds the tags and attributes that htmlparser2 finds', () => {
  fc.assert(
    fc.property(html, (text) => assert.deepEqual(scanned(text), parsed(text))),
    { numRuns: 30_000 },
  );
});

test('where htmlparser2 differs from browsers, the scanner is with the browsers', () => {
  const hrefs = (text: string) => scanned(text).map(([, [href]]) => href);
  // An end tag has attributes too, and only loses them.
  assert.deepEqual(hrefs('<p></p title="><a href=1>"><a href=2>'), ['2']);
  // Within <!-- in a script, <script> takes the next </script> with it.
  assert.deepEqual(hrefs('<script><!-- "<script></script><a href=1>" --></script><a href=2>'), ['2']);
  assert.deepEqual(hrefs('<script><!-- <script></script></script><a href=2>'), ['2']);
  assert.deepEqual(hrefs('<script><!--> <script></script><a href=2>'), ['2']);
  assert.deepEqual(hrefs('<script><!-- <script> --> </script><a href=2>'), ['2']);
  assert.deepEqual(hrefs('<script><!-- <script> <!-- </script><a href=1></script><a href=2>'), ['2']);
  assert.deepEqual(hrefs('<script><!-- <scripty></script><a href=2>'), ['2']);
  assert.deepEqual(hrefs('<script><!-- <script><a href=1></script><a href=1>'), []);
  assert.deepEqual(hrefs('<script></script><!-- <script> --><a href=2>'), ['2']);
});

test('the scan ends when the taker has had enough', () => {
  let count = 0;
  const take = () => {
    count += 1;
    return count < 3;
  };
  scanTags('<a>'.repeat(10), { take, takeTitle: () => undefined });
  assert.equal(count, 3);
});
