import assert from 'node:assert/strict';
import test from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import zlib from 'node:zlib';
import fc from 'fast-check';
import {
  readSitemap,
  type SitemapFacts,
  SitemapReader,
  sitemapLimits,
} from '../../../src/sitemap/sitemap.ts';

const MiB = 1024 * 1024;
const xmlns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';

const read = (body: string | Uint8Array, contentType = 'application/xml', limits = sitemapLimits) =>
  readSitemap(typeof body === 'string' ? Buffer.from(body) : body, contentType, limits);
const urlset = (entries: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<urlset ${xmlns}>${entries}</urlset>`;
const entry = (url: string) => `<url><loc>${url}</loc></url>`;
const urlsOf = (facts: SitemapFacts) => facts.entries.map(({ url }) => url);
const manyEntries = (count: number, padding = '') =>
  urlset(
    Array.from({ length: count }, (_, i) => `${entry(`http://h.example/${i}?a=1&amp;b=2`)}${padding}\n`).join(
      '',
    ),
  );

/** Nothing was wrong with it. */
async function sound(body: string | Uint8Array, contentType?: string): Promise<SitemapFacts> {
  const facts = await read(body, contentType);
  assert.deepEqual(facts.warnings, []);
  return facts;
}

async function warned(body: string | Uint8Array, warning: RegExp): Promise<SitemapFacts> {
  const facts = await read(body);
  assert.match(facts.warnings.join('\n'), warning);
  return facts;
}

/** Fails if it takes longer (or the gap is wider) three times, so that a busy machine does not count. */
async function staysBelow(mostMs: number, measure: () => Promise<number>): Promise<void> {
  const measured: number[] = [];
  while (measured.length < 3) {
    const took = await measure();
    if (took < mostMs) return;
    measured.push(took);
  }
  assert.fail(`${measured.map(Math.round).join(', ')} ms, and not below ${mostMs} ms`);
}

async function millisecondsOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

test('a urlset gives its URLs and their lastmod, in order', async () => {
  const facts = await sound(
    urlset(`
      <url><loc>http://h.example/</loc><lastmod>2005-01-01</lastmod><changefreq>monthly</changefreq><priority>0.8</priority></url>
      <url><lastmod>
        2004-12-23T18:00:15+00:00 </lastmod><loc>
        http://h.example/a b?x=1&amp;y=&#50;&#x33; </loc></url>
      <url><loc><![CDATA[ http://h.example/c?a=1&b=2&amp; ]]></loc><lastmod/></url>
      <url><loc>http://h.example/<![CDATA[d]]>&apos;</loc><lastmod>${'2'.repeat(65)}</lastmod></url>
      <url><loc>/relative</loc></url>`),
  );
  assert.deepEqual(facts, {
    kind: 'urlset',
    entries: [
      { url: 'http://h.example/', lastmod: '2005-01-01' },
      { url: 'http://h.example/a b?x=1&y=23', lastmod: '2004-12-23T18:00:15+00:00' },
      { url: 'http://h.example/c?a=1&b=2&amp;', lastmod: null },
      { url: "http://h.example/d'", lastmod: null },
      { url: '/relative', lastmod: null },
    ],
    warnings: [],
  });
});

test('an index gives the sitemaps that it names', async () => {
  const facts = await sound(`<sitemapindex ${xmlns}>
    <sitemap><loc>http://h.example/1.xml.gz</loc><lastmod>2004-10-01T18:23:17+00:00</lastmod></sitemap>
    <sitemap><loc>http://h.example/2.xml.gz</loc></sitemap></sitemapindex>`);
  assert.equal(facts.kind, 'index');
  assert.deepEqual(facts.entries, [
    { url: 'http://h.example/1.xml.gz', lastmod: '2004-10-01T18:23:17+00:00' },
    { url: 'http://h.example/2.xml.gz', lastmod: null },
  ]);
});

test('what extensions say is passed over, even under the names of the protocol', async () => {
  const facts = await sound(`<urlset ${xmlns} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
      xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"><url>
    <image:loc>http://h.example/no.jpg</image:loc><image:image><image:loc>http://h.example/1.jpg</image:loc></image:image>
    <video:video><video:player_loc>http://h.example/v</video:player_loc><loc>http://h.example/no</loc></video:video>
    <xhtml:link rel="alternate" hreflang="de" href="http://h.example/de"/>
    <keyEvents:news><keyEvents:publication><keyEvents:name>N</keyEvents:name></keyEvents:publication><lastmod>1999</lastmod></keyEvents:news>
    <image:lastmod>1998</image:lastmod>
    <loc>http://h.example/page</loc><image xmlns="http://x.example/"><loc>http://h.example/2.jpg</loc></image>
    <loc>http://h.example/second</loc></url></urlset>`);
  assert.deepEqual(facts.entries, [{ url: 'http://h.example/page', lastmod: null }]);
});

test('any prefix of the namespace will do, and any case', async () => {
  const inPrefix = `<sm:urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9"><sm:url><sm:loc>http://h.example/a</sm:loc>
    <x:loc>http://h.example/no</x:loc></sm:url></sm:urlset>`;
  const declaredInside = `<urlset><p:url xmlns:p='http://www.sitemaps.org/schemas/sitemap/0.9'><p:loc>http://h.example/a</p:loc></p:url></urlset>`;
  const otherCase = '<URLSET><Url><LOC>http://h.example/a</Loc><LastMod>2024</LASTMOD></URL></urlset>';
  for (const xml of [
    inPrefix,
    declaredInside,
    otherCase,
    '<urlset><url><loc>http://h.example/a</loc></url></urlset>',
  ]) {
    assert.deepEqual(urlsOf(await sound(xml)), ['http://h.example/a'], xml);
  }
  assert.equal((await read(otherCase)).entries[0]?.lastmod, '2024');
});

test('RSS 2.0 gives the links of its items, with the date as ISO 8601', async () => {
  const facts = await sound(
    `<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>T</title>
    <link>http://h.example/</link><atom:link href="http://h.example/feed" rel="self"/><image><link>http://h.example/</link></image>
    <item><atom:link>http://h.example/no</atom:link><link>http://h.example/1</link><pubDate>Mon, 06 Sep 2010 00:01:00 +0200</pubDate></item>
    <item><description><![CDATA[<link>http://h.example/no</link>]]> a<br>b</description><pubDate>6 Sep 10 00:01 EST</pubDate><link>http://h.example/2</link></item>
    <item><link/><link>http://h.example/3</link><pubDate>yesterday</pubDate></item>
    <item><link>http://h.example/4</link><pubDate>Mon, 6 September 2010 00:01:02</pubDate></item>
    <item><link>http://h.example/5</link><dc:date>2010-09-06T00:01:00Z</dc:date></item></channel></rss>`.replace(
      '<br>',
      '<br/>',
    ),
  );
  assert.equal(facts.kind, 'rss');
  assert.deepEqual(facts.entries, [
    { url: 'http://h.example/1', lastmod: '2010-09-05T22:01:00Z' },
    { url: 'http://h.example/2', lastmod: '2010-09-06T05:01:00Z' },
    { url: 'http://h.example/3', lastmod: 'yesterday' },
    { url: 'http://h.example/4', lastmod: '2010-09-06T00:01:02Z' },
    { url: 'http://h.example/5', lastmod: '2010-09-06T00:01:00Z' },
  ]);
});

test('RSS 1.0 gives the links of its items', async () => {
  const facts =
    await sound(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="http://h.example/"><link>http://h.example/</link>
    <items><rdf:Seq><rdf:li resource="http://h.example/1"/></rdf:Seq></items></channel>
    <item rdf:about="http://h.example/1"><link>http://h.example/1</link><dc:date>2010-09-06</dc:date></item></rdf:RDF>`);
  assert.deepEqual(facts, {
    kind: 'rss',
    entries: [{ url: 'http://h.example/1', lastmod: '2010-09-06' }],
    warnings: [],
  });
});

test('Atom 1.0 and 0.3 give the alternate links of their entries', async () => {
  const facts =
    await sound(`<feed xmlns="http://www.w3.org/2005/Atom"><link href="http://h.example/"/><updated>2003-12-13T18:30:02Z</updated>
    <entry><link rel="edit" href="http://h.example/edit"/><link rel="enclosure" href="http://h.example/e"/>
      <link rel="Alternate" href=" http://h.example/1?a=1&amp;b=2 "/><link href="http://h.example/no"/>
      <content type="xhtml"><div><link href="http://h.example/no"/></div></content><updated>2003-12-13T18:30:02+01:00</updated></entry>
    <entry><updated/><link href='http://h.example/2' href='http://h.example/no'/></entry></feed>`);
  assert.equal(facts.kind, 'atom');
  assert.deepEqual(facts.entries, [
    { url: 'http://h.example/1?a=1&b=2', lastmod: '2003-12-13T18:30:02+01:00' },
    { url: 'http://h.example/2', lastmod: null },
  ]);
  const old = await sound(`<a:feed version="0.3" xmlns:a="http://purl.org/atom/ns#"><a:entry>
    <a:link rel="alternate" type="text/html" href="http://h.example/1"/><a:modified>2003-12-13</a:modified></a:entry></a:feed>`);
  assert.deepEqual(old.entries, [{ url: 'http://h.example/1', lastmod: '2003-12-13' }]);
});

test('plain text gives the lines that are URLs', async () => {
  const text =
    '\ufeff\n# a list\n http://h.example/1 \r\nHTTPS://h.example/2\r\r# http://h.example/no\n\nhttp://h.example/3';
  const facts = await sound(text, 'text/plain');
  assert.equal(facts.kind, 'text');
  assert.deepEqual(
    facts.entries,
    ['http://h.example/1', 'HTTPS://h.example/2', 'http://h.example/3'].map((url) => ({
      url,
      lastmod: null,
    })),
  );
  const mixed = await warned(
    'nothing\nhttp://h.example/1\n/path\nhttp://h.example/ is ours\n',
    /no URL: at character 0, and 2 times/,
  );
  assert.deepEqual(urlsOf(mixed), ['http://h.example/1']);
});

test('an HTML page, other XML, prose and nothing are no sitemaps', async () => {
  for (const [body, warning] of [
    ['<!doctype html><html><body><url><loc>http://h.example/</loc></url>', /HTML page/],
    ['\n <html xmlns="http://www.w3.org/1999/xhtml"><urlset/>', /HTML page/],
    [`<svg ${xmlns}><urlset>${entry('http://h.example/')}</urlset></svg>`, /root element is <svg>/],
    ['<!-- nothing -->', /no element/],
    ['{"urls": ["http://h.example/"]}', /none of its lines/],
    ['404 Not Found', /none of its lines/],
    ['', /empty/],
    [' \n\t', /empty/],
  ] as const) {
    const facts = await warned(body, warning);
    assert.deepEqual([facts.kind, facts.entries, facts.warnings.length], ['none', [], 1], body);
  }
});

test('the character set is that of the byte order mark, of the header or of the declaration, else UTF-8', async () => {
  const xml = (encoding: string) =>
    `<?xml version="1.0" encoding="${encoding}"?><urlset>${entry('http://h.example/ü')}</urlset>`;
  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();
  for (const [body, contentType] of [
    [Buffer.from(`\ufeff${xml('UTF-8')}`), ''],
    [Buffer.from(`\ufeff${xml('UTF-16')}`, 'utf16le'), 'text/xml'],
    [swapped(`\ufeff${xml('UTF-16')}`), 'text/xml; charset=utf-8'],
    [swapped(xml('UTF-16')), 'application/xml'],
    [Buffer.from(xml('ISO-8859-1'), 'latin1'), 'text/xml'],
    [Buffer.from(xml('ISO-8859-1'), 'latin1'), 'application/octet-stream'],
    [Buffer.from(xml('nonsense'), 'latin1'), 'text/xml; charset="iso-8859-1"'],
    [Buffer.from(xml('utf-16')), 'text/xml'],
    [Buffer.from(xml('utf-16')), 'text/xml; charset=utf-16'],
    [Buffer.from(xml('iso-2022-kr')), 'text/xml'],
    [Buffer.from(`<urlset>${entry('http://h.example/ü')}</urlset>`), 'application/x-gzip; charset=binary'],
    [Buffer.from('http://h.example/ü\n', 'latin1'), 'text/plain; charset=iso-8859-1'],
    [Buffer.from('http://h.example/ü\n'), 'text/plain'],
  ] as const) {
    assert.deepEqual(
      urlsOf(await sound(body, contentType)),
      ['http://h.example/ü'],
      `${contentType} ${body}`,
    );
  }
  assert.deepEqual(urlsOf(await sound(Buffer.from(`${xml('Shift_JIS').replace('ü', '?')}`))), [
    'http://h.example/?',
  ]);
});

test('a character that a piece cuts in two is read, and does not mislead the guess of the character set', async () => {
  for (let before = 1; before < 4; before++) {
    const end = '--><url><loc>http://h.example/';
    const start = `<urlset><!--${'x'.repeat(32 * 1024 - before - end.length - 12)}${end}`;
    assert.equal(start.length, 32 * 1024 - before);
    const facts = await sound(`${start}😀ü</loc></url></urlset>`);
    assert.deepEqual(urlsOf(facts), ['http://h.example/😀ü'], `${before} bytes before the cut`);
  }
});

test('gzip is told by its first bytes, and undone twice', async () => {
  const gzip = zlib.gzipSync(manyEntries(3000));
  for (const body of [
    gzip,
    zlib.gzipSync(gzip),
    zlib.gzipSync(zlib.gzipSync(urlset(entry('http://h.example/')))),
  ]) {
    for (const type of ['application/xml', 'application/gzip', 'text/html']) {
      assert.equal((await sound(body, type)).kind, 'urlset');
    }
  }
  assert.equal((await sound(zlib.gzipSync(gzip))).entries.length, 3000);
  const members = ['http://h.example/1\n', 'http://h.example/2\n'].map((text) => zlib.gzipSync(text));
  assert.deepEqual(urlsOf(await sound(Buffer.concat(members))), ['http://h.example/1', 'http://h.example/2']);
  assert.equal((await read(zlib.gzipSync(zlib.gzipSync(gzip)))).kind, 'none');
});

test('of a gzip stream that breaks off, all that came before is read', async () => {
  const text = manyEntries(5000);
  const gzip = zlib.gzipSync(text);
  for (const length of [gzip.length - 1, gzip.length - 9, Math.floor(gzip.length / 2), 2000]) {
    const cut = gzip.subarray(0, length);
    const whole =
      zlib.gunzipSync(cut, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString().split('</loc>').length -
      1;
    const facts = await warned(cut, /gzip stream breaks off/);
    assert.equal(facts.entries.length, whole);
    assert.ok(whole > 20 && facts.kind === 'urlset');
  }
  const withoutText = await warned(gzip.subarray(0, 5), /gzip stream breaks off/);
  assert.equal(withoutText.kind, 'none');
  // The last line of a text that breaks off may be half a URL.
  const lines = zlib.gzipSync('http://h.example/1\nhttp://h.example/2');
  assert.deepEqual(urlsOf(await read(lines.subarray(0, -8))), ['http://h.example/1']);
});

test('what is wrong at the end of a gzip stream costs nothing of it', async () => {
  const gzip = zlib.gzipSync(urlset(entry('http://h.example/')));
  const badChecksum = Buffer.from(gzip);
  badChecksum.writeUInt32LE(1, gzip.length - 8);
  const bodies = ['\n', '\0\0\0', 'Warning: something of the server', '\x1f\x8b\x01 no gzip'].map((text) => [
    gzip,
    Buffer.from(text, 'latin1'),
  ]);
  for (const body of [badChecksum, ...bodies.map((parts) => Buffer.concat(parts))]) {
    assert.deepEqual(urlsOf(await read(body)), ['http://h.example/'], body.toString('latin1'));
  }
});

test('a gzip bomb ends at the limit, also inside another', async () => {
  const bomb = zlib.gzipSync(
    Buffer.concat([Buffer.from(`<urlset>${entry('http://h.example/')}`), Buffer.alloc(300 * MiB, ' ')]),
  );
  const empty = zlib.gzipSync(Buffer.concat(new Array(200_000).fill(zlib.gzipSync(''))));
  const limits = { maxEntries: 10, maxBytes: MiB };
  const took = await millisecondsOf(async () => {
    for (const body of [bomb, zlib.gzipSync(bomb)]) {
      const facts = await read(body, '', limits);
      assert.deepEqual(urlsOf(facts), ['http://h.example/']);
      assert.deepEqual(facts.warnings, ['It is longer than 1048576 bytes: the rest is not read.']);
    }
    assert.equal((await read(empty, '', limits)).kind, 'none');
  });
  assert.ok(took < 10_000, `${took} ms`);
});

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
    [entry('/?x=1&copy=2&eacute;'), ['/?x=1&copy=2&eacute;'], /no reference/],
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

test('entities that a document declares are never expanded', async () => {
  const levels = Array.from({ length: 30 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
    '\n',
  );
  const facts = await read(`<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY l0 "lol"> ${levels} <!-- ] -->
    <!ENTITY root "<html><urlset><url><loc>http://h.example/no</loc></url></urlset>"> <!ENTITY file SYSTEM "file:///etc/passwd">
    ]><urlset>${entry('http://h.example/&l30;')}${entry('&file;')}${entry('/x')}</urlset>`);
  assert.deepEqual(urlsOf(facts), ['http://h.example/&l30;', '&file;', '/x']);
  assert.match(facts.warnings.join(), /^A & begins no reference[^,]*, and 1 times more\.$/);
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

const around = (inner: string) => `<urlset>${entry('/1')}${inner}${entry('/2')}</urlset>`;
const hostile: [name: string, body: () => string][] = [
  [
    'a million elements, one inside the other',
    () => around(`<url>${'<a>'.repeat(1e6)}${'</a>'.repeat(1e6)}</url>`),
  ],
  ['a million elements that are not closed', () => around(`<url>${'<a>'.repeat(1e6)}</url>`)],
  [
    'a million end tags that have no start tag',
    () => around(`<url>${'<a>'.repeat(1e6)}${'</b>'.repeat(1e6)}</url>`),
  ],
  ['a million entries that are not closed', () => around('<url>'.repeat(1e6))],
  ['a million attributes', () => around(`<url><loc ${'a="b" '.repeat(1e6)}>/x</loc></url>`)],
  [
    'a hundred thousand prefixes',
    () =>
      around(
        `<url ${Array.from({ length: 1e5 }, (_, i) => `xmlns:a${i}="http://www.sitemaps.org/schemas/sitemap/0.9"`).join(' ')}></url>`,
      ),
  ],
  ['a URL of 50 MiB', () => around(entry('x'.repeat(50 * MiB - 200)))],
  ['a CDATA section of 20 MiB', () => around(entry(`<![CDATA[${']'.repeat(20 * MiB)}]]>`))],
  ['an attribute of 20 MiB', () => around(`<url a="${'x'.repeat(20 * MiB)}"></url>`)],
  ['a name of 20 MiB', () => around(`<${'x'.repeat(20 * MiB)}/>`)],
  ['a reference of 20 MiB', () => around(entry(`&#${'0'.repeat(20 * MiB)}38;`))],
  ['ten million &', () => around(entry('&'.repeat(1e7)))],
  ['ten million <', () => around('<'.repeat(1e7))],
  ['a comment of ten million dashes', () => around(`<!--${'-'.repeat(1e7)}>`)],
  ['a DOCTYPE of ten million brackets', () => `<!DOCTYPE ${'['.repeat(1e7)}>]${around('')}`],
  ['three million lines', () => `http://h.example/1\n${'#\n'.repeat(3e6)}http://h.example/2`],
];

for (const [name, body] of hostile) {
  test(`${name}: read in linear time, with the entries around`, async () => {
    const bytes = Buffer.from(body());
    let facts: SitemapFacts | undefined;
    const took = await millisecondsOf(async () => {
      facts = await read(bytes);
    });
    const urls = facts ? urlsOf(facts) : [];
    assert.match(urls[0] ?? '', /1$/);
    assert.match(urls.at(-1) ?? '', /2$/);
    assert.ok(took < 10_000, `${took} ms`);
  });
}

test('50,000 entries are read in well under a second', async () => {
  const body = Buffer.from(manyEntries(50_000));
  assert.equal((await sound(body)).entries.length, 50_000);
  await staysBelow(1000, () => millisecondsOf(() => read(body)));
});

/** The most processor time that the thread took between two turns of a timer: other processes don't count. */
async function longestTurnMs(run: () => Promise<unknown>): Promise<number> {
  const usedMs = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let longest = 0;
  let last = usedMs();
  const look = () => {
    longest = Math.max(longest, usedMs() - last);
    last = usedMs();
  };
  const timer = setInterval(look, 1);
  await run();
  look();
  clearInterval(timer);
  return longest;
}

test('the event loop is not held while 50 MiB are read', async () => {
  const plain = Buffer.from(manyEntries(45_000, `<!--${'x'.repeat(1080)}-->`));
  assert.ok(plain.length > 49 * MiB && plain.length < 50 * MiB);
  for (const body of [plain, zlib.gzipSync(plain)]) {
    let facts: SitemapFacts | undefined;
    await staysBelow(25, () =>
      longestTurnMs(async () => {
        facts = await read(body);
      }),
    );
    assert.equal(facts?.entries.length, 45_000);
  }
});

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

function bytesInUse(): number {
  collect();
  collect(); // what the first left to others to free
  return process.memoryUsage().heapUsed;
}

/** 20 MiB, 200 entries. Not made within the test, where the strings that it is made of would be in use for longer. */
function spaciousSitemap(): Buffer {
  return Buffer.from(manyEntries(200, `<!--${'x'.repeat(100_000)}-->`).replaceAll('&amp;', ';'));
}

test('of sitemaps that have been read, only their entries stay in memory', async () => {
  const body = spaciousSitemap();
  const before = bytesInUse();
  const readings: SitemapFacts[] = [];
  while (readings.length < 4) readings.push(await read(body));
  const grown = bytesInUse() - before;
  assert.equal(readings.flatMap(urlsOf).length, 800);
  assert.ok(grown < 4 * MiB, `${grown} bytes`);
});

test('of a URL that never ends, little is in memory', () => {
  for (const start of [
    '<urlset><url><loc>',
    '<urlset><url><loc><![CDATA[',
    '<feed><entry><link href="',
    'http://h.example/',
  ]) {
    const reader = new SitemapReader(1);
    reader.write(start);
    const before = bytesInUse();
    for (let i = 0; i < 20; i++) reader.write('x'.repeat(MiB));
    const grown = bytesInUse() - before;
    assert.ok(grown < 4 * MiB, `${start}: ${grown} bytes`);
    assert.deepEqual(reader.end().entries, []);
  }
});
