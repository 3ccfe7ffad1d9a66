// Which links a page has, what they are resolved against, and what its title and its canonical URL are.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readPage } from '../../../src/page/links.ts';

const pageUrl = 'http://host.example/dir/page.html?q=1';

const read = (html: string) => readPage(html, pageUrl, {});
const links = (html: string) => read(html).links;
const paths = (html: string) => links(html).map((link) => link.replace('http://host.example', ''));

test('links are resolved against the page, normalised, each once, in document order', () => {
  const html = `<p><a href="b.html">b</a> <a class=x href='/c?y=2&amp;x=1#top'>c</a> <A HREF=../d>d</A>
    <a href="HTTP://OTHER.example:80/%7euser">o</a> <a href="b.html#2">b again</a> <a href="//third.example">t</a>
    <a name="no-href">n</a> <a href="mailto:a@b.example">m</a> <a href="javascript:void(0)">j</a> <a href="http://">h</a>`;
  assert.deepEqual(links(html), [
    'http://host.example/dir/b.html',
    'http://host.example/c?y=2&x=1',
    'http://host.example/d',
    'http://other.example/~user',
    'http://third.example/',
  ]);
});

test('every kind of link is found', () => {
  const html = `<link rel="NEXT" href=/next><link rel="x  prev" href=/prev><link rel=canonical href=/canonical>
    <link rel=alternate hreflang=de href=/de><link rel=alternate type=application/rss+xml href=/feed><link rel=stylesheet href=/css>
    <link rel=icon href=/icon><link href=/none><link rel=next href=""><map><area href=/area></map><iframe src=/iframe></iframe>
    <iframe src=""></iframe><iframe></iframe><img src=/img><script src=/js></script><form action=/form></form>
    <svg><a href=/svg><path/></a><a xlink:href=/xlink></a><a xlink:href=/no href=/both></a></svg>
    <frameset><frame src=/frame></frameset><meta http-equiv=Refresh content="5; URL='/refresh'"><a ping=/ping href=/a>`;
  assert.deepEqual(paths(html), [
    '/next',
    '/prev',
    '/canonical',
    '/de',
    '/area',
    '/iframe',
    '/svg',
    '/xlink',
    '/both',
    '/frame',
    '/refresh',
    '/a',
  ]);
});

test('a link to the page itself is a link, its fragment is not', () => {
  assert.deepEqual(
    links('<a href="">a</a><a href="#x">b</a><a href="?q=1#y">c</a><a href="page.html?q=1">'),
    [pageUrl],
  );
  assert.deepEqual(links('<a href>a</a>'), [pageUrl]);
});

test('what looks like a link in a comment, script, style, template or raw text is none', () => {
  const hidden = [
    '<!-- <a href=/x> -->',
    '<!-- a --!><!-- > <a href=/x> --><!--><!-- <a href=/x> -->',
    '<script>var s = "<a href=/x>"; // </scrip <a href=/x></script>',
    "<script type=text/template><a href='/x'>x</a></script >",
    '<SCRIPT/><a href=/x></script/>',
    '<style>a::before { content: "<a href=/x>" }</style>',
    '<textarea><a href=/x></textarea>',
    '<title><a href=/x></title>',
    '<xmp><a href=/x></xmp><noembed><a href=/x></noembed><noframes><a href=/x></noframes>',
    '<iframe><a href=/x></iframe>',
    '<template><a href=/x><template><a href=/x></template><a href=/x><title>x</title><base href=/x></template>',
    '<div title="<a href=/x>"></div><div data-a=\'<a href="/x">\'></div>',
    '<template><template shadowrootmode=open></template><a href=/x></template>',
    '<a ="x>y" href=/x>',
    '<?php <a href=/x>',
    '<!doctype <a href=/x>',
    '</p <a href=/x>',
    '< a href=/x>',
    '<a-b href=/x><abbr href=/x><ahref=/x>',
    '<svg><style><a href="mailto:x"></style></svg>',
    '<svg><iframe src=/x></iframe><area href=/x><link rel=next href=/x><base href=/x></svg>',
  ];
  for (const html of hidden) assert.deepEqual(paths(`${html}<a href=/after>`), ['/after'], html);
  for (const open of [
    '<!--',
    '<script>',
    '<style>',
    '<textarea>',
    '<title>',
    '<plaintext>',
    '<a title="',
    '<template>',
  ]) {
    assert.deepEqual(paths(`<a href=/before>${open}<a href=/x>`), ['/before'], open);
  }
  assert.deepEqual(paths('<a href=/before><a href=/cut'), ['/before']);
});

test('noscript and declarative shadow roots are content', () => {
  assert.deepEqual(paths('<head><noscript><meta http-equiv=refresh content="0;/a"></noscript>'), ['/a']);
  assert.deepEqual(paths('<x-y><template shadowrootmode=open><a href=/a></template></x-y><a href=/b>'), [
    '/a',
    '/b',
  ]);
  const nested =
    '<template shadowrootmode=Closed><template><a href=/x></template><a href=/a></template><a href=/b>';
  assert.deepEqual(paths(nested), ['/a', '/b']);
});

test('SVG and MathML do not swallow what follows them', () => {
  const cases = [
    '<svg><title/><style/><script/><a href=/a></a></svg><a href=/b>',
    '<svg/><a href=/a></a><math/><a href=/b>',
    '<svg><title>t</title><style><g></style><desc><p><a href=/a></p></desc></svg><a href=/b>',
    '<svg><style><p><a href=/a><a href=/b>', // <p> ends the SVG
    '<svg><foreignObject><style></svg><a href=/x></style><a href=/a></foreignObject></svg><a href=/b>',
    '<math><mi><style><a href=/x></style></mi><style><a href=/a></style></math><a href=/b>',
    '<svg><g><p><style><a href=/x></style><a href=/a></p><a href=/b>',
    '<div><svg></div><iframe src=/a></iframe><a href=/b>', // so does the end tag of what is around it
    '<svg><desc></svg><a href=/a></desc><style><a href=/b></a></style></svg>',
    '<svg><svg></svg><title/><a href=/a></a></svg><a href=/b><title>t</title>',
    '<svg><constructor><a href=/a></svg><constructor><a href=/b>',
  ];
  for (const html of cases) assert.deepEqual(paths(html), ['/a', '/b'], html);
});

test('CDATA is a comment up to the first > in HTML, and in XHTML text', () => {
  const html = '<![CDATA[ <b> <a href=/a> ]]><a href=/b><svg><![CDATA[ > ]]></svg><a href=/c>';
  assert.deepEqual(paths(html), ['/a', '/b', '/c']);
  const xhtml =
    '<html xmlns="http://www.w3.org/1999/xhtml"><script src="x" /><title/><![CDATA[ <a href="/x"> ]]><a href="/a"/><template/><a href="/b">b</a>';
  assert.deepEqual(
    readPage(xhtml, pageUrl, {}, { xhtml: true }).links.map((link) => new URL(link).pathname),
    ['/a', '/b'],
  );
});

test('attributes are read as a browser reads them', () => {
  const cases: [string, string][] = [
    ['<a href="/a&amp;b">', '/a&b'],
    ['<a href="/?a=1&copy=2&amp;lt;=3">', '/?a=1&copy=2&lt;=3'],
    ['<a href="/?a&copy;&copy">', '/?a%C2%A9%C2%A9'],
    ['<a href="&#47;a&#x2F;b&sol;c">', '/a/b/c'],
    ["<a href=/&quot;'>", "/%22'"],
    ["<a href='/&quot;\"'>", '/%22%22'],
    ['<a href=/a"b\'c&lt;>', "/a%22b'c%3C"],
    ['<a href="/&notit;">', '/&notit;'],
    ['<a href="/&#0;&#xD800;&#x110000;">', '/%EF%BF%BD%EF%BF%BD%EF%BF%BD'],
    ['<a href = "/a" >', '/a'],
    ['<a\nhref\n=\n/a\n>', '/a'],
    ['<a href="/a" href="/b">', '/a'],
    ['<a/href=/a/>', '/a/'],
    ['<a x=1/href=/b y href=/c>', '/c'],
    ['<a ="x" href=/a>', '/a'],
    ['<a x"y href=/a>', '/a'],
    ['<a href=/a<b>', '/a%3Cb'],
    ['<a href=" \t/a\r\n/b\f ">', '/a/b'],
    ['<a href="/ä b">', '/%C3%A4%20b'],
    ['<a href="\\a\\b">', '/a/b'],
    ['<a href="/a\0b">', '/a%EF%BF%BDb'],
    ['<a title=">" href=/a>', '/a'],
  ];
  for (const [html, path] of cases) assert.deepEqual(paths(html), [path], html);
});

test('the first base with an href holds for the whole page, wherever it stands', () => {
  assert.deepEqual(
    links('<a href=a><base target=_top><base href="http://cdn.example/x/y"><base href=/z><a href=/b>'),
    ['http://cdn.example/x/a', 'http://cdn.example/b'],
  );
  assert.deepEqual(paths('<base href=" ../up/ "><a href=a>'), ['/up/a']);
  assert.deepEqual(links('<base href="//cdn.example"><a href=?x><a href=#y>'), [
    'http://cdn.example/?x',
    'http://cdn.example/',
  ]);
});

test('a base that is no URL or of data: or javascript: counts as none, one of another scheme leaves absolute links', () => {
  for (const base of ['http://', 'data:text/html,x', 'JavaScript:1']) {
    assert.deepEqual(paths(`<base href="${base}"><base href=/b/><a href=a>`), ['/dir/a'], base);
  }
  for (const base of ['ftp://f.example/', 'about:blank', 'http://user:secret@host.example/']) {
    assert.deepEqual(
      links(`<base href="${base}"><a href=a><a href=http://b.example/>`),
      ['http://b.example/'],
      base,
    );
  }
});

test('links with rel=nofollow are not followed, those with ugc or sponsored are', () => {
  const html = `<a rel=nofollow href=/1><a rel="noopener\tNoFollow" href=/2><a rel=nofollowed href=/3><a rel="ugc sponsored" href=/4>
    <area rel=nofollow href=/5><link rel="next nofollow" href=/6><a rel=nofollow href=/7><a href=/7>`;
  assert.deepEqual(paths(html), ['/3', '/4', '/7']);
});

test('the canonical URL is the first, normalised', () => {
  assert.equal(
    read('<link rel=canonical href="/A?#x"><link rel=canonical href=/b>').canonical,
    'http://host.example/A',
  );
  assert.equal(read('<link rel=canonical href="">').canonical, null);
  assert.equal(read('<link rel=canonical href="ftp://a/">').canonical, null);
});

test('the title is that of the document, decoded, white space collapsed', () => {
  const titles: [string, string | null][] = [
    ['<title> A &amp; B\n\t&lt;C&gt; &copy=1 </title><title>second</title>', 'A & B <C> ©=1'],
    ['<svg><title>drawing</title></svg><title>page</title>', 'page'],
    ['<template><title>no</title></template><TITLE lang=de>Größe</TITLE>', 'Größe'],
    ['<title>1 <&amp;< 2 &amp<&lt;&notit;</title>', '1 <&< 2 &<<¬it;'],
    ['<title><b>bold</b><!-- c --></title>', '<b>bold</b><!-- c -->'],
    ['<title>never closed', 'never closed'],
    ['<title>never closed</titl', 'never closed</titl'],
    ['<title></title><title>second</title>', null],
    ['<title> </title>', null],
    ['<p>none</p>', null],
    [`<title>${'x'.repeat(999)}😀</title>`, 'x'.repeat(999)],
    [`<title>${'&amp;'.repeat(3000)}</title>`, '&'.repeat(1000)],
    ['<title>a\ud800b</title>', 'a\ufffdb'],
  ];
  for (const [html, title] of titles) assert.equal(read(html).title, title, html);
});

test('the rules for URLs hold for links', () => {
  const html = '<a href="/a?utm_source=x&b=1"><a href="/long-long-long">';
  assert.deepEqual(readPage(html, pageUrl, { stripParams: ['utm_*'], maxLength: 30 }).links, [
    'http://host.example/a?b=1',
  ]);
});
