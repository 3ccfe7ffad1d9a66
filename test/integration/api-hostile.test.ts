// Bodies, connections and bytes that are meant to hurt: refused in bounded memory and time, while the server
// goes on answering.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createGzip } from 'node:zlib';
import { type Api, READ_TOKEN, sharedApi, WRITE_TOKEN } from '../support/api/api.ts';
import { assertHarmless } from '../support/api/harmless.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();
const serve = sharedApi(fleets);
const serveLocked = sharedApi(fleets, [], { DROVER_API_TOKEN: `${WRITE_TOKEN},ro:${READ_TOKEN}` });
const MB = 1024 * 1024;
const ndjson = { 'content-type': 'application/x-ndjson' };

/** `total` bytes, in pieces of 1 MB; counts what was asked for. */
function flood(total: number, piece: Buffer = Buffer.alloc(MB, 'x')) {
  const sent = { bytes: 0 };
  async function* pieces() {
    for (; sent.bytes < total; sent.bytes += piece.length) yield piece;
  }
  return { sent, pieces: pieces() };
}

test('a body of 1 GB where JSON is taken is refused before it was sent, whether or not it says how long it is', async () => {
  const api = await serve();
  const json = { 'content-type': 'application/json' };
  for (const path of ['/v1/requests', '/v1/crawls', '/v1/dead/replay', '/v1/crawls/x/pause', '/v1/session']) {
    for (const length of [{ 'content-length': String(1024 * MB) }, {} as Record<string, string>]) {
      const { sent, pieces } = flood(1024 * MB);
      const refusal = api.refused(413, 'E_BODY_SIZE', 'POST', path, {
        headers: { ...json, ...length },
        body: pieces,
      });
      await assertHarmless(api, refusal);
      assert.ok(sent.bytes < 64 * MB, `${path}: ${sent.bytes / MB} MB were sent`);
    }
  }
});

test('without a token, or without the right to write, nothing of a body is waited for: the connection is cut', async () => {
  const api = await serveLocked();
  for (const [status, authorization] of [
    [401, ''],
    [403, `Bearer ${READ_TOKEN}`],
  ] as const) {
    const { socket, text, closed } = await api.open();
    const head = `POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${1024 * MB}\r\n`;
    socket.write(`${head}${authorization ? `Authorization: ${authorization}\r\n` : ''}\r\n`);
    const drip = setInterval(() => socket.write('http://example.com/\n'), 100);
    await assertHarmless(api, closed);
    clearInterval(drip);
    assert.match(text(), new RegExp(`^HTTP/1.1 ${status} `));
  }
  const { sent, pieces } = flood(1024 * MB);
  await assertHarmless(
    api,
    api.refused(401, 'E_AUTH', 'POST', '/v1/requests', { headers: ndjson, body: pieces }),
  );
  assert.ok(sent.bytes < 1024 * MB);
});

test('NDJSON without an end of line, and gzip that unpacks to a thousand times its size, cost time but no memory', async () => {
  const api = await serve();
  const line = api.call('POST', '/v1/requests?crawl=line', { headers: ndjson, body: flood(128 * MB).pieces });
  const long = (await assertHarmless(api, line)).json;
  assert.deepEqual(
    [long.accepted, long.rejected.length, long.rejected[0].line, long.rejected[0].code],
    [0, 1, 1, 'E_LINE_TOO_LONG'],
  );
  const zip = createGzip();
  (async () => {
    for await (const piece of flood(128 * MB, Buffer.alloc(MB, '\n')).pieces)
      if (!zip.write(piece)) await new Promise((resolve) => zip.once('drain', resolve));
    zip.end('http://example.com/last');
  })();
  const headers = { ...ndjson, 'content-encoding': 'gzip' };
  const bomb = await assertHarmless(api, api.call('POST', '/v1/requests?crawl=bomb', { headers, body: zip }));
  assert.deepEqual([bomb.status, bomb.json.accepted], [200, 1], bomb.text);
});

test('JSON that is deep, wide or means harm is refused quickly, and changes nothing', async () => {
  const api = await serve();
  const refusals = ['[', '{"a":', '[[],'].map((piece) =>
    api.refused(400, 'E_FIELD', 'POST', '/v1/crawls', { body: piece.repeat((3 * MB) / piece.length) }),
  );
  await assertHarmless(api, Promise.all(refusals));
  const deep = `{"url":"http://example.com/","userData":${'['.repeat(30_000)}1${']'.repeat(30_000)}}\n`;
  const upload = api.call('POST', '/v1/requests?crawl=deep', {
    headers: ndjson,
    body: Buffer.from(deep.repeat(200)),
  });
  assert.equal((await assertHarmless(api, upload)).json.rejected.length, 200);
  const polluted = `{"name":"p","url":"http://example.com/","__proto__":{"limit":1},"settings":{"__proto__":{"depth":7}}}`;
  const { status, json } = await api.call('POST', '/v1/crawls', { body: polluted });
  assert.deepEqual([status, json.settings.limit, json.settings.depth], [201, null, null]);
  await api.refused(400, 'E_FIELD', 'POST', '/v1/crawls', {
    body: '{"name":"q","constructor":{"prototype":{"limit":1}}}',
  });
  for (const name of ['constructor', 'toString', '__proto__']) {
    const settings = JSON.parse(`{"${name}":1}`);
    const reply = await api.call('POST', '/v1/crawls', { body: { name: 'r', settings } });
    assert.equal(reply.status, name === '__proto__' ? 201 : 400, name);
  }
  const wide = { name: 's', settings: { userAgent: `${'x'.repeat(3 * MB)}\n` } };
  const problem = await api.refused(400, 'E_SETTING', 'POST', '/v1/crawls', { body: wide });
  assert.ok(problem.detail.length < 5000, 'what was wrong is not sent back as a whole');
  const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`key${n}`, 1]));
  const unknown = await api.refused(400, 'E_FIELD', 'POST', '/v1/crawls', { body: keys });
  assert.ok(unknown.detail.length < 5000);
});

test('NDJSON is taken where requests are, and nowhere else', async () => {
  const api = await serve();
  for (const path of [
    '/v1/crawls',
    '/v1/dead/replay',
    '/v1/session',
    '/v1/crawls/x/pause',
    '/v1/hosts/a/pause',
  ])
    await api.refused(415, 'E_MEDIA_TYPE', 'POST', path, { headers: ndjson, body: 'http://example.com/\n' });
});

/** All that the server says to these bytes, until it closes the connection. */
async function answersTo(api: Api, bytes: string): Promise<string> {
  const { socket, text, closed } = await api.open();
  socket.write(bytes, 'latin1');
  await closed;
  return text();
}
const statusesOf = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

test('bytes that are no request, or could be read as one in two ways, end the connection', async () => {
  const api = await serve();
  const own = 'Host: 127.0.0.1\r\n';
  const good = `GET /healthz HTTP/1.1\r\n${own}\r\n`;
  const last = `GET /healthz HTTP/1.1\r\n${own}Connection: close\r\n\r\n`;
  const post = `POST /v1/requests HTTP/1.1\r\n${own}Content-Type: application/x-ndjson\r\n`;
  const cases: [string, number[]][] = [
    [`${good}${good}${last}`, [200, 200, 200]],
    [`\x16\x03\x01\x02\x00\x01\x00${good}`, [400]],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
    [`${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${good}`, [400]],
    [`${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!${good}`, [400]],
    [`${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${good}`, [400]],
    [`${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${good}`, [400]],
    [`GET /healthz HTTP/1.1\n${own}\n`, [400]],
    [`GET /healthz HTTP/1.1\r\n${own}X: a\0b\r\n\r\n`, [400]],
    [`GET /healthz HTTP/1.1\r\n${own}Bad header: 1\r\n\r\n`, [400]],
    [`GET /healthz HTTP/1.1\r\n${own}X: ${'x'.repeat(20_000)}\r\n\r\n`, [431]],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${own}\r\n`, [431]],
    ['GET /healthz HTTP/1.0\r\n\r\n', [403]],
    ['GET /healthz HTTP/1.1\r\n\r\n', [400]],
    // A body that nobody reads is not taken for a request.
    [
      `POST /v1/nothing HTTP/1.1\r\n${own}Content-Type: text/plain\r\nContent-Length: ${good.length}\r\n\r\n${good}${last}`,
      [404, 200],
    ],
    [
      `POST /v1/requests HTTP/1.1\r\n${own}Content-Type: text/plain\r\nContent-Length: ${good.length}\r\n\r\n${good}${good}`,
      [415, 200],
    ],
  ];
  for (const [bytes, statuses] of cases)
    assert.deepEqual(statusesOf(await answersTo(api, bytes)), statuses, JSON.stringify(bytes.slice(0, 300)));
  const [large] = await Promise.all([
    answersTo(api, `GET / HTTP/1.1\r\n${own}X: ${'x'.repeat(20_000)}\r\n\r\n`),
  ]);
  assert.match(large, /application\/problem\+json[\s\S]*E_FIELD/);
});
