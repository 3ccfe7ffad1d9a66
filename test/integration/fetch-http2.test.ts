// HTTP/2: many requests over few connections, and the same answers as over HTTP/1.1.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { newKey, thumbprintOf } from '../../src/identity/keys.ts';
import { answered, failed, textOf } from '../support/fetching.ts';
import { fetchMany, secondFetcher, sharing } from '../support/http2/fetching.ts';
import { page, startFirst, startSecond } from '../support/http2/server.ts';
import { BotVerifier } from '../support/identity/verifier.ts';
import { startOwnProxy } from '../support/proxies/own-proxy.ts';
import { proxiesFor } from '../support/proxies/proxied.ts';
import { certificate } from '../support/proxies/servers.ts';
import { until } from '../support/signals.ts';
import { temporaryFile } from '../support/temporary.ts';

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('200 requests at once share one connection, and those that come later find it open', async (t) => {
  const server = await startSecond(t);
  const fetcher = secondFetcher(t);
  const results = await fetchMany(fetcher, server.url, 200);
  for (const [index, result] of results.entries()) {
    const answer = answered(result);
    assert.deepEqual([answer.http, answer.address, textOf(answer)], ['2', '127.0.0.1', `page /${index}`]);
  }
  const { dns, connect, tls, firstByte } = answered(
    await fetcher.fetch(sharing(`${server.url}/more`)),
  ).timings;
  assert.deepEqual({ dns, connect, tls }, { dns: null, connect: null, tls: null });
  assert.ok(firstByte !== null);
  assert.deepEqual([server.sessions.length, server.accepted()], [1, 1]);
});

test('a server with few streams gets no more of them at once than it takes', async (t) => {
  const server = await startSecond(t, {
    settings: { maxConcurrentStreams: 10 },
    answer: (seen) => void setTimeout(page, 20, seen),
  });
  const fetcher = secondFetcher(t);
  for (const result of await fetchMany(fetcher, server.url, 60)) answered(result);
  assert.ok(server.mostOpen() <= 10, `${server.mostOpen()} at once`);
  assert.equal(server.paths.length, 60, 'none was sent twice');
  assert.ok(server.sessions.length <= 6);
});

const lines = [
  ...[
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
  ],
  ...[
    ['X-Robots-Tag', 'noindex'],
    ['X-Robots-Tag', 'other: nofollow'],
    ['Link', '</a>'],
    ['Link', '</b>'],
  ],
  ...[
    ['X-Text', Buffer.from('caf\u00e9').toString('latin1')],
    ['Date', 'Sun, 29 Nov 2026 10:00:00 GMT'],
  ],
  ...[
    ['Expires', '0'],
    ['Access-Control-Max-Age', '5'],
    ['X-Empty', ''],
  ],
] as [string, string][];

/** A server with both versions, which answers with these lines and with what it got. */
async function startBoth(t: test.TestContext) {
  const pem = certificate('good');
  const server = http2.createSecureServer({ cert: pem, key: pem, allowHTTP1: true }, (request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => body.push(chunk));
    request.on('end', () => {
      const { method, url } = request;
      const { host, connection, ':authority': authority = host, ...rest } = request.headers;
      const headers = Object.entries(rest).filter(([name]) => !name.startsWith(':'));
      const all: Record<string, string[]> = {};
      for (const [name, value] of lines) all[name] = [...(all[name] ?? []), value];
      response.writeHead(url === '/missing' ? 404 : 200, all);
      const got = { method, url, authority, headers: headers.sort(), body: String(Buffer.concat(body)) };
      response.end(method === 'HEAD' ? '' : JSON.stringify(got));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

test('request and answer are as over HTTP/1.1: headers, lines of one name, bodies, statuses', async (t) => {
  const url = await startBoth(t);
  const fetcher = secondFetcher(t);
  const headers = {
    'X-Own': 'yes',
    Host: 'localhost:1234',
    Connection: 'x-own',
    'Keep-Alive': '5',
    TE: 'gzip',
  };
  for (const [path, more] of [
    ['/', {}],
    ['/a%20b?q=1&r', { headers }],
    ['/form', { method: 'POST', body: 'caf\u00e9=1', headers: { 'content-type': 'text/plain' } }],
    ['/head', { method: 'HEAD' }],
    ['/missing', {}],
  ] as const) {
    const one = answered(await fetcher.fetch(sharing(url + path, { ...more, http2: null })));
    const two = answered(await fetcher.fetch(sharing(url + path, more)));
    assert.deepEqual([one.http, two.http], ['1.1', '2'], path);
    const { connection, 'keep-alive': keep, 'transfer-encoding': coding, ...rest } = one.headers;
    assert.deepEqual({ ...two.headers }, rest, path);
    assert.deepEqual([two.status, textOf(two)], [one.status, textOf(one)], path);
  }
  const { headers: came } = answered(await fetcher.fetch(sharing(url)));
  assert.equal(came['set-cookie'], 'a=1\nb=2');
  assert.equal(came['x-text'], 'caf\u00e9');
});

test('headers that cannot be sent are the fault of the request, over HTTP/2 too', async (t) => {
  const server = await startSecond(t);
  const fetcher = secondFetcher(t);
  const wrong: Record<string, string>[] = [{ 'x-own': 'a\nb' }, { 'x y': '1' }, { ':path': '/other' }];
  for (const headers of wrong)
    failed(await fetcher.fetch(sharing(server.url, { headers })), 'E_REQUEST_INVALID');
  assert.deepEqual(server.paths, []);
});

test('a server without HTTP/2 costs no connection more, and is remembered', async (t) => {
  const server = await startFirst(t);
  const fetcher = secondFetcher(t);
  const first = (await fetchMany(fetcher, server.url, 8)).map(answered);
  assert.deepEqual(new Set(first.map(({ http }) => http)), new Set(['1.1']));
  assert.ok(server.accepted() <= 8, `${server.accepted()} connections`);
  for (const result of await fetchMany(fetcher, server.url, 8)) answered(result);
  assert.ok(server.accepted() <= 8, `${server.accepted()} connections`);
});

test('signatures hold over HTTP/2: each request, and each that is sent again, has one of its own', async (t) => {
  const jwk = newKey();
  const keyid = thumbprintOf(jwk) ?? '';
  const agent = 'https://bot.example.com';
  const facts = {
    name: 'bot',
    uri: null,
    logo: null,
    contacts: [],
    userAgent: 'bot',
    product: 'bot',
    purpose: null,
  };
  const identity = JSON.stringify({ ...facts, agent, keys: [jwk] });
  const signsAs = { file: await temporaryFile('identity.json', identity), profile: 'draft-01' } as const;
  const { kty, crv, x } = jwk;
  const verifier = new BotVerifier({ [keyid]: { kty, crv, x } });
  const verdicts: object[] = [];
  const server = await startSecond(t, {
    answer(seen) {
      const { headers, stream, session, index } = seen;
      const { ':method': method = '', ':path': path = '', ':authority': host, ...rest } = headers;
      verdicts.push(verifier.check({ method, path, scheme: 'https', headers: { ...rest, host } }));
      if (session === 0 && index === 4) stream.session?.goaway(0, (stream.id ?? 0) - 2);
      if (session > 0 || index < 4) page(seen);
      else stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    },
  });
  const results = await fetchMany(secondFetcher(t), `${server.url}/a?b=%20c`, 10, { signsAs });
  for (const result of results) answered(result);
  assert.ok(verdicts.length > 10, 'some were sent again');
  assert.deepEqual(
    verdicts.filter((verdict) => 'refused' in verdict),
    [],
  );
});

test('the guard holds: nobody reaches an address over the session of another', async (t) => {
  const server = await startSecond(t);
  const fetcher = secondFetcher(t);
  const strict = { cidrs: [], hosts: [] };
  for (const result of await fetchMany(fetcher, server.url, 5, { allow: strict })) failed(result, 'E_SSRF');
  assert.equal(server.accepted(), 0);
  for (const result of await fetchMany(fetcher, server.url, 5)) answered(result);
  for (const result of await fetchMany(fetcher, server.url, 5, { allow: strict })) failed(result, 'E_SSRF');
  assert.deepEqual([server.paths.length, server.accepted()], [5, 1]);
});

test('through a proxy, all share one tunnel to the checked address', async (t) => {
  const server = await startSecond(t);
  for (const kind of ['http', 'socks5'] as const) {
    const proxy = await startOwnProxy(t, { kind });
    const fetcher = secondFetcher(t, { proxies: proxiesFor({ proxy: [proxy.url] }) });
    for (const result of await fetchMany(fetcher, server.url, 30)) {
      const answer = answered(result);
      assert.deepEqual([answer.http, answer.address], ['2', '127.0.0.1']);
    }
    assert.deepEqual(proxy.asked, [`127.0.0.1:${server.port}`]);
  }
  assert.equal(server.sessions.length, 2);
});

test('certificates count as over HTTP/1.1', async (t) => {
  const server = await startSecond(t, { certificateName: 'wrong-name' });
  const fetcher = secondFetcher(t);
  for (const result of await fetchMany(fetcher, server.url, 3)) failed(result, 'E_TLS_WRONG_NAME');
  assert.deepEqual(server.paths, []);
});

test('idle sessions are closed as idle connections are, and all with the fetcher', async (t) => {
  const server = await startSecond(t);
  const fetcher = secondFetcher(t, { concurrency: 1 });
  answered(await fetcher.fetch(sharing(server.url)));
  const [session] = server.sessions;
  assert.ok(session && !session.closed);
  await soon(300);
  assert.ok(!session.destroyed, 'not at once');
  fetcher.close();
  await until(() => session.destroyed, { what: 'the session to be closed' });
});
