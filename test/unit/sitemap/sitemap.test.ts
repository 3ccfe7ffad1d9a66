// The forms of a sitemap: what each gives, and what is no sitemap.
import assert from 'node:assert/strict';
import test from 'node:test';
import { entry, read, sound, urlset, urlsOf, warned, xmlns } from '../../support/sitemaps.ts';

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
    <news:news><news:publication><news:name>N</news:name></news:publication><lastmod>1999</lastmod></news:news>
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
