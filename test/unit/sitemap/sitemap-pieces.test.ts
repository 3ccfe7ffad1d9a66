// Properties of reading sitemaps: a text in pieces reads like a whole one, what was written comes back, and
// nothing throws.
import assert from 'node:assert/strict';
import test from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { type SitemapFacts, SitemapReader } from '../../../src/sitemap/sitemap.ts';
import { read, urlset } from '../../support/sitemaps.ts';

const cutAt = fc.array(fc.nat(), { maxLength: 20 });
const scrap = fc.constantFrom(
  ...[
    '<urlset>',
    '<sm:urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9">',
    '</urlset>',
    '<url>',
    '<sm:url>',
    '</url>',
    '<loc>',
    '</loc>',
    '</sm:loc>',
  ],
  ...[
    '<lastmod>2024</lastmod>',
    '<a',
    ' b="c>d"',
    '>',
    '/>',
    '<',
    '&',
    '&amp;',
    '&#x26;',
    '&#',
    ';',
    '<![CDATA[',
    ']]',
    ']]>',
    '<!--',
    '-->',
    '<?x',
    '?>',
  ],
  ...[
    '<!DOCTYPE x [',
    '<!ENTITY a "',
    '">',
    ']>',
    'http://h.example/',
    'é😀',
    '\n',
    ' ',
    '#',
    '<feed>',
    '<entry>',
    '<link href="/x?&lt;"',
    '</entry>',
  ],
);

function readInPieces(text: string, cuts: readonly number[]): SitemapFacts {
  const reader = new SitemapReader(1000);
  const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    if (!reader.write(text.slice(start, end))) break;
    start = end;
  }
  return reader.end();
}

test('however a text is cut into pieces, the same is read', () => {
  const start = fc.constantFrom('<urlset><url><loc>', '<urlset>', '', 'http://h.example/\n', '<feed><entry>');
  fc.assert(
    fc.property(start, fc.array(scrap, { maxLength: 60 }), cutAt, (head, scraps, cuts) => {
      const text = head + scraps.join('');
      const whole = readInPieces(text, []);
      const pieces = readInPieces(text, cuts);
      const letters = readInPieces(
        text,
        Array.from({ length: text.length }, (_, i) => i),
      );
      for (const facts of [pieces, letters]) {
        assert.deepEqual([facts.kind, facts.entries], [whole.kind, whole.entries]);
      }
    }),
    { numRuns: 1000 },
  );
});

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const writings = fc.constantFrom<(text: string) => string>(
  escaped,
  (text) => escaped(text).replaceAll('&#38;', '&amp;'),
  (text) => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`,
  (text) => `\n  ${escaped(text)}<!-- comment -->\t`,
  (text) => [...text].map((character) => `&#x${character.codePointAt(0)?.toString(16)};`).join(''),
);
const value = (maxLength: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength })
    .filter((text) => text === text.trim() && text !== '' && !/[\0\r]/.test(text));
const written = fc.record({ url: value(200), lastmod: fc.option(value(20)), write: writings });

test('a urlset comes back as it was written, however it is cut, in whatever character set', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(written, { maxLength: 30 }),
      cutAt,
      fc.boolean(),
      async (list, cuts, isUtf16) => {
        const xml = urlset(
          list
            .map(
              ({ url, lastmod, write }) =>
                `<url><loc>${write(url)}</loc>${lastmod === null ? '' : `<lastmod>${write(lastmod)}</lastmod>`}</url>`,
            )
            .join('\n'),
        );
        const expected = list.map(({ url, lastmod }) => ({ url, lastmod }));
        assert.deepEqual(readInPieces(xml, cuts), { kind: 'urlset', entries: expected, warnings: [] });
        const body = isUtf16 ? Buffer.from(`\ufeff${xml}`, 'utf16le') : zlib.gzipSync(xml);
        assert.deepEqual((await read(body)).entries, expected);
      },
    ),
    { numRuns: 100 },
  );
});

test('no body makes it throw', async () => {
  const types = fc.constantFrom(
    '',
    'text/xml',
    'text/plain; charset=shift_jis',
    'x; charset=utf-16be',
    'x; charset=iso-2022-kr',
    ';;;charset==',
  );
  const starts = fc.constantFrom(
    '',
    '\x1f\x8b',
    '\x1f\x8b\x08\0\0\0\0\0\0\0',
    '\xff\xfe',
    '<urlset><url><loc>',
    '<?xml encoding="gb18030"?><urlset>',
  );
  await fc.assert(
    fc.asyncProperty(starts, fc.uint8Array({ maxLength: 300 }), types, async (start, bytes, type) => {
      const facts = await read(Buffer.concat([Buffer.from(start, 'latin1'), bytes]), type);
      assert.ok(facts.kind !== 'none' || facts.entries.length === 0);
    }),
    { numRuns: 1000 },
  );
});
