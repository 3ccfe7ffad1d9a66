// HTTP/2 when something goes wrong: connections that end, streams that are refused, limits that are passed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { answered, closing, failed, roomyTimeouts } from '../support/fetching.ts';
import { fetchMany, secondFetcher, sharing } from '../support/http2/fetching.ts';
import { page, startSecond } from '../support/http2/server.ts';
import { certificate } from '../support/proxies/servers.ts';
import { startTlsSilent } from '../support/site/hostile-tls.ts';

test('a session that is closed loses nothing: what the server has not processed is sent again, whatever the method', async (t) => {
  const done: string[] = [];
  const server = await startSecond(t, {
    answer(seen) {
      const { stream, headers, index } = seen;
      // As nginx after keepalive_requests: no stream beyond the tenth is processed.
      if (index === 9) stream.session?.goaway(0, stream.id);
      if (index > 9) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      done.push(String(headers[':path']));
      setTimeout(page, 5, seen);
    },
  });
  const fetcher = secondFetcher(t);
  const post = { method: 'POST', body: 'once' };
  for (const result of await fetchMany(fetcher, server.url, 100, post)) answered(result);
  assert.equal(new Set(done).size, 100);
  assert.equal(done.length, 100, 'each was processed once');
  assert.equal(server.sessions.length, 10);
});

test('a server that refuses a stream and never takes it is asked four times', async (t) => {
  const server = await startSecond(t, {
    answer: ({ stream }) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
  });
  failed(await secondFetcher(t).fetch(sharing(server.url, { method: 'POST', body: 'x' })), 'E_RESET');
  assert.equal(server.paths.length, 4);
});

test('connections that are lost in the middle: asked again once if that is harmless, else the codes of HTTP/1.1', async (t) => {
  const server = await startSecond(t, {
    answer(seen) {
      const { stream, headers, session } = seen;
      const path = String(headers[':path']);
      if (session > 0 || path === '/first') return page(seen);
      if (path !== '/0') return; // silent
      stream.respond({ ':status': 200 });
      stream.write('half');
      setTimeout(() => stream.session?.socket.destroy(), 50);
    },
  });
  const fetcher = secondFetcher(t);
  answered(await fetcher.fetch(sharing(`${server.url}/first`)));
  const posted = fetcher.fetch(sharing(`${server.url}/posted`, { method: 'POST', body: 'x' }));
  const [begun, ...others] = await fetchMany(fetcher, server.url, 20);
  failed(await posted, 'E_RESET');
  assert.ok(begun);
  failed(begun, 'E_BODY_TRUNCATED');
  for (const other of others) answered(other);
  assert.equal(server.sessions.length, 2);
});

test('a body that is too long is given up, and its session lives', async (t) => {
  const big = Buffer.alloc(3_000_000, 'x');
  const server = await startSecond(t, {
    answer(seen) {
      if (seen.headers[':path'] !== '/big') return page(seen);
      seen.stream.respond({ ':status': 200 });
      seen.stream.end(big);
    },
  });
  const fetcher = secondFetcher(t);
  failed(await fetcher.fetch(sharing(`${server.url}/big`, { maxBytes: 100_000 })), 'E_TOO_LARGE');
  const cut = answered(
    await fetcher.fetch(sharing(`${server.url}/big`, { maxBytes: 50_000, truncate: true })),
  );
  assert.equal(cut.body.byteLength, 50_000);
  assert.equal(
    answered(await fetcher.fetch(sharing(`${server.url}/big`, { maxBytes: 4e6 }))).body.byteLength,
    3e6,
  );
  answered(await fetcher.fetch(sharing(server.url)));
  assert.equal(server.sessions.length, 1);
});

test('heads are limited by their size as over HTTP/1.1, not by the number of headers', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, 'y']));
  const server = await startSecond(t, {
    answer({ stream, headers }) {
      const large = Object.fromEntries(
        Array.from({ length: 9 }, (_, index) => [`x-${index}`, 'y'.repeat(8000)]),
      );
      stream.respond({ ':status': 200, ...(headers[':path'] === '/many' ? many : large) });
      stream.end('page');
    },
  });
  const fetcher = secondFetcher(t);
  assert.equal(answered(await fetcher.fetch(sharing(`${server.url}/many`))).headers['x-499'], 'y');
  failed(await fetcher.fetch(sharing(`${server.url}/large`)), 'E_HEADERS_TOO_LARGE');
  answered(await fetcher.fetch(sharing(`${server.url}/many`)));
  assert.equal(server.sessions.length, 1);
});

test('time limits hold for each request by itself, and a session outlives them', async (t) => {
  const server = await startSecond(t, {
    answer(seen) {
      const path = seen.headers[':path'];
      if (path === '/silent') return;
      if (path !== '/slow') return page(seen);
      seen.stream.respond({ ':status': 200 });
      seen.stream.write('half');
    },
  });
  const fetcher = secondFetcher(t);
  const within = (limits: object) => ({ timeouts: { ...roomyTimeouts, ...limits } });
  const cut = new AbortController();
  const [silent, slow, whole, aborted, good] = await Promise.all([
    fetcher.fetch(sharing(`${server.url}/silent`, within({ response: 200 }))),
    fetcher.fetch(sharing(`${server.url}/slow`, within({ read: 200 }))),
    fetcher.fetch(sharing(`${server.url}/silent`, within({ request: 300 }))),
    fetcher.fetch(sharing(`${server.url}/silent`, { signal: cut.signal })),
    fetcher.fetch(sharing(`${server.url}/good`)).finally(() => cut.abort()),
  ]);
  failed(silent, 'E_RESPONSE_TIMEOUT');
  failed(slow, 'E_READ_TIMEOUT');
  failed(whole, 'E_REQUEST_TIMEOUT');
  failed(aborted, 'E_LOCK_LOST');
  answered(good);
  answered(await fetcher.fetch(sharing(server.url)));
  assert.equal(server.sessions.length, 1);
});

test('all who wait for one handshake end at their own limits', async (t) => {
  const server = closing(t, await startTlsSilent());
  const fetcher = secondFetcher(t);
  const began = performance.now();
  const results = await fetchMany(fetcher, server.url.replace(/\/$/, ''), 10, {
    timeouts: { ...roomyTimeouts, tls: 300 },
  });
  for (const result of results) failed(result, 'E_TLS_TIMEOUT');
  assert.ok(performance.now() - began < 3000, 'not one after the other');
});

test('a server that wants HTTP/1.1 for a request gets it', async (t) => {
  const pem = certificate('good');
  const versions: string[] = [];
  const server = http2.createSecureServer({ cert: pem, key: pem, allowHTTP1: true });
  server.on('request', ({ httpVersion, stream }, response) => {
    versions.push(httpVersion);
    if (httpVersion === '2.0') stream.close(http2.constants.NGHTTP2_HTTP_1_1_REQUIRED);
    else response.end('page');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const fetcher = secondFetcher(t);
  const answer = answered(await fetcher.fetch(sharing(url, { method: 'POST', body: 'x' })));
  assert.deepEqual([answer.http, versions], ['1.1', ['2.0', '1.1']]);
  answered(await fetcher.fetch(sharing(url)));
  assert.deepEqual(versions, ['2.0', '1.1', '1.1']);
});
