// Pages that are made to cost much or to break the reader: bounds on links, memory and time.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readPage } from '../../../src/page/links.ts';

const pageUrl = 'http://host.example/dir/page.html?q=1';

const links = (html: string) => readPage(html, pageUrl, {}).links;

test('no more than 200,000 links are read, nor more text than memory should hold', () => {
  let html = '';
  for (let i = 0; i < 250_000; i++) html += `<a href=${i}>`;
  assert.equal(links(html).length, 200_000);
  const long = `<base href=/${'x'.repeat(7000)}/>${html}`;
  assert.ok(links(long).length > 1000);
  assert.ok(links(long).length * 7000 < 20_000_000);
});

test('a hostile page of a megabyte takes no more than linear time', () => {
  const pieces = [
    '<svg>',
    '<x>',
    '</x>',
    '<a href=&',
    '<![CDATA[>',
    '<!--',
    '<title>&',
    '<template>',
    '<svg><desc>',
    '</desc>',
    '<a a',
    '&#',
    '<',
  ];
  for (const piece of pieces) {
    const time = (size: number) => {
      const html = piece.repeat(size / piece.length);
      const start = performance.now();
      links(html);
      links(`${html}</desc></svg>">${html}`);
      links(`${html}${'</mi>'.repeat(size / 5)}`);
      return performance.now() - start;
    };
    // Quadratic time would be a hundred times what linear time is, which is some milliseconds.
    assert.ok(time(1_000_000) < 2000 + 40 * time(100_000), piece);
  }
});

test('no text makes it throw, and every link found is a normalised URL', () => {
  const piece = fc.constantFrom(
    ...[
      '<a href=',
      '<a ',
      'href="',
      "'",
      '"',
      '>',
      '/>',
      '</a>',
      '<svg>',
      '</svg>',
      '<desc>',
      '<title>',
      '</title>',
      '<base href=',
      '<template>',
    ],
    ...[
      '</template>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<script>',
      '</script>',
      '&amp;',
      '&',
      '&#x',
      ' ',
      '=',
      '/',
      '<',
      '?',
      'x',
      '\0',
      'ü',
      '\ud800',
    ],
    ...[
      '<meta http-equiv=refresh content="',
      '<meta name=robots content=',
      '0;url=',
      '<link rel=next href=',
      '<math>',
      '<mi>',
      '<p>',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.boolean(), (pieces, xhtml) => {
      const page = readPage(pieces.join(''), pageUrl, {}, { xhtml });
      for (const link of page.links) assert.equal(new URL(link).href, link);
    }),
    { numRuns: 10_000 },
  );
});
