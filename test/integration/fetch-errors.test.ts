// What goes wrong on the way to an answer: each defect has its own code. Real servers that do exactly that.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { catalogue, type ErrorCode } from '../../src/errors.ts';
import { answered, closing, failed, fetcherFor, requestTo, textOf } from '../support/fetching.ts';
import { startNameServer } from '../support/name-server.ts';
import { until } from '../support/signals.ts';
import {
  answerOf,
  startFloodOfHeaders,
  startRaw,
  startRedirecting,
  startRefusing,
  startResetting,
  startSending,
  startSendingAndClosing,
} from '../support/site/hostile.ts';
import { startTls, testAuthority } from '../support/site/hostile-tls.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n';

const broken: [string, ErrorCode, () => Promise<{ url: string; close(): Promise<void> }>][] = [
  ['a refused connection', 'E_CONNECT_REFUSED', startRefusing],
  ['a reset before the answer', 'E_RESET', startResetting],
  ['a connection closed before the answer', 'E_RESET', () => startSendingAndClosing('')],
  [
    'a connection closed in the header',
    'E_RESET',
    () => startSendingAndClosing('HTTP/1.1 200 OK\r\nContent-'),
  ],
  ['headers without end', 'E_HEADERS_TOO_LARGE', startFloodOfHeaders],
  ['something that is not HTTP', 'E_PROTOCOL', () => startSending('220 mail.example ESMTP\r\n')],
  ['a TLS alert where HTTP was expected', 'E_PROTOCOL', () => startSending('\x15\x03\x01\x00\x02\x02\x46')],
  [
    'a switch of protocols that nobody asked for',
    'E_PROTOCOL',
    () =>
      startSending('HTTP/1.1 101 Switching Protocols\r\nUpgrade: nonsense\r\nConnection: upgrade\r\n\r\n'),
  ],
  [
    'two lengths that differ',
    'E_PROTOCOL',
    () => startSending(`${head}Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello`),
  ],
  ['half a body', 'E_BODY_TRUNCATED', () => startSendingAndClosing(`${head}Content-Length: 10\r\n\r\nhello`)],
  [
    'half a chunked body',
    'E_BODY_TRUNCATED',
    () => startSendingAndClosing(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`),
  ],
  [
    'a reset in the body',
    'E_BODY_TRUNCATED',
    () =>
      startRaw((socket) =>
        socket.write(`${head}\r\nhello`, () => setImmediate(() => socket.resetAndDestroy())),
      ),
  ],
  [
    'a chunk size that is no number',
    'E_BODY_CHUNKING',
    () => startSending(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZZ\r\n`),
  ],
  [
    'a chunk longer than it said',
    'E_BODY_CHUNKING',
    () => startSending(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`),
  ],
];

for (const [what, code, start] of broken) {
  test(`${what} is ${code}`, async (t) => {
    const server = closing(t, await start());
    const failure = failed(await fetcherFor(t).fetch(requestTo(server.url)), code);
    assert.match(failure.message, /127\.0\.0\.1:\d+/);
  });
}

test('a body longer than Content-Length is cut there, and the connection is not used again', async (t) => {
  const server = closing(t, await startSending(`${head}Content-Length: 5\r\n\r\nhello, world`));
  const fetcher = fetcherFor(t);
  for (let n = 0; n < 2; n++)
    assert.equal(textOf(answered(await fetcher.fetch(requestTo(server.url)))), 'hello');
  assert.equal(server.connections.accepted, 2);
});

test('a body that only the end of the connection ends is whole', async (t) => {
  const server = closing(t, await startSendingAndClosing(`${head}\r\nhello`));
  assert.equal(textOf(answered(await fetcherFor(t).fetch(requestTo(server.url)))), 'hello');
});

for (const [certificate, code] of [
  ['expired', 'E_TLS_EXPIRED'],
  ['self-signed', 'E_TLS_SELF_SIGNED'],
  ['wrong-name', 'E_TLS_WRONG_NAME'],
] as const) {
  test(`a certificate that is ${certificate} is ${code}`, async (t) => {
    const server = closing(t, await startTls(certificate));
    failed(await fetcherFor(t, { ca: testAuthority }).fetch(requestTo(server.url)), code);
  });
}

test('a certificate of an authority that is not trusted is E_TLS_SELF_SIGNED', async (t) => {
  const server = closing(t, await startTls('good'));
  failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_TLS_SELF_SIGNED');
});

test('a good certificate is good, by address and by name', async (t) => {
  const server = closing(t, await startTls('good'));
  const fetcher = fetcherFor(t, { ca: testAuthority });
  const byAddress = answered(await fetcher.fetch(requestTo(server.url)));
  assert.equal(textOf(byAddress), 'hello');
  assert.ok(
    byAddress.timings.connect !== null && byAddress.timings.tls !== null,
    'TCP and TLS are timed apart',
  );
  const byName = answered(await fetcher.fetch(requestTo(`https://localhost:${server.port}/`)));
  assert.equal(byName.address, '127.0.0.1');
});

test('plain HTTP where TLS was expected is E_TLS, a reset in the handshake E_RESET', async (t) => {
  const fetcher = fetcherFor(t);
  const plain = closing(
    t,
    await startRaw(
      () => undefined,
      (socket) => socket.once('data', () => socket.write('HTTP/1.1 400 Bad\r\n\r\n')),
    ),
  );
  failed(await fetcher.fetch(requestTo(plain.url.replace('http:', 'https:'))), 'E_TLS');
  const resetting = closing(
    t,
    await startRaw(
      () => undefined,
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
    ),
  );
  failed(await fetcher.fetch(requestTo(resetting.url.replace('http:', 'https:'))), 'E_RESET');
});

test('a name that does not exist is E_DNS_NOT_FOUND; one that cannot be asked for now, E_DNS_TEMPORARY', async (t) => {
  const names = closing(
    t,
    await startNameServer((name) => {
      if (name === 'empty.test') return { addresses: [] };
      return name.startsWith('servfail') ? 'servfail' : name.startsWith('refused') ? 'refused' : 'nxdomain';
    }),
  );
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const failure = failed(await fetcher.fetch(requestTo('http://missing.test/')), 'E_DNS_NOT_FOUND');
  assert.match(failure.message, /missing\.test/);
  failed(await fetcher.fetch(requestTo('http://empty.test/')), 'E_DNS_NOT_FOUND');
  failed(await fetcher.fetch(requestTo('http://servfail.test/')), 'E_DNS_TEMPORARY');
  failed(await fetcher.fetch(requestTo('http://refused.test/')), 'E_DNS_TEMPORARY');
});

test('redirects beyond the limit are E_REDIRECT_LOOP, and are not made', async (t) => {
  const server = closing(t, await startRedirecting('302 Found'));
  const result = await fetcherFor(t).fetch(requestTo(`${server.url}1`, { maxRedirects: 3 }));
  failed(result, 'E_REDIRECT_LOOP');
  assert.equal(server.requests.length, 4);
  assert.ok(!result.ok && result.finalUrl.endsWith('/4'), 'the hop that led too far is named');
});

for (const location of [
  'ftp://example.com/',
  'javascript:alert(1)',
  'http://',
  'http://[::1',
  'mailto:a@b.test',
]) {
  test(`a redirect to ${location} is E_REDIRECT_INVALID`, async (t) => {
    const server = closing(t, await startSending(answerOf('', { Location: location }, '301 Moved')));
    const failure = failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_REDIRECT_INVALID');
    assert.ok(failure.message.includes(location));
  });
}

test('what cannot be sent is E_REQUEST_INVALID; what is no URL of the web, E_URL_INVALID or E_URL_SCHEME', async (t) => {
  const server = closing(t, await startSending(answerOf('')));
  const fetcher = fetcherFor(t);
  for (const value of ['line\nbreak', 'a\r\nb: c', 'a\x01b', 'a\x7fb'])
    failed(await fetcher.fetch(requestTo(server.url, { headers: { 'x-name': value } })), 'E_REQUEST_INVALID');
  failed(await fetcher.fetch(requestTo(server.url, { headers: { 'x name': 'a' } })), 'E_REQUEST_INVALID');
  failed(await fetcher.fetch(requestTo('no url')), 'E_URL_INVALID');
  failed(await fetcher.fetch(requestTo('ftp://127.0.0.1/')), 'E_URL_SCHEME');
  assert.equal(server.requests.length, 0);
});

test('whatever a server sends, there is an answer or a failure, and nothing is left open', async (t) => {
  let bytes: Uint8Array = Buffer.alloc(0);
  const server = closing(
    t,
    await startRaw((socket) => {
      // In two pieces, and then the end: half of the time orderly.
      const middle = bytes.length >> 1;
      socket.write(bytes.subarray(0, middle), () => {
        if (bytes.length % 2) socket.end(bytes.subarray(middle));
        else socket.write(bytes.subarray(middle), () => socket.resetAndDestroy());
      });
    }),
  );
  const fetcher = fetcherFor(t);
  const piece = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 302 Found\r\nLocation: /\r\n',
      'HTTP/1.0 204\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
    ),
    fc.constantFrom(
      'Content-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Content-Encoding: gzip\r\n',
      'Connection: close\r\n',
    ),
    fc.constantFrom(
      '\r\n',
      '\r\n\r\n',
      '5\r\nhello\r\n',
      '0\r\n\r\n',
      'hello',
      '\x1f\x8b\x08',
      '\0',
      '\xff: \xff\r\n',
    ),
    fc.string(),
  );
  const property = fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
    bytes = Buffer.from(pieces.join(''), 'latin1');
    const result = await fetcher.fetch(requestTo(server.url, { maxRedirects: 1 }));
    assert.ok(result.ok ? result.answer.status >= 100 : result.failure.code in catalogue);
  });
  await fc.assert(property, { numRuns: 300 });
  await until(() => server.connections.open.size === 0, { what: 'the connections to close' });
});
