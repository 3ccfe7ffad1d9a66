// Odd pages, as servers send them: types, character sets and markup that a browser reads. Each row is one
// answer of a real server, fetched by the drover command. What is expected was seen in Chromium, but where a
// row says otherwise.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { type RawServer, startRaw } from '../support/site/hostile.ts';

/** Null: it is no page. Links are paths, in the order of the page. */
type Expected = { charset?: string; title: string | null; links: string[] } | null;
/** What is tried; lines of the header; the page, one octet a character; what is expected. */
type Row = [what: string, header: string[], page: string, expected: Expected];

const type = (value: string) => [`Content-Type: ${value}`];
const html = type('text/html');
const page = '<!doctype html><title>T</title><a href=/x>x</a>';
const isPage = { title: 'T', links: ['/x'] };
const far = `<!--${'x'.repeat(3000)}-->`;
/** "Привет" in windows-1251, and "日本" in Shift_JIS. */
const cyrillic = '\xcf\xf0\xe8\xe2\xe5\xf2';
const kanji = '\x93\xfa\x96\x7b';
const inCyrillic = { charset: 'windows-1251', title: 'Привет', links: [] };

// biome-ignore format: one line a row
const types: Row[] = [
  ['two types in one line', type('text/html,text/html'), page, isPage],
  ['the second with a charset', type('text/html, text/html; charset=windows-1251'), `<title>${cyrillic}`, inCyrillic],
  ['two lines, the last counts', [...type('text/plain'), ...type('text/html; charset=windows-1251')], `<title>${cyrillic}`, inCyrillic],
  ['two lines, the last is no type', [...html, ...type('rubbish')], page, isPage],
  ['*/*', type('*/*'), page, isPage],
  ['unknown/unknown', type('unknown/unknown'), page, isPage],
  ['application/unknown', type('application/unknown'), page, isPage],
  ['html', type('html'), page, isPage],
  ['no type', [], page, isPage],
  ['no type, and nosniff', ['X-Content-Type-Options: nosniff'], page, null],
  ['no type, and a byte order mark', [], `\xef\xbb\xbf${page}`, null],
  ['a charset in the quotes of another parameter', type('text/html; x=";charset=koi8-r"; charset=windows-1251'), `<title>${cyrillic}`, inCyrillic],
  ['plain text that looks like a page', type('text/plain'), page, null],
  ['a download that looks like a page', type('application/octet-stream'), page, null],
];

// biome-ignore format: one line a row
const charsets: Row[] = [
  ['meta behind 3,000 bytes', html, `${far}<meta charset=windows-1251><title>${cyrillic}`, inCyrillic],
  ['meta http-equiv behind them', html, `${far}<meta http-equiv=Content-Type content="text/html; charset=Shift_JIS"><title>${kanji}`, { charset: 'shift_jis', title: '日本', links: [] }],
  ['a meta in a script before it', html, `${far}<script>"<meta charset=koi8-r>"</script><meta charset=windows-1251><title>${cyrillic}`, inCyrillic],
  ['a meta in an early script', html, `<script>"<meta charset=koi8-r>"</script>${far}<meta charset=windows-1251><title>${cyrillic}`, inCyrillic],
  // Chromium looks no further than the head; the HTML standard and Firefox do.
  ['meta in the body', html, `<title>${cyrillic}</title><body>${far}<p><meta charset=windows-1251>`, inCyrillic],
  ['Content-Type before a late meta', type('text/html; charset=windows-1251'), `${far}<meta charset=koi8-r><title>${cyrillic}`, inCyrillic],
];

const in1251 = type('text/html; charset=windows-1251');
const link = '<title>T</title><a href=';

// biome-ignore format: one line a row
const queries: Row[] = [
  ['a query in windows-1251, its path in UTF-8', in1251, `${link}"/\xef?q=\xef&amp;r=a">`, { title: 'T', links: ['/%D0%BF?q=%EF&r=a'] }],
  ['a query in windows-1251 by a meta tag', html, `<meta charset=windows-1251>${link}"/?q=\xef#\xef">`, { title: 'T', links: ['/?q=%EF'] }],
  ['a query in Latin-1', type('text/html; charset=iso-8859-1'), `${link}/?q=\xe9>`, { title: 'T', links: ['/?q=%E9'] }],
  ['a query in Shift_JIS', type('text/html; charset=shift_jis'), `${link}/?q=${kanji}>`, { title: 'T', links: ['/?q=%93%FA%96{'] }],
  ['a query in GBK', type('text/html; charset=gb2312'), `${link}"/?q=\xc8\xd5&#233;&#8364;">`, { title: 'T', links: ['/?q=%C8%D5%A8%A6%80'] }],
  ['a query in EUC-JP', type('text/html; charset=euc-jp'), `${link}/?q=\xc6\xfc>`, { title: 'T', links: ['/?q=%C6%FC'] }],
  ['a query in EUC-KR', type('text/html; charset=euc-kr'), `${link}/?q=\xec\xed>`, { title: 'T', links: ['/?q=%EC%ED'] }],
  ['a query in Big5', type('text/html; charset=big5'), `${link}/?q=\xa4\xe9>`, { title: 'T', links: ['/?q=%A4%E9'] }],
  ['a query in ISO-2022-JP', type('text/html; charset=iso-2022-jp'), `${link}"/?q=&#26085;a&#165;b">`, { title: 'T', links: ['/?q=%1B$BF|%1B(Ba%1B(J\\b%1B(B'] }],
  ['what the character set does not have', in1251, `${link}"/?q=&#26085; b'c\0">`, { title: 'T', links: ['/?q=%26%2326085%3B%20b%27c%26%2365533%3B'] }],
  ['other links', in1251, '<title>T</title><iframe src="/f?\xef"></iframe><area href="/a?\xef"><link rel=canonical href="/c?\xef"><meta http-equiv=refresh content="9;url=/m?\xef">', { title: 'T', links: ['/f?%EF', '/a?%EF', '/c?%EF', '/m?%EF'] }],
  // The HTML standard writes the query of a base in the page's character set. Chromium does not.
  ['a base', in1251, `<base href="/b/?\xef">${link}"?\xef"><a href="#">`, { title: 'T', links: ['/b/?%EF', '/b/?%D0%BF'] }],
  ['spaces and line ends around the query', in1251, `${link}" /?q=\n\xef\t\xef \n ">`, { title: 'T', links: ['/?q=%EF%EF'] }],
  ['utf-16 means UTF-8', type('text/html; charset=utf-16le'), [...'<title>T</title><a href=/?\xe9>'].map((one) => `${one}\0`).join(''), { title: 'T', links: ['/?%C3%A9'] }],
  ['a plain page in UTF-8', type('text/html; charset=utf-8'), `${link}/\xc3\xa9?\xc3\xa9>`, { title: 'T', links: ['/%C3%A9?%C3%A9'] }],
];

const refresh = (value: string) => [...html, `Refresh: ${value}`];

// biome-ignore format: one line a row
const headers: Row[] = [
  ['Refresh', refresh('0; url=/next'), page, { title: 'T', links: ['/x', '/next'] }],
  ['Refresh without its name, in quotes', refresh('5,"/next"'), page, { title: 'T', links: ['/x', '/next'] }],
  ['Refresh, which comes before a base', refresh('0; URL = next'), `<base href=/b/>${page}`, { title: 'T', links: ['/x', '/row/next'] }],
  ['Refresh without a URL', refresh('30'), page, isPage],
  ['Refresh of a page with nofollow', [...refresh('0; url=/next'), 'X-Robots-Tag: nofollow'], page, { title: 'T', links: [] }],
  ['Refresh of plain text', [...type('text/plain'), 'Refresh: 0;url=/next'], 'x', { title: null, links: ['/next'] }],
  ['Refresh of plain text with nofollow', [...type('text/plain'), 'Refresh: 0;url=/next', 'X-Robots-Tag: nofollow'], 'x', { title: null, links: [] }],
  ['Refresh of nothing', ['Refresh: 0;url=/next'], '', { title: null, links: ['/next'] }],
];

// biome-ignore format: one line a row
const markup: Row[] = [
  ['NUL in the title and in links', html, '<title>a\0b</title><a href="/a\0b"><a hr\0ef=/x><a\0 href=/y><a href=/c\0>', { title: 'a\ufffdb', links: ['/a%EF%BF%BDb', '/c%EF%BF%BD'] }],
];

const xhtml = (body: string, head = '<title>T</title>') =>
  `<html xmlns="http://www.w3.org/1999/xhtml" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:o="urn:o"
    xmlns:s="http://www.w3.org/2000/svg" xmlns:l="http://www.w3.org/1999/xlink"><head>${head}</head><body>${body}</body></html>`;
const asXhtml = type('application/xhtml+xml');
const x = { title: 'T', links: ['/x'] };

// biome-ignore format: one line a row
const xml: Row[] = [
  ['XHTML: names in capitals are others', asXhtml, xhtml('<A href="/1"/><a HREF="/2"/><a href="/x"/>'), x],
  ['XHTML: a prefix of its namespace', asXhtml, xhtml('<h:a href="/x"/>'), x],
  ['XHTML: a of another namespace', asXhtml, xhtml('<o:a href="/1"/><a xmlns="urn:o" href="/2"/><p xmlns="urn:o"><a href="/3"/></p><a href="/x"/>'), x],
  ['XHTML: a of SVG', asXhtml, xhtml('<s:svg><s:a href="/x"/><s:a l:href="/y"/><s:title>no</s:title></s:svg>'), { title: 'T', links: ['/x', '/y'] }],
  ['XHTML: CDATA in the title', asXhtml, xhtml('', '<title>a<![CDATA[<b>&amp;]]> &amp; c<i>no</i>d</title><title>no</title>'), { title: 'a<b>&amp; & cd', links: [] }],
  ['XHTML: markup in textarea, CDATA in script', asXhtml, xhtml('<textarea><a href="/x"/></textarea><script><![CDATA[<a href="/1"/>]]></script><script/><a href="/y"/>'), { title: 'T', links: ['/x', '/y'] }],
  ['XHTML: a template', asXhtml, xhtml('<template><a href="/1"/></template><template/><a href="/x"/>'), x],
  ['XHTML: xml:base is not read, base is', asXhtml, xhtml('<p xml:base="/z/"><a href="x"/></p>', '<base href="/b/"/><title>T</title>'), { title: 'T', links: ['/b/x'] }],
  ['XHTML: a line end in a value', asXhtml, xhtml('<a href="/a\nb"/>'), { title: 'T', links: ['/a%20b'] }],
  ['XHTML: a DTD of its own', asXhtml, `<!DOCTYPE html [<!ENTITY e "<a href='/1'/>"> <!-- ]> -->]>${xhtml('<a href="/&e;"/><a href="/x"/>')}`.replace('/&e;', '/x'), x],
  ['XHTML without a namespace', asXhtml, page, { title: null, links: [] }],
  ['XHTML as application/xml', type('application/xml'), xhtml('<a href="/x"/>'), x],
  ['XHTML as text/xml, its query too', type('text/xml; charset=windows-1251'), xhtml('<a href="/x?\xef"/>'), { title: 'T', links: ['/x?%EF'] }],
  ['XHTML without a type', [], `<?xml version="1.0" encoding="windows-1251"?>${xhtml('<a href="/x"/>', `<title>${cyrillic}</title>`)}`, { charset: 'windows-1251', title: 'Привет', links: ['/x'] }],
  ['other XML', type('application/xml'), '<urlset><a href="/1"/></urlset>', null],
];

const rows = [...types, ...charsets, ...queries, ...headers, ...markup, ...xml];

const answerTo = (path: string): Buffer => {
  const [, header = html, body = '<title>end</title>'] =
    rows[Number(/^\/row\/(\d+)$/.exec(path)?.[1] ?? -1)] ?? [];
  const lines = [`Content-Length: ${body.length}`, ...header].map((line) => `${line}\r\n`).join('');
  return Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n${body}`, 'latin1');
};

let runner: CommandRunner;
let server: RawServer;
let records: Map<string, CrawlRecord>;

before(
  async () => {
    server = await startRaw((socket, head) => socket.write(answerTo(head.split(' ', 2)[1] ?? '')));
    runner = await openCommandRunner();
    await writeFile(runner.path('list.txt'), rows.map((_, index) => `${server.url}row/${index}\n`).join(''));
    const how = ['--crawl', 'odd', '--depth', '0', '--ignore-robots', '--quiet'];
    await runner.run(['crawl', runner.path('list.txt'), ...how]);
    records = new Map((await runner.results('odd')).map((record) => [new URL(record.url).pathname, record]));
  },
  { timeout: 60_000 },
);

after(() => server.close());

const pathOf = (url: string) => (url.startsWith(server.url) ? url.slice(server.url.length - 1) : url);

for (const [index, [what, , , expected]] of rows.entries())
  test(`${what}: ${expected ? `${expected.title} ${expected.links.join(' ')}` : 'no page'}`, () => {
    const record = records.get(`/row/${index}`);
    assert.ok(record?.ok, record?.error?.message);
    const links = record.links?.map(pathOf) ?? null;
    assert.deepEqual([record.title, links], expected ? [expected.title, expected.links] : [null, null]);
    if (expected?.charset) assert.equal(record.charset, expected.charset);
  });
