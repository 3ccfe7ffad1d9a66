// Heads and chunks that are not as RFC 9112 wants them, and that browsers read. A real server sends each row,
// the drover command fetches it. Looked at: its record, and which connection the next request comes over.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import test, { after, before } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { type RawServer, startRaw } from '../support/site/hostile.ts';

/**
 * What the connection is after the answer: used for the next request, closed by drover, or closed by the
 * server, because the body ends with it.
 */
type Connection = 'kept' | 'closed' | 'ended';

interface Row {
  what: string;
  connection: Connection;
  bytes: string;
  becomes?: ErrorCode;
  /** The value of the header X-Odd in the record. */
  odd?: string;
  /** The page is empty. */
  isEmpty?: boolean;
  /** How long the server waits between head and body. */
  pauseMs?: number;
}

const page = '<!doctype html><title>odd</title><p>body';
const size = page.length;
const chunkSize = size.toString(16);
const type = 'Content-Type: text/html; charset=windows-1251';
const length = `Content-Length: ${size}`;
const chunked = 'Transfer-Encoding: chunked';
const chunks = `${chunkSize}\r\n${page}\r\n0\r\n\r\n`;

const answer = (first: string, lines: readonly string[], body = page) =>
  `${[first, ...lines].join('\r\n')}\r\n\r\n${body}`;
const ok = (...lines: string[]) => answer('HTTP/1.1 200 OK', lines);
const inChunks = (body: string, ...lines: string[]) =>
  answer('HTTP/1.1 200 OK', [type, ...lines, chunked], body);
const manyLines = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: ${index}`);

// biome-ignore format: one line a row
const rows: Row[] = [
  { what: 'nothing odd', connection: 'kept', bytes: ok(type, length) },
  { what: 'no reason', connection: 'kept', bytes: answer('HTTP/1.1 200', [type, length]) },
  { what: 'bytes of UTF-8 in a value', connection: 'kept', bytes: ok(type, length, 'X-Odd: \xc3\xa9'), odd: '\u00e9' },
  ...['\x01', '\x08', '\x0b', '\x0c', '\x1f', '\x7f'].map((control): Row => (
    { what: `a value with the byte ${control.charCodeAt(0)}`, connection: 'closed', bytes: ok(type, length, `X-Odd: a${control}b`), odd: `a${control}b` })),
  { what: 'a value with NUL', connection: 'closed', bytes: ok(type, length, 'X-Odd: a\0b'), becomes: 'E_PROTOCOL' },
  { what: 'a folded line', connection: 'closed', bytes: ok(length, 'Content-Type: text/html;', '\tcharset=windows-1251') },
  { what: 'a line folded three times', connection: 'closed', bytes: ok(length, 'Content-Type:', ' text/html;', '   ', '\t charset=windows-1251') },
  { what: 'a folded length', connection: 'closed', bytes: ok(type, 'Content-Length:', ` ${size}`) },
  { what: 'a fold behind the status line', connection: 'closed', bytes: ok(' X-Odd: 1', type, length) },
  { what: 'a blank before the colon', connection: 'closed', bytes: ok(length, 'Content-Type : text/html; charset=windows-1251') },
  { what: 'a blank before the colon of the length', connection: 'closed', bytes: ok(type, `Content-Length : ${size}`) },
  { what: 'a line without colon', connection: 'closed', bytes: ok('nonsense', type, length) },
  { what: 'a line that begins with a colon', connection: 'closed', bytes: ok(': nonsense', type, length) },
  { what: 'a name that is none', connection: 'closed', bytes: ok('X Odd: 1', 'X(Odd): 2', type, length, 'X-Odd: 3'), odd: '3' },
  { what: 'a status line as a field', connection: 'closed', bytes: ok('HTTP/1.1 200 OK', type, length) },
  { what: 'LF alone everywhere', connection: 'closed', bytes: `HTTP/1.1 200 OK\n${type}\n${length}\n\n${page}` },
  { what: 'LF alone once', connection: 'closed', bytes: `HTTP/1.1 200 OK\r\n${type}\n${length}\r\n\r\n${page}` },
  { what: 'LF alone at the end', connection: 'closed', bytes: `HTTP/1.1 200 OK\r\n${type}\r\n${length}\r\n\n${page}` },
  { what: 'CR alone', connection: 'closed', bytes: `HTTP/1.1 200 OK\r\nX-Odd: 1\r${type}\r\n${length}\r\n\r\n${page}`, odd: '1' },
  { what: 'two equal lengths', connection: 'closed', bytes: ok(type, length, length) },
  { what: 'a list of equal lengths', connection: 'closed', bytes: ok(type, `${length}, ${size}`) },
  { what: 'two lengths that differ', connection: 'closed', bytes: ok(type, length, 'Content-Length: 3'), becomes: 'E_PROTOCOL' },
  { what: 'a list of lengths that differ', connection: 'closed', bytes: ok(type, `${length}, 3`), becomes: 'E_PROTOCOL' },
  { what: 'an empty length', connection: 'ended', bytes: ok(type, 'Content-Length:') },
  { what: 'a length with a sign', connection: 'ended', bytes: ok(type, `Content-Length: +${size}`) },
  { what: 'a length with a sign, and a server that waits', connection: 'closed', bytes: ok(type, `Content-Length: +${size}`) },
  { what: 'a length with twenty zeros in front', connection: 'closed', bytes: ok(type, `Content-Length: ${'0'.repeat(20)}${size}`) },
  { what: 'a length of 17 digits, and a body that is shorter', connection: 'ended', bytes: ok(type, `Content-Length: ${'9'.repeat(17)}`), becomes: 'E_TOO_LARGE' },
  { what: 'a length with a sign that says that nothing comes', connection: 'closed', bytes: answer('HTTP/1.1 200 OK', [type, 'Content-Length: +0'], ''), isEmpty: true },
  { what: 'a length in another form, and a pause before the body', connection: 'ended', bytes: ok(type, `Content-Length: 0x${size.toString(16)}`), pauseMs: 1500 },
  { what: 'a length that is too short and has a sign', connection: 'ended', bytes: ok(type, 'Content-Length: +3') },
  { what: 'a negative length', connection: 'ended', bytes: ok(type, 'Content-Length: -1') },
  { what: 'a length that is no number', connection: 'ended', bytes: ok(type, 'Content-Length: many') },
  { what: 'a length beyond all numbers', connection: 'ended', bytes: ok(type, `Content-Length: ${'9'.repeat(30)}`) },
  { what: 'a tab behind chunked', connection: 'closed', bytes: answer('HTTP/1.1 200 OK', [type, `${chunked} \t`], chunks) },
  { what: 'a tab behind the length', connection: 'closed', bytes: ok(type, `${length}\t`) },
  { what: 'chunks and a length', connection: 'closed', bytes: inChunks(chunks, 'Content-Length: 3') },
  { what: 'chunks and two lengths that differ', connection: 'closed', bytes: inChunks(chunks, 'Content-Length: 3', 'Content-Length: 4') },
  { what: 'chunked twice', connection: 'closed', bytes: inChunks(chunks, chunked) },
  { what: 'chunked, identity', connection: 'closed', bytes: answer('HTTP/1.1 200 OK', [type, `${chunked}, identity`], chunks) },
  { what: 'chunks in HTTP/1.0', connection: 'closed', bytes: answer('HTTP/1.0 200 OK', [type, chunked, 'Connection: keep-alive'], chunks) },
  { what: 'identity', connection: 'closed', bytes: ok(type, length, 'Transfer-Encoding: identity') },
  { what: 'identity without a length', connection: 'ended', bytes: ok(type, 'Transfer-Encoding: identity') },
  { what: 'an empty transfer coding', connection: 'closed', bytes: ok(type, length, 'Transfer-Encoding:') },
  { what: 'HTTP/1.2', connection: 'closed', bytes: answer('HTTP/1.2 200 OK', [type, length]) },
  { what: 'HTTP/2.0', connection: 'closed', bytes: answer('HTTP/2.0 200 OK', [type, length]) },
  { what: 'HTTP/2', connection: 'closed', bytes: answer('HTTP/2 200', [type, length]) },
  { what: 'http/1.1', connection: 'closed', bytes: answer('http/1.1 200 ok', [type, length]) },
  { what: 'HTTP/01.01', connection: 'closed', bytes: answer('HTTP/01.01 200 OK', [type, length]) },
  { what: 'two blanks in the status line', connection: 'closed', bytes: answer('HTTP/1.1  200  OK', [type, length]) },
  { what: 'no blank behind the status', connection: 'closed', bytes: answer('HTTP/1.1 200OK', [type, length]) },
  { what: 'no status', connection: 'closed', bytes: answer('HTTP/1.1', [type, length]) },
  { what: 'a control character in the reason', connection: 'closed', bytes: answer('HTTP/1.1 200 O\x01K', [type, length]) },
  { what: 'a status of two digits', connection: 'closed', bytes: answer('HTTP/1.1 20 OK', [type, length]), becomes: 'E_PROTOCOL' },
  { what: 'an empty line first', connection: 'closed', bytes: `\r\n${ok(type, length)}` },
  { what: 'four bytes first', connection: 'closed', bytes: `}}\r\n${ok(type, length)}` },
  { what: 'five bytes first', connection: 'closed', bytes: `}}}\r\n${ok(type, length)}`, becomes: 'E_PROTOCOL' },
  { what: 'an odd interim answer', connection: 'closed', bytes: `HTTP/1.1 103 Early Hints\nLink : </a>\n\n${ok(type, length)}` },
  { what: 'an interim answer', connection: 'kept', bytes: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok(type, length)}` },
  { what: 'chunks', connection: 'kept', bytes: inChunks(chunks) },
  { what: 'chunks with extensions and trailers', connection: 'kept', bytes: inChunks(`${chunkSize};a=b\r\n${page}\r\n000\r\nX-Sum: 1\r\n\r\n`) },
  { what: 'blanks behind a chunk size', connection: 'closed', bytes: inChunks(`${chunkSize}   \r\n${page}\r\n0 \r\n\r\n`) },
  { what: 'a tab behind a chunk size', connection: 'closed', bytes: inChunks(`${chunkSize}\t\r\n${page}\r\n0\r\n\r\n`) },
  { what: 'a blank before an extension', connection: 'closed', bytes: inChunks(`${chunkSize} ; a="b"\r\n${page}\r\n0\r\n\r\n`) },
  { what: 'LF alone in chunks', connection: 'closed', bytes: inChunks(chunks.replaceAll('\r\n', '\n')) },
  { what: 'LF alone behind the last chunk', connection: 'closed', bytes: inChunks(chunks.replace(/\r\n$/, '\n')) },
  { what: 'odd trailers', connection: 'closed', bytes: inChunks(chunks.replace(/\r\n$/, 'X-Odd : 1\n folded\r\n\r\n')) },
  { what: 'a chunk size in another form', connection: 'closed', bytes: inChunks(`0x${chunks}`), becomes: 'E_BODY_CHUNKING' },
  { what: '1,500 lines before the type', connection: 'kept', bytes: ok(...manyLines(1500), type, length) },
  { what: '5,000 short lines before the type', connection: 'kept', bytes: ok(...Array.from({ length: 5000 }, () => 'a: 1'), type, length) },
  { what: '1,500 lines before a coding nobody knows', connection: 'closed', bytes: ok(type, ...manyLines(1500), length, 'Content-Encoding: odd'), becomes: 'E_BODY_CODING' },
  { what: 'more than 64 KiB of lines', connection: 'closed', bytes: ok(type, length, ...manyLines(6000)), becomes: 'E_HEADERS_TOO_LARGE' },
];

let runner: CommandRunner;
let server: RawServer;
let records: Map<string, CrawlRecord>;
/** The paths asked for over each connection, and each connection by its path. */
const asked = new Map<Socket, string[]>();

const pathOf = (request: string) => request.split(' ', 2)[1] ?? '';

function send(socket: Socket, path: string): void {
  asked.set(socket, [...(asked.get(socket) ?? []), path]);
  const row = rows[Number(path.slice(1))] ?? (rows[0] as Row);
  // In two pieces, so that no reader sees the whole at once.
  const cut = row.pauseMs ? row.bytes.indexOf('\r\n\r\n') + 4 : Math.trunc(row.bytes.length / 2);
  socket.write(row.bytes.slice(0, cut), 'latin1');
  const rest = row.bytes.slice(cut);
  const go = () => (row.connection === 'ended' ? socket.end(rest, 'latin1') : socket.write(rest, 'latin1'));
  if (row.pauseMs) setTimeout(go, row.pauseMs);
  else setImmediate(go);
}

before(
  async () => {
    server = await startRaw((socket, request) => send(socket, pathOf(request)));
    runner = await openCommandRunner();
    const urls = [...rows.map((_, index) => `${server.url}${index}`), `${server.url}${rows.length}`];
    const how = ['--depth', '0', '--per-host', '1', '--attempts', '1', '--no-adaptive', '--ignore-robots'];
    await runner.run(['crawl', ...urls, '--crawl', 'odd', '--quiet', ...how]);
    records = new Map((await runner.results('odd')).map((record) => [new URL(record.url).pathname, record]));
  },
  { timeout: 60_000 },
);

after(() => server.close());

for (const [index, { what, connection, becomes, odd, isEmpty }] of rows.entries())
  test(`${what}: ${becomes ?? 'the page'}, the connection is ${connection}`, () => {
    const record = records.get(`/${index}`);
    assert.ok(record);
    assert.equal(record.error?.code ?? null, becomes ?? null, record.error?.message);
    if (!becomes) {
      const { status, ok: good, body, charset, title } = record;
      const shown = isEmpty ? ['', null] : [page, 'odd'];
      assert.deepEqual([status, good, charset, body, title], [200, true, 'windows-1251', ...shown]);
    }
    if (odd) assert.equal(record.headers?.['x-odd'], odd);
    const paths = [...asked.values()].find((list) => list.includes(`/${index}`)) ?? [];
    const isLast = paths.at(-1) === `/${index}`;
    // Nothing came after the last request of all, so its connection may have been kept.
    if (connection === 'kept' && pathOf(server.requests.at(-1) ?? '') === `/${index}`) return;
    assert.equal(isLast ? 'closed' : 'kept', connection === 'kept' ? 'kept' : 'closed', paths.join(' '));
  });

test('each is asked for once', () => {
  assert.equal(server.requests.length, rows.length + 1);
});
