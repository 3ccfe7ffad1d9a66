// Records for tests of stores: plain ones, and those with values that a store may change or refuse.
import type { CrawlRecord } from '../../../src/record.ts';

export const idOf = (id: number) => id.toString(16).padStart(16, '0');
export const recordOf = (id: number, more: Partial<CrawlRecord> = {}): CrawlRecord => ({
  ...{
    id: idOf(id),
    crawl: 'c',
    url: `http://h.example/${id}`,
    finalUrl: `http://h.example/${id}`,
    method: 'GET',
  },
  ...{
    status: 200,
    ok: true,
    error: null,
    attempts: 1,
    depth: 0,
    referrer: null,
    label: null,
    userData: null,
  },
  fetchedAt: '2026-11-29T00:14:16.207Z',
  timings: { queue: 1, slot: 0, dns: null, connect: 0.5, tls: null, firstByte: 3, download: 1, total: 5 },
  headers: { server: 'x', 'content-type': 'text/html', a: '1' },
  ...{ contentType: 'text/html', charset: 'utf-8', bytes: 5, sha256: 'ab'.repeat(32), title: 'T' },
  ...{
    links: [`http://h.example/${id + 1}`],
    noindex: false,
    usage: null,
    items: null,
    redirects: null,
    unchanged: null,
    revisitMs: null,
    proxy: null,
    http: null,
    rendered: null,
    session: null,
    body: `body ${id}`,
  },
  ...more,
});

const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)]);
const failed = { code: 'E_HTTP_4XX', layer: 'http', message: 'It refused.' } as const;

/** Values that PostgreSQL, JSON or a careless column would change or refuse. */
export const oddRecords: Record<string, Partial<CrawlRecord>> = {
  plain: {},
  'all null': {
    finalUrl: null,
    status: null,
    headers: null,
    links: null,
    body: null,
    bytes: null,
    title: null,
  },
  'an error': { status: 404, ok: false, error: failed },
  'empty texts': { title: '', body: '', label: '', links: [], headers: {} },
  'NUL in a title': { title: 'a\0b' },
  'NUL in a body': { body: 'a\0b' },
  'NUL in a header and its name': { headers: { 'x\0y': 'a\0' } },
  'half a pair in a title': { title: 'a\ud83d' },
  'half a pair in a body': { body: '\udc00 and 😀' },
  'half a pair in a link': { links: ['http://h.example/\ud800'] },
  'NUL in an item': { items: [{ handler: 'h', item: { 'a\0': '\0' } }] },
  'a backslash before u0000': { title: '\\u0000 \\ud83d' },
  'quotes and backslashes': { title: `"'\\ $1 $$ E'\\n'`, body: "'; drop table records; --" },
  'names that objects have': { userData: JSON.parse('{"__proto__":1,"constructor":2}') },
  'order of names': { headers: { zz: '1', b: '2', a: '3' }, userData: { zz: 1, a: [1, { y: 1, x: 2 }] } },
  'numbers of all sizes': {
    userData: [0, -0.1, 1e21, 1e-7, 123456789012345680000, 9007199254740991, 5e-324, 1.7e308],
  },
  'a URL of 60,000 characters': { url: `http://h.example/${'x'.repeat(60_000)}` },
  'a title of 5 MB': { title: 'é'.repeat(2_500_000) },
  'a body of 10 MB': { body: '<p>ü</p>'.repeat(1_200_000) },
  'userData 3,000 deep': { userData: deep(3000) },
  'unchanged since a former run': {
    status: 304,
    unchanged: { crawl: 'c', id: idOf(1) },
    revisitMs: 2_592_000_000,
    proxy: 'http://proxy.example:3128#2',
  },
  'made by a browser': {
    rendered: {
      ...{ ms: 812, requests: 4, cached: 1, blocked: 2, bytes: 51_200 },
      refused: [{ url: 'http://10.0.0.1/', code: 'E_SSRF' }],
      ...{ late: ['http://h.example/slow'], leftOut: 0, wentTo: null, screenshot: 'screenshots/a.png' },
    },
  },
  items: {
    items: [
      { handler: 'shop', item: { title: 'A', price: 1.5 } },
      { handler: 'shop', item: null },
      { handler: 'b', item: 'x' },
    ],
  },
  'all of Unicode’s corners': {
    title: '\u0001\u001f\u007f\u0085\u2028\ufeff\ufffe\uffff\u{10ffff}',
    body: '\r\n\t\v\f',
  },
};
