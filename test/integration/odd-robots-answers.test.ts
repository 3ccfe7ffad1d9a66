// A robots.txt that is sent oddly: its rules hold as if it were sent in order. Each row is the robots.txt of
// a host of its own, a real server. The drover command wants a page that it forbids and one that it allows.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import zlib from 'node:zlib';
import type { CrawlRecord } from '../../src/record.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { answerOf, type RawServer, startRaw } from '../support/site/hostile.ts';

/** obeyed: one page is refused, the other fetched. allowed: both are fetched. unknown: none is. */
type Outcome = 'obeyed' | 'allowed' | 'unknown';
/** The bytes that a path is answered with, for a request with these cookies. */
type Robots = (path: string, cookie: string) => Buffer | string;
type Row = [what: string, outcome: Outcome, robots: Robots];

const rules = 'User-agent: *\nDisallow: /no\n';
const length = `Content-Length: ${rules.length}`;
const sent = (status: string, lines: readonly string[], body: Buffer | string = rules) =>
  Buffer.concat([Buffer.from(`${[status, ...lines].join('\r\n')}\r\n\r\n`), Buffer.from(body as string)]);
const ok =
  (...lines: string[]) =>
  () =>
    sent('HTTP/1.1 200 OK', lines);
const coded =
  (coding: string, body: Buffer, status = '200 OK') =>
  () =>
    sent(`HTTP/1.1 ${status}`, [`Content-Encoding: ${coding}`, `Content-Length: ${body.length}`], body);
const redirect = (location: string, ...cookies: string[]) =>
  sent(
    'HTTP/1.1 302 Found',
    [`Location: ${location}`, ...cookies.map((line) => `Set-Cookie: ${line}`), 'Content-Length: 0'],
    '',
  );
const text = () => sent('HTTP/1.1 200 OK', [length]);
const manyLines = Array.from({ length: 1500 }, (_, index) => `X-${index}: 1`);

// biome-ignore format: one line a row
const rows: Row[] = [
  ['in order', 'obeyed', text],
  ['a control character in a value', 'obeyed', ok(length, 'X-Odd: \x01')],
  ['a folded line', 'obeyed', ok(length, 'X-Odd: 1', ' 2')],
  ['a line without colon', 'obeyed', ok(length, 'nonsense')],
  ['LF alone', 'obeyed', () => `HTTP/1.1 200 OK\n${length}\n\n${rules}`],
  ['two equal lengths', 'obeyed', ok(length, length)],
  ['identity', 'obeyed', ok(length, 'Transfer-Encoding: identity')],
  ['HTTP/1.2', 'obeyed', () => sent('HTTP/1.2 200 OK', [length])],
  ['blanks behind a chunk size', 'obeyed', () => sent('HTTP/1.1 200 OK', ['Transfer-Encoding: chunked'], `${rules.length.toString(16)}  \r\n${rules}\r\n0\r\n\r\n`)],
  ['1,500 lines before the coding', 'obeyed', () => sent('HTTP/1.1 200 OK', [...manyLines, 'Content-Encoding: gzip', `Content-Length: ${zlib.gzipSync(rules).length}`], zlib.gzipSync(rules))],
  ['a 404 with an odd head', 'allowed', () => sent('HTTP/1.1 404  Not Found', [length, 'Name : x', 'nonsense'])],
  ['a 404 with LF alone', 'allowed', () => `HTTP/1.1 404 Not Found\n${length}\n\n${rules}`],
  ['gzip without its trailer', 'obeyed', coded('gzip', zlib.gzipSync(rules).subarray(0, -8))],
  ['gzip with text behind it', 'obeyed', coded('gzip', Buffer.concat([zlib.gzipSync(rules), Buffer.from('<!-- cached -->')]))],
  ['raw deflate that ends with a flush', 'obeyed', coded('deflate', zlib.deflateRawSync(rules, { finishFlush: zlib.constants.Z_SYNC_FLUSH }))],
  ['zstd in two frames', 'obeyed', coded('zstd', Buffer.concat([zlib.zstdCompressSync(rules.slice(0, 14)), zlib.zstdCompressSync(rules.slice(14))]))],
  ['a coding nobody knows', 'unknown', coded('odd', Buffer.from(rules))],
  ['a 404 in a coding that it is not in', 'allowed', coded('gzip', Buffer.from('not found'), '404 Not Found')],
  ['a 404 in a coding nobody knows', 'allowed', coded('odd', Buffer.from('not found'), '404 Not Found')],
  ['a NUL in the head', 'unknown', ok(length, 'X-Odd: \0')],
  ['to itself with a cookie', 'obeyed', (path, cookie) => (cookie.includes('seen=1') ? text() : redirect(path, 'seen=1; Path=/'))],
  ['away and back', 'obeyed', (path, cookie) => (cookie.includes('seen=1') ? text() : path === '/wall' ? redirect('/robots.txt', 'seen=1; Path=/') : redirect('/wall'))],
  ['two cookies', 'obeyed', (path, cookie) => (cookie.includes('b=') ? text() : redirect(path, cookie.includes('a=') ? 'b=1' : 'a=1'))],
  ['a cookie, then 404', 'allowed', (path, cookie) => (cookie ? answerOf('', {}, '404 Not Found') : redirect(path, 'seen=1'))],
  ['a wall that never opens', 'unknown', (path) => redirect(path, 'seen=1; Path=/')],
  ['a wall that never opens, at another path', 'unknown', (path) => redirect(path === '/wall' ? '/robots.txt' : '/wall', 'seen=1; Path=/')],
  ['a cookie, then a page of HTML', 'allowed', (path) => (path === '/start' ? answerOf('<!doctype html><p>Disallow: /', { 'Content-Type': 'text/html' }) : redirect('/start', 'seen=1; Path=/'))],
  ['redirects without end', 'allowed', (path) => redirect(path)],
];

const sites: RawServer[] = [];
let runner: CommandRunner;
let records: Map<string, CrawlRecord>;

async function startSite(robots: Robots, index: number): Promise<void> {
  const site = await startRaw(
    (socket, head) => {
      const [, path = ''] = head.split(' ', 2);
      if (path === '/no' || path === '/yes') socket.write(answerOf('page'));
      else socket.write(robots(path, /^cookie: ([^\r]*)/im.exec(head)?.[1] ?? ''));
    },
    undefined,
    { host: `127.0.4.${index + 1}` },
  );
  sites.push(site);
}

before(
  async () => {
    for (const [index, [, , robots]] of rows.entries()) await startSite(robots, index);
    runner = await openCommandRunner();
    const urls = sites.flatMap(({ url }) => [`${url}no`, `${url}yes`]);
    const how = ['--depth', '0', '--attempts', '1', '--quiet', '--allow-private', '127.0.0.0/8'];
    await runner.run(['crawl', ...urls, '--crawl', 'robots', ...how]);
    records = new Map((await runner.results('robots')).map((record) => [record.url, record]));
  },
  { timeout: 60_000 },
);

after(() => Promise.all(sites.map((site) => site.close())));

const codes: Record<Outcome, [no: RegExp, yes: RegExp]> = {
  obeyed: [/^E_ROBOTS$/, /^ok$/],
  allowed: [/^ok$/, /^ok$/],
  unknown: [/^E_(?!ROBOTS$)/, /^E_(?!ROBOTS$)/],
};

for (const [index, [what, outcome]] of rows.entries())
  test(`robots.txt: ${what}, ${outcome}`, () => {
    const site = sites[index] as RawServer;
    for (const [page, expected] of [
      ['no', codes[outcome][0]],
      ['yes', codes[outcome][1]],
    ] as const) {
      const record = records.get(`${site.url}${page}`);
      const became = record?.ok ? 'ok' : String(record?.error?.code);
      assert.match(became, expected, record?.error?.message);
      const isAsked = site.requests.some((head) => head.startsWith(`GET /${page} `));
      assert.equal(isAsked, became === 'ok', 'a page that is not allowed is not asked for');
    }
  });
