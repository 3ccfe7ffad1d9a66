// Redirects as sites use them: walls that set a cookie and lead back, and targets in another character set
// than UTF-8. A real server gives each row and the drover command follows it. Looked at: the record, what the
// server got.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { type NameServer, startNameServer } from '../support/name-server.ts';
import { answerOf, type RawServer, startRaw } from '../support/site/hostile.ts';

/** A request that came. `at`: the path below that of the row. */
interface Came {
  host: string;
  at: string;
  cookie: string;
}

/** A redirect with its Location and the lines of Set-Cookie, or null for the page. */
type Step = [location: string, ...cookies: string[]] | null;

interface Row {
  what: string;
  /** The host of the first request; a.shop.test if it is left out. */
  host?: string;
  answer: (came: Came, first: string) => Step;
  /** What must have come, in order: host without the port, path below the row, cookies. */
  came: string[];
  code?: 'E_REDIRECT_LOOP';
}

const wall =
  (cookie: string, opens: RegExp) =>
  ({ cookie: came }: Came, first: string): Step =>
    opens.test(came) ? null : [first, cookie];
const to =
  (location: string): Row['answer'] =>
  ({ at }, first) =>
    at === 'start' ? [location.replace('FIRST', first)] : null;
/** Sets cookies at the first path and then shows what comes at `location`. */
const setting =
  (location: string, ...cookies: string[]): Row['answer'] =>
  ({ at }) =>
    at === 'start' ? [location, ...cookies] : null;
const PORT = () => server.port;

const numbers = Array.from({ length: 35 }, (_, index) => index);
const many = (name: string) => numbers.map((index) => `${name}${index}=1; Path=/`);
/** The cookies of `many` that are sent, without the first `lost`. */
const sent = (name: string, lost: number) =>
  numbers
    .slice(lost)
    .map((index) => `${name}${index}=1`)
    .join('; ');

// biome-ignore format: one line a row
const rows: Row[] = [
  { what: 'to itself with a cookie', answer: wall('seen=1; Path=/', /seen=1/), came: ['a.shop.test start', 'a.shop.test start seen=1'] },
  { what: 'to itself with a cookie at an address', host: '127.0.0.1', answer: wall('seen=1', /seen=1/), came: ['127.0.0.1 start', '127.0.0.1 start seen=1'] },
  { what: 'to itself without a cookie', answer: (_, first) => [first], code: 'E_REDIRECT_LOOP', came: Array(11).fill('a.shop.test start') },
  { what: 'to itself with a cookie that is refused', answer: wall('seen=1; Domain=other.test', /seen=1/), code: 'E_REDIRECT_LOOP', came: Array(11).fill('a.shop.test start') },
  { what: 'away and back', answer: ({ at, cookie }, first) => (cookie ? null : at === 'start' ? ['set'] : [first, 'seen=1; Path=/']), came: ['a.shop.test start', 'a.shop.test set', 'a.shop.test start seen=1'] },
  { what: 'to a sister host and back', answer: ({ host, cookie }, first) => (cookie ? null : host === 'a.shop.test' ? [`http://b.shop.test:${PORT()}${new URL(first).pathname}`] : [first, 'seen=1; Domain=shop.test; Path=/']), came: ['a.shop.test start', 'b.shop.test start', 'a.shop.test start seen=1'] },
  { what: 'two cookies one after the other', answer: ({ cookie }, first) => (!cookie ? [first, 'a=1; Path=/'] : cookie.includes('b=') ? null : [first, 'b=2; Path=/']), came: ['a.shop.test start', 'a.shop.test start a=1', 'a.shop.test start a=1; b=2'] },
  { what: 'two cookies at once', answer: setting('end', 'a=1; Path=/', 'b=2; Path=/'), came: ['a.shop.test start', 'a.shop.test end a=1; b=2'] },
  { what: 'a cookie that is replaced', answer: ({ cookie }, first) => (cookie === 'a=2' ? null : [first, cookie === '' ? 'a=1; Path=/' : 'a=2; Path=/']), came: ['a.shop.test start', 'a.shop.test start a=1', 'a.shop.test start a=2'] },
  { what: 'a cookie that is deleted', answer: ({ at, cookie }) => (at === 'end' && !cookie ? null : at === 'end' ? ['end', 'a=; Path=/; Max-Age=0'] : ['end', 'a=1; Path=/']), came: ['a.shop.test start', 'a.shop.test end a=1', 'a.shop.test end'] },
  { what: 'a cookie that has expired', answer: setting('end', 'a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'), came: ['a.shop.test start', 'a.shop.test end'] },
  { what: 'a cookie of another path', answer: setting('end', 'a=1; Path=/elsewhere'), came: ['a.shop.test start', 'a.shop.test end'] },
  { what: 'a cookie without a path', answer: setting('end', 'a=1'), came: ['a.shop.test start', 'a.shop.test end a=1'] },
  { what: 'a secure cookie over http', answer: setting('end', 'a=1; Secure; Path=/'), came: ['a.shop.test start', 'a.shop.test end'] },
  { what: 'a prefix that forbids it', answer: setting('end', '__Host-a=1; Path=/', '__Secure-b=1; Path=/'), came: ['a.shop.test start', 'a.shop.test end'] },
  { what: 'a cookie for a public suffix', answer: setting('end', 'a=1; Domain=co.uk; Path=/', 'b=1; Domain=test; Path=/'), host: 'a.co.uk', came: ['a.co.uk start', 'a.co.uk end'] },
  { what: 'a cookie for another site', answer: setting('http://other.test:PORT/ROW/end', 'a=1; Path=/', 'b=1; Domain=other.test; Path=/', 'c=1; Domain=shop.test; Path=/'), came: ['a.shop.test start', 'other.test end'] },
  { what: 'a cookie of one host at its sister', answer: setting('http://b.shop.test:PORT/ROW/end', 'a=1; Path=/', 'c=1; Domain=.shop.test; Path=/'), came: ['a.shop.test start', 'b.shop.test end c=1'] },
  { what: 'a cookie of the host above', answer: setting('http://sub.a.shop.test:PORT/ROW/end', 'a=1; Path=/', 'c=1; Domain=a.shop.test; Path=/'), came: ['a.shop.test start', 'sub.a.shop.test end c=1'] },
  { what: 'a cookie without a name, and a broken one', answer: setting('end', 'alone; Path=/', '', 'x=\x01; Path=/', 'y=1; Path=/'), came: ['a.shop.test start', 'a.shop.test end alone; y=1'] },
  { what: 'a cookie longer than browsers keep', answer: setting('end', `a=${'x'.repeat(4200)}; Path=/`, 'b=1; Path=/'), came: ['a.shop.test start', 'a.shop.test end b=1'] },
  { what: 'a byte that is no UTF-8 in a cookie', answer: setting('end', 'a=\xe9; Path=/'), came: ['a.shop.test start', 'a.shop.test end a=\xe9'] },
  { what: 'cookies without end', answer: ({ cookie }, first) => [first, `n=${cookie.length}; Path=/`, `c${cookie.length}=1; Path=/`], code: 'E_REDIRECT_LOOP', came: [] },
  { what: 'more cookies than are kept, the oldest of which are forgotten', answer: ({ at }) => (at === 'start' ? ['mid', ...many('a')] : at === 'mid' ? ['end', ...many('b')] : null), came: ['a.shop.test start', `a.shop.test mid ${sent('a', 0)}`, `a.shop.test end ${sent('a', 20)}; ${sent('b', 0)}`] },
  { what: 'Latin-1 in the path', answer: to('jos\xe9'), came: ['a.shop.test start', 'a.shop.test jos%E9'] },
  { what: 'windows-1251 in the path', answer: to('\xef\xf0\xe8'), came: ['a.shop.test start', 'a.shop.test %EF%F0%E8'] },
  { what: 'Shift_JIS in the path', answer: to('\x83\x81\x83\x93'), came: ['a.shop.test start', 'a.shop.test %83%81%83%93'] },
  { what: 'Latin-1 in the query', answer: to('end?q=\xe9&r=1'), came: ['a.shop.test start', 'a.shop.test end?q=%E9&r=1'] },
  { what: 'UTF-8 in the path', answer: to('jos\xc3\xa9'), came: ['a.shop.test start', 'a.shop.test jos%C3%A9'] },
  { what: 'both and triplets', answer: to('\xe9-\xc3\xa9-%E9-%c3'), came: ['a.shop.test start', 'a.shop.test %E9-%C3%A9-%E9-%c3'] },
  { what: 'all in one absolute URL', answer: to('FIRST\xff?\x80'), came: ['a.shop.test start', 'a.shop.test start%FF?%80'] },
  { what: 'a host in UTF-8', answer: to('http://b\xc3\xbccher.test:PORT/ROW/end'), came: ['a.shop.test start', 'xn--bcher-kva.test end'] },
  { what: 'a control character in the path', answer: to('a\x01b'), came: ['a.shop.test start', 'a.shop.test a%01b'] },
];

let runner: CommandRunner;
let server: RawServer;
let names: NameServer;
let records: Map<string, CrawlRecord>;
const came = new Map<number, string[]>();

function answer(head: string): Buffer {
  const [, path = ''] = head.split(' ', 2);
  const host = /^host: ([^\r:]*)/im.exec(head)?.[1] ?? '';
  const cookie = /^cookie: ([^\r]*)/im.exec(head)?.[1] ?? '';
  const [, index = '', at = ''] = path.split(/^\/(\d+)\//);
  const row = rows[Number(index)];
  if (!row || at === '') return answerOf('', {}, '404 Not Found');
  came.set(Number(index), [...(came.get(Number(index)) ?? []), [host, at, cookie].join(' ').trim()]);
  const step = row.answer({ host, at, cookie }, urlOf(Number(index)));
  if (!step) return answerOf('the page', { 'Content-Type': 'text/plain' });
  const [location, ...cookies] = step;
  const target = location.replace('PORT', String(server.port)).replace('ROW', index);
  const lines = [`Location: ${target}`, ...cookies.map((line) => `Set-Cookie: ${line}`)].join('\r\n');
  return Buffer.from(`HTTP/1.1 302 Found\r\nContent-Length: 0\r\n${lines}\r\n\r\n`, 'latin1');
}

const allowed = () => [
  ...['--allow-private', '127.0.0.0/8', '--dns-server', names.address, '--depth', '0'],
  ...['--cookies', 'off'], // each chain by itself
];
const urlOf = (index: number, host = rows[index]?.host ?? 'a.shop.test') =>
  `http://${host}:${server.port}/${index}/start`;

before(
  async () => {
    server = await startRaw((socket, head) => socket.write(answer(head)));
    names = await startNameServer((_, type) => (type === 'A' ? { addresses: ['127.0.0.1'] } : 'nxdomain'));
    runner = await openCommandRunner();
    const urls = rows.map((_, index) => urlOf(index));
    await runner.run(['crawl', ...urls, '--crawl', 'odd', '--quiet', '--attempts', '1', ...allowed()]);
    records = new Map((await runner.results('odd')).map((record) => [record.url, record]));
  },
  { timeout: 60_000 },
);

after(() => {
  names.close();
  return server.close();
});

for (const [index, { what, code, came: due }] of rows.entries())
  test(`a redirect: ${what}, ${code ?? 'to the page'}`, () => {
    const record = records.get(urlOf(index));
    assert.equal(record?.error?.code ?? null, code ?? null, record?.error?.message);
    if (!code) assert.equal(record?.body, 'the page');
    if (due.length > 0) assert.deepEqual(came.get(index), due);
  });

test('a header Cookie of the user is kept and joined by what the server sets', async () => {
  const index = rows.length;
  rows.push({ what: '', answer: setting('end', 'a=2; Path=/', 'b=3; Path=/'), came: [] });
  const how = ['--crawl', 'own', '--quiet', '--header', 'Cookie: a=1; mine=1'];
  await runner.run(['crawl', urlOf(index), ...how, ...allowed()]);
  assert.deepEqual(came.get(index), ['a.shop.test start a=1; mine=1', 'a.shop.test end mine=1; a=2; b=3']);
});

// The wait is longer than a job is kept in hand, so the job is put away with its cookies.
test('cookies hold where the host has to be waited for in between', async () => {
  const index = rows.length;
  rows.push({ what: '', answer: wall('seen=1; Path=/', /seen=1/), came: [] });
  const how = ['--crawl', 'slow', '--quiet', '--ignore-robots', '--delay', '1500'];
  await runner.run(['crawl', urlOf(index), ...how, ...allowed()]);
  assert.deepEqual(came.get(index), ['a.shop.test start', 'a.shop.test start seen=1']);
});

test('a cookie of one request is not sent with another', async () => {
  const indexes = [rows.length, rows.length + 1];
  for (const _ of indexes) rows.push({ what: '', answer: wall('seen=1; Path=/', /seen=1/), came: [] });
  await runner.run(['crawl', ...indexes.map((i) => urlOf(i)), '--crawl', 'two', '--quiet', ...allowed()]);
  for (const index of indexes)
    assert.deepEqual(came.get(index), ['a.shop.test start', 'a.shop.test start seen=1']);
});
