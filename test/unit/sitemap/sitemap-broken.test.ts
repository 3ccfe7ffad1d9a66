// What is read of a sitemap that is broken, too long or hostile, and how it is told.
import assert from 'node:assert/strict';
import test from 'node:test';
import { entry, MiB, manyEntries, read, sound, urlset, urlsOf, warned } from '../../support/sitemaps.ts';

test('what comes after a limit is not read, and the log is told', async () => {
  const ten = manyEntries(10);
  const entries = await read(ten, '', { maxEntries: 9, maxBytes: MiB });
  assert.deepEqual(
    [entries.entries.length, entries.warnings],
    [9, ['It has more than 9 entries: the rest is not read.']],
  );
  assert.deepEqual((await read(ten, '', { maxEntries: 10, maxBytes: ten.length })).warnings, []);
  const lines = await read('http://h.example/1\nhttp://h.example/2', '', { maxEntries: 1, maxBytes: MiB });
  assert.deepEqual([urlsOf(lines), lines.warnings.length], [['http://h.example/1'], 1]);
  for (let maxBytes = 0; maxBytes < ten.length; maxBytes++) {
    const facts = await read(ten, '', { maxEntries: 10, maxBytes });
    assert.equal(facts.entries.length, ten.slice(0, maxBytes).split('</loc>').length - 1);
    assert.ok(facts.warnings.includes(`It is longer than ${maxBytes} bytes: the rest is not read.`));
  }
  assert.deepEqual(
    urlsOf(await read('http://h.example/1\nhttp://h.example/2', '', { maxEntries: 9, maxBytes: 30 })),
    ['http://h.example/1'],
  );
});

test('of broken XML every entry with a whole URL counts', async () => {
  const [a, b] = ['http://h.example/a', 'http://h.example/b'];
  for (const [inner, urls, warning] of [
    [`<url><loc>${a}</loc>${entry(b)}`, [a, b], /not closed/],
    [`<url><loc>${a}</loc><image:image></url>${entry(b)}`, [a, b], /not closed/],
    [`<url><x><y><loc>no</loc></x></y><loc>${a}</loc></url>${entry(b)}`, [a, b], /no start tag/],
    [`<url><changefreq>daily<loc>${a}</loc></url>${entry(b)}`, [a, b], /not closed/],
    [`<url><loc>${a}<lastmod>2024</lastmod></url>${entry(b)}`, [b], /not closed/],
    [`<url><loc>${a}<changefreq>daily</changefreq></url>${entry(b)}`, [b], /not closed/],
    [`<url><loc>${a}<loc></url>${entry(b)}`, [b], /no URL/],
    [`</url></x></loc>${entry(a)}${entry(b)}`, [a, b], /./],
    [entry('/?x=1&y=2&z'), ['/?x=1&y=2&z'], /no reference/],
    [entry('/?x=1&copy=2&eacute'), ['/?x=1&copy=2&eacute'], /no reference/],
    [entry('/&eacute;') + entry('/1'), ['/1'], /entity that XML does not know is left out/],
    [`<url></url><url><loc/></url><url><loc> </loc></url>${entry(a)}`, [a], /no URL: .* 2 times more/],
    [`<><<//>${entry(a)}< url><loc a=<b>${b}</loc>`, [a], /./],
    [`<<url><loc>${a}</loc><</url><url<loc>${b}</loc></url>`, [a], /./],
    [`<url><loc attribute="${a}">${a}</loc></url`, [a], /breaks off/],
    [`<url><loc>${a}`, [], /breaks off/],
    [`<url><loc><![CDATA[${a}`, [], /breaks off/],
    [`<url><loc>${a}</loc></urlset>`, [a], /not closed/],
  ] as const) {
    const closing = /breaks|urlset>/.test(`${warning}${inner}`) ? '' : '</urlset>';
    const facts = await read(`<urlset>${inner}${closing}`);
    assert.deepEqual(urlsOf(facts), urls, inner);
    if (warning.source !== '.') assert.match(facts.warnings.join('\n'), warning, inner);
  }
});

test('wherever XML is cut off, the entries before it count, and no URL is half of one', async () => {
  const xml = manyEntries(5);
  const all = urlsOf(await sound(xml));
  for (let length = 20; length < xml.length; length++) {
    const facts = await read(xml.slice(0, length));
    assert.deepEqual(urlsOf(facts), all.slice(0, xml.slice(0, length).split('</loc>').length - 1));
    assert.ok(facts.warnings.length > 0, `cut at ${length}`);
  }
});

test('entities that a document declares are never expanded: a URL with one is left out, and counted', async () => {
  const levels = Array.from({ length: 30 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
    '\n',
  );
  const facts = await read(`<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY l0 "lol"> ${levels} <!-- ] -->
    <!ENTITY root "<html><urlset><url><loc>http://h.example/no</loc></url></urlset>"> <!ENTITY file SYSTEM "file:///etc/passwd">
    ]><urlset>${entry('http://h.example/&l30;')}${entry('&file;')}${entry('/x')}</urlset>`);
  assert.deepEqual(urlsOf(facts), ['/x']);
  assert.match(facts.warnings.join('\n'), /^A & begins no reference[^,]*, and 1 times more\.$/m);
  assert.match(facts.warnings.join('\n'), /^A URL with an entity[^,]*, and 1 times more\.$/m);
});

test('a URL of more than 8,192 characters is left out, white space around it not counted', async () => {
  const longest = `http://h.example/${'x'.repeat(8192 - 17)}`;
  for (const wrap of [(url: string) => url, (url: string) => `<![CDATA[${url}]]>`]) {
    const facts = await warned(
      urlset(entry(wrap(longest)) + entry(wrap(`${longest}x`)) + entry(wrap(`\n${longest} `))),
      /more than 8192 characters/,
    );
    assert.deepEqual(urlsOf(facts), [longest, longest]);
  }
  const spaced = urlset(
    entry(`${' '.repeat(100_000)}http://h.example/`) + entry(`http://h.example/${' '.repeat(100_000)}x`),
  );
  assert.deepEqual(urlsOf(await read(spaced)), ['http://h.example/']);
  assert.deepEqual(urlsOf(await read(`${longest}\n${longest}x\n${'x'.repeat(MiB)}\nhttp://h.example/`)), [
    longest,
    'http://h.example/',
  ]);
  const feed = await read(
    `<feed><entry><link href="${longest}x"/></entry><entry><link href="${longest}"/></entry></feed>`,
  );
  assert.deepEqual(urlsOf(feed), [longest]);
});

test('there are never more than 20 warnings, and each is short', async () => {
  const facts = await read(
    `<urlset>${'<url><loc>&x</y><b></loc></url><url>'.repeat(1000)}${entry('x'.repeat(9000))}`,
  );
  assert.ok(facts.warnings.length > 2 && facts.warnings.length <= 20);
  assert.ok(
    [...facts.warnings, ...(await read(`<${'é'.repeat(200)}>`)).warnings].every(
      (warning) => warning.length < 200,
    ),
  );
});
