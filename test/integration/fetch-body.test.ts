// Bodies: decompressed in every coding, never more than the limit of them in memory, and honest about what is
// broken.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import zlib from 'node:zlib';
import { answered, closing, failed, fetcherFor, requestTo, textOf } from '../support/fetching.ts';
import { until } from '../support/signals.ts';
import {
  answerOf,
  startBomb,
  startEndless,
  startRaw,
  startSending,
  startSendingAndClosing,
} from '../support/site/hostile.ts';

const text = 'hello, world. '.repeat(1000);
/** Does not compress: more than the size up to which bodies are decompressed in one go. */
const noise = randomBytes(300_000);

const codings: [string, (data: Uint8Array | string) => Buffer][] = [
  ['gzip', zlib.gzipSync],
  ['x-gzip', zlib.gzipSync],
  ['br', zlib.brotliCompressSync],
  ['zstd', zlib.zstdCompressSync],
  ['deflate', zlib.deflateSync],
  ['deflate', zlib.deflateRawSync],
  ['gzip, br', (data) => zlib.brotliCompressSync(zlib.gzipSync(data))],
  ['deflate, identity, GZIP', (data) => zlib.gzipSync(zlib.deflateSync(data))],
];

for (const [coding, encode] of codings) {
  test(`${coding} (${encode.name || 'twice'}) is decompressed, small and large`, async (t) => {
    const fetcher = fetcherFor(t);
    for (const content of [Buffer.from(text), noise]) {
      const server = closing(
        t,
        await startSending(answerOf(encode(content), { 'Content-Encoding': coding })),
      );
      const answer = answered(await fetcher.fetch(requestTo(server.url)));
      assert.ok(content.equals(answer.body));
      answered(await fetcher.fetch(requestTo(server.url)));
      assert.equal(server.connections.accepted, 1, 'the connection is used again');
    }
  });
}

for (const [what, encoding, bytes, expected] of [
  ['an empty body is empty, whatever its coding', 'gzip', Buffer.alloc(0), ''],
  [
    'zeros after the end of the compressed data are left out',
    'gzip',
    Buffer.concat([zlib.gzipSync('hello'), Buffer.alloc(512)]),
    'hello',
  ],
  [
    'two gzip members, one after the other, are one body',
    'gzip',
    Buffer.concat([zlib.gzipSync('hello, '), zlib.gzipSync('world')]),
    'hello, world',
  ],
] as const) {
  test(what, async (t) => {
    const server = closing(t, await startSending(answerOf(bytes, { 'Content-Encoding': encoding })));
    assert.equal(textOf(answered(await fetcherFor(t).fetch(requestTo(server.url)))), expected);
  });
}

const cutInHalf = (data: Buffer) => data.subarray(0, data.length >> 1);

for (const [what, encoding, bytes] of [
  ['half of a gzip', 'gzip', cutInHalf(zlib.gzipSync(text))],
  ['half of a small br', 'br', cutInHalf(zlib.brotliCompressSync(text))],
  ['half of a small zstd', 'zstd', cutInHalf(zlib.zstdCompressSync(text))],
  ['half of a small deflate', 'deflate', cutInHalf(zlib.deflateSync(text))],
  ['half of a large gzip', 'gzip', cutInHalf(zlib.gzipSync(noise))],
  ['half of a br', 'br', cutInHalf(zlib.brotliCompressSync(noise))],
  ['half of a zstd', 'zstd', cutInHalf(zlib.zstdCompressSync(noise))],
] as const) {
  test(`${what} is E_BODY_TRUNCATED`, async (t) => {
    const server = closing(t, await startSending(answerOf(bytes, { 'Content-Encoding': encoding })));
    failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_BODY_TRUNCATED');
  });
}

for (const [what, encoding, bytes] of [
  ['text that says it is gzip', 'gzip', Buffer.from('hello, world')],
  [
    'a gzip with a wrong checksum',
    'gzip',
    Buffer.concat([zlib.gzipSync(text).subarray(0, -8), Buffer.alloc(8)]),
  ],
  ['a stack of six codings', 'gzip, gzip, gzip, gzip, gzip, gzip', zlib.gzipSync(text)],
] as const) {
  test(`${what} is E_BODY_ENCODING`, async (t) => {
    const server = closing(t, await startSending(answerOf(bytes, { 'Content-Encoding': encoding })));
    failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_BODY_ENCODING');
  });
}

test('a body of exactly the limit is whole, one byte more is E_TOO_LARGE', async (t) => {
  const fetcher = fetcherFor(t);
  const body = Buffer.alloc(100_000, 'x');
  for (const bytes of [
    answerOf(body),
    answerOf(zlib.gzipSync(body), { 'Content-Encoding': 'gzip' }),
    Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'), body]),
  ]) {
    const server = closing(t, await startSendingAndClosing(bytes));
    const answer = answered(await fetcher.fetch(requestTo(server.url, { maxBytes: 100_000 })));
    assert.equal(answer.body.length, 100_000);
    failed(await fetcher.fetch(requestTo(server.url, { maxBytes: 99_999 })), 'E_TOO_LARGE');
  }
});

test('a body without end is E_TOO_LARGE at the limit, and the connection is closed', async (t) => {
  const chunk = Buffer.alloc(65_536, 'x');
  const server = closing(t, await startEndless('HTTP/1.1 200 OK\r\n\r\n', chunk));
  failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_TOO_LARGE');
  await closed(server.connections.open);
  assert.ok(server.sent() < 30_000_000, `${server.sent()} bytes were sent`); // the buffers of the system are in it
});

test('a length over the limit is E_TOO_LARGE before any of the body is read', async (t) => {
  const server = closing(t, await startSending('HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n'));
  failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_TOO_LARGE');
});

test('a bomb is E_TOO_LARGE, and costs no more than the limit', async (t) => {
  const server = closing(t, await startBomb());
  const fetcher = fetcherFor(t);
  const watch = new Peak();
  const cpu = process.cpuUsage();
  for (let n = 0; n < 5; n++)
    failed(await fetcher.fetch(requestTo(server.url, { maxBytes: 2_000_000 })), 'E_TOO_LARGE');
  const { user, system } = process.cpuUsage(cpu);
  // 200 MB each would take half a second of CPU and all that memory.
  assert.ok(watch.stop() < 60_000_000, `${watch.stop()} bytes at the peak`);
  assert.ok((user + system) / 1000 < 1000, `${(user + system) / 1000} ms of CPU`);
});

test('a bomb in the second of two zstd frames is E_TOO_LARGE too, and costs no more', async (t) => {
  const bomb = Buffer.concat([zlib.zstdCompressSync('x'), zlib.zstdCompressSync(Buffer.alloc(200_000_000))]);
  const server = closing(t, await startSending(answerOf(bomb, { 'Content-Encoding': 'zstd' })));
  const watch = new Peak();
  const cpu = process.cpuUsage();
  failed(await fetcherFor(t).fetch(requestTo(server.url, { maxBytes: 2_000_000 })), 'E_TOO_LARGE');
  const { user, system } = process.cpuUsage(cpu);
  assert.ok(watch.stop() < 60_000_000, `${watch.stop()} bytes at the peak`);
  assert.ok((user + system) / 1000 < 500, `${(user + system) / 1000} ms of CPU`);
});

test('members without end are E_BODY_ENCODING before they cost much', async (t) => {
  const members = Buffer.concat(Array(10_000).fill(zlib.gzipSync('')));
  const server = closing(t, await startSending(answerOf(members, { 'Content-Encoding': 'gzip' })));
  failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_BODY_ENCODING');
});

test('a bomb without end, in a bomb, is E_TOO_LARGE too', async (t) => {
  const member = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(50_000_000)));
  const server = closing(
    t,
    await startEndless(
      'HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n',
      Buffer.concat(Array(50).fill(member)),
    ),
  );
  failed(await fetcherFor(t).fetch(requestTo(server.url, { maxBytes: 2_000_000 })), 'E_TOO_LARGE');
});

/** The most memory outside of the heap, beyond what there was at the beginning. */
class Peak {
  readonly #before = process.memoryUsage().arrayBuffers;
  #most = 0;
  readonly #timer = setInterval(() => this.#look(), 1);

  #look(): void {
    this.#most = Math.max(this.#most, process.memoryUsage().arrayBuffers - this.#before);
  }

  stop(): number {
    this.#look();
    clearInterval(this.#timer);
    return this.#most;
  }
}

test('with truncate, a longer body is cut at the limit, compressed or not', async (t) => {
  const fetcher = fetcherFor(t);
  const body = Buffer.from(text);
  for (const bytes of [answerOf(body), answerOf(zlib.gzipSync(body), { 'Content-Encoding': 'gzip' })]) {
    const server = closing(t, await startSending(bytes));
    const request = requestTo(server.url, { maxBytes: 1000, truncate: true });
    assert.equal(textOf(answered(await fetcher.fetch(request))), text.slice(0, 1000));
    const whole = answered(await fetcher.fetch({ ...request, maxBytes: text.length }));
    assert.equal(textOf(whole), text);
  }
});

test('HEAD, 204 and 304 have no body, whatever their headers say', async (t) => {
  const headers = { 'Content-Length': '5000000', 'Content-Encoding': 'gzip' };
  const fetcher = fetcherFor(t);
  for (const [status, method] of [
    ['200 OK', 'HEAD'],
    ['204 No Content', 'GET'],
    ['304 Not Modified', 'GET'],
  ] as const) {
    const server = closing(t, await startSending(answerOf('', headers, status)));
    for (let n = 0; n < 2; n++) {
      const answer = answered(await fetcher.fetch(requestTo(server.url, { method })));
      assert.equal(answer.body.length, 0);
    }
    assert.equal(server.connections.accepted, 1);
  }
});

test('header values are UTF-8 where they are that, else Latin-1; several of one name are joined', async (t) => {
  const head = Buffer.concat([
    Buffer.from(
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nVary: a\r\nVary: b\r\n',
    ),
    Buffer.from('X-Utf8: Zoë ✓\r\n'),
    Buffer.from('X-Latin: Zo\xeb\r\n\r\n', 'latin1'),
  ]);
  const server = closing(t, await startSending(head));
  const { headers } = answered(await fetcherFor(t).fetch(requestTo(server.url)));
  assert.equal(headers['x-utf8'], 'Zoë ✓');
  assert.equal(headers['x-latin'], 'Zoë');
  assert.equal(headers['set-cookie'], 'a=1\nb=2');
  assert.equal(headers.vary, 'a, b');
});

test('60 KiB of headers are read', async (t) => {
  const server = closing(t, await startSending(answerOf('hello', { 'X-Large': 'x'.repeat(60 * 1024) })));
  answered(await fetcherFor(t).fetch(requestTo(server.url)));
});

test('aborting ends a fetch at once, with the reason if it is a failure', async (t) => {
  const server = closing(
    t,
    await startRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')),
  );
  const fetcher = fetcherFor(t);
  const reason = { code: 'E_CANCELLED', layer: 'scope', message: 'enough' } as const;
  for (const [given, code] of [
    [undefined, 'E_LOCK_LOST'],
    [reason, 'E_CANCELLED'],
  ] as const) {
    const abort = new AbortController();
    const work = fetcher.fetch(requestTo(server.url, { signal: abort.signal }));
    const begun = server.requests.length + 1;
    await until(() => server.requests.length === begun, { what: 'the request' });
    abort.abort(given);
    failed(await work, code);
    failed(await fetcher.fetch(requestTo(server.url, { signal: abort.signal })), code);
  }
  await closed(server.connections.open);
});

const closed = (open: ReadonlySet<unknown>) =>
  until(() => open.size === 0, { what: 'the connections to close' });
