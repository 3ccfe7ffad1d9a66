// What becomes of a page: its main content or, where that cannot be had, its plain text and why.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { type Extractor, openExtractor } from '../../../../../src/records/export/markdown/extractor.ts';

const extractor = await openExtractor();
after(() => extractor.close());
const url = 'http://example.com/a/b?c=d';
const extract = (html: string, by: Extractor = extractor) => by.extract(html, url);

const prose = (words: string) => `<p>${`${words} `.repeat(40)}</p>`;
const english = 'The old mill by the river was built long before anybody in the village could remember.';
const german = 'Die alte Mühle am Fluss wurde gebaut, lange bevor sich jemand im Dorf erinnern konnte.';

test('navigation, scripts and footer are left out, and tables, code, lists and absolute links stay', async () => {
  const html = `<!doctype html><html lang="en-GB"><head><title>The mill</title><base href="/base/">
    <link rel="canonical" href="../the-mill"><meta property="article:published_time" content="2026-03-04T05:06:07+01:00"></head>
    <body><nav><a href="/">Home page</a></nav><main><article><h1>The mill</h1>${prose(english)}
    <p>See <a href="x?y=1&amp;z=2">relative</a>, <a href="//other.example/p">other</a>, <a href="/root">root</a> and
    <a href="https://abs.example/">absolute</a>, <img src="i.png" alt="a picture">.</p>
    <table><tr><th>Wheel</th><th>Size</th></tr><tr><td>upper</td><td>2 m</td></tr></table>
    <ul><li>first point</li><li>second point</li></ul><pre><code class="language-js">if (a) {\n  b();\n}</code></pre>${prose(english)}</article></main>
    <footer>All rights reserved</footer><script>alert('no')</script></body></html>`;
  const { markdown, ...page } = await extract(html);
  assert.deepEqual(page, {
    ...{ title: 'The mill', published: '2026-03-04T05:06:07+01:00', language: 'en-GB', plain: null },
    canonical: 'http://example.com/the-mill',
  });
  for (const part of [
    'built long before',
    '[relative](http://example.com/base/x?y=1&z=2)',
    '(http://other.example/p)',
    '[root](http://example.com/root)',
    '[absolute](https://abs.example/)',
    '![a picture](http://example.com/base/i.png)',
    '| upper | 2 m |',
    '- first point',
    '```js\nif (a) {\n  b();\n}\n```',
  ])
    assert.ok(markdown.includes(part), `${part} in ${markdown}`);
  assert.doesNotMatch(markdown, /Home page|All rights|alert/);
});

test('a page may leave out the tags of html, head and body', async () => {
  const { markdown, title, plain } = await extract(
    `<title>Short</title>\n<meta charset=utf-8><h1>Hi</h1>${prose(english)}`,
  );
  assert.deepEqual([title, plain], ['Short', null]);
  assert.match(markdown, /built long before/);
  assert.doesNotMatch(markdown, /Short/);
});

test('the language is that of the text; what the page declares is kept when it agrees or the text is short', async () => {
  const page = (lang: string, text: string) =>
    `<html${lang}><body><article>${prose(text)}</article></body></html>`;
  const languageOf = async (html: string) => (await extract(html)).language;
  assert.equal(await languageOf(page(' lang="en"', german)), 'de');
  assert.equal(await languageOf(page(' lang="de-AT"', german)), 'de-AT');
  assert.equal(await languageOf(page('', english)), 'en');
  assert.equal(await languageOf('<html lang="fi"><body><p>OK'), 'fi');
  assert.equal(await languageOf('<html><body><p>OK'), null);
});

test('a page that is nested too deeply, too long or too slow gets its plain text and says why', async () => {
  const deep = await extract(`${'<div>'.repeat(600)}# no heading <b>bold</b>\n* x${'</div>'.repeat(600)}`);
  assert.equal(deep.plain, 'its elements are nested 601 deep');
  assert.equal(deep.markdown, '\\# no heading bold\n\\* x');
  const long = await extract(`<html lang=en><body>${prose('word').repeat(12_000)}`);
  assert.match(long.plain ?? '', /^the page has more than 2097152 characters$/);
  assert.match(long.markdown, /^word word/);
  const hasty = await openExtractor({ mostMs: 1 });
  after(() => hasty.close());
  const slow = await extract(`<html lang=en><body><h1>Slow</h1>${prose(english).repeat(300)}`, hasty);
  assert.equal(slow.plain, 'it took longer than 1 ms');
  assert.match(slow.markdown, /^Slow\n+The old mill/);
  assert.equal(slow.language, 'en');
});

test('an empty page is empty, and many pages at once each get their own', async () => {
  assert.deepEqual(await extract(''), {
    ...{ markdown: '', title: null, published: null, language: null, canonical: null, plain: null },
  });
  const pages = await Promise.all(
    Array.from({ length: 12 }, (_, page) =>
      extract(`<html><body><p>Number ${page}. ${english}</p></body></html>`),
    ),
  );
  for (const [page, { markdown }] of pages.entries())
    assert.ok(markdown.startsWith(`Number ${page}.`), markdown);
});
