// Keep-alive: connections are used again while they are good, and a dead one is nobody's failure.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { answered, closing, failed, fetcherFor, requestTo, textOf } from '../support/fetching.ts';
import { until } from '../support/signals.ts';
import { answerOf, startRaw, startSending } from '../support/site/hostile.ts';
import { startTls, testAuthority } from '../support/site/hostile-tls.ts';

test('a connection is used again, and its second request has no look-up, connect or handshake', async (t) => {
  const server = closing(t, await startSending(answerOf('hello')));
  const fetcher = fetcherFor(t);
  const first = answered(await fetcher.fetch(requestTo(server.url)));
  assert.ok(first.timings.connect !== null);
  const second = answered(await fetcher.fetch(requestTo(server.url)));
  const { dns, connect, tls } = second.timings;
  assert.deepEqual({ dns, connect, tls }, { dns: null, connect: null, tls: null });
  assert.ok(
    second.timings.firstByte !== null && second.timings.download !== null && second.timings.total !== null,
  );
  assert.equal(server.connections.accepted, 1);
});

test('no more connections than the concurrency; further fetches wait', async (t) => {
  const server = closing(
    t,
    await startRaw((socket) => {
      const timer = setTimeout(() => socket.write(answerOf('hello')), 20);
      socket.once('close', () => clearTimeout(timer));
    }),
  );
  const fetcher = fetcherFor(t, { concurrency: 3 });
  const results = await Promise.all(Array.from({ length: 12 }, () => fetcher.fetch(requestTo(server.url))));
  for (const result of results) answered(result);
  const again = await Promise.all(Array.from({ length: 12 }, () => fetcher.fetch(requestTo(server.url))));
  for (const result of again) answered(result);
  assert.equal(server.connections.accepted, 3);
});

/** Answers each connection's first request, then closes it by RST when the second comes. */
const startForgetful = () => {
  const seen = new WeakSet<object>();
  return startRaw((socket) => {
    if (seen.has(socket)) socket.resetAndDestroy();
    else socket.write(answerOf('hello'));
    seen.add(socket);
  });
};

test('a reset on a connection that was used before is made good at once, on a new one', async (t) => {
  const server = closing(t, await startForgetful());
  const fetcher = fetcherFor(t);
  for (let n = 0; n < 4; n++)
    assert.equal(textOf(answered(await fetcher.fetch(requestTo(server.url)))), 'hello');
  assert.equal(server.connections.accepted, 4);
  assert.equal(server.requests.length, 7, 'each but the first was sent twice');
});

/** Answers each connection's first request, then says that the second came too late. */
const startImpatient = (isLate: (request: number) => boolean) => {
  const seen = new WeakSet<object>();
  return startRaw((socket, _head, count) => {
    if (seen.has(socket) || isLate(count)) socket.end(answerOf('', {}, '408 Request Timeout'));
    else socket.write(answerOf('hello'));
    seen.add(socket);
  });
};

test('a 408 on a connection that was used before is made good at once, on a new one', async (t) => {
  const server = closing(t, await startImpatient(() => false));
  const fetcher = fetcherFor(t);
  for (let n = 0; n < 3; n++)
    assert.equal(textOf(answered(await fetcher.fetch(requestTo(server.url)))), 'hello');
  assert.deepEqual([server.connections.accepted, server.requests.length], [3, 5]);
});

test('a 408 on a new connection is an answer, and so is one to a POST', async (t) => {
  const server = closing(t, await startImpatient((request) => request > 1));
  const fetcher = fetcherFor(t);
  answered(await fetcher.fetch(requestTo(server.url)));
  assert.equal(answered(await fetcher.fetch(requestTo(server.url))).status, 408);
  assert.equal(server.requests.length, 3, 'on the old connection, then on a new one');
  const other = closing(t, await startImpatient(() => false));
  answered(await fetcher.fetch(requestTo(other.url)));
  const post = requestTo(other.url, { method: 'POST', body: 'a=1' });
  assert.equal(answered(await fetcher.fetch(post)).status, 408);
  assert.equal(other.requests.length, 2);
});

test('when all idle connections are dead, one retry is enough', async (t) => {
  const server = closing(t, await startForgetful());
  const fetcher = fetcherFor(t);
  await Promise.all(Array.from({ length: 5 }, () => fetcher.fetch(requestTo(server.url))));
  const before = server.requests.length;
  answered(await fetcher.fetch(requestTo(server.url)));
  assert.equal(server.requests.length, before + 2);
});

test('a POST is not sent twice: a reset on a used connection is E_RESET', async (t) => {
  const server = closing(t, await startForgetful());
  const fetcher = fetcherFor(t);
  answered(await fetcher.fetch(requestTo(server.url)));
  failed(await fetcher.fetch(requestTo(server.url, { method: 'POST', body: 'a=1' })), 'E_RESET');
  assert.equal(server.requests.length, 2);
});

test('a reset on a new connection is not retried here', async (t) => {
  const server = closing(t, await startRaw((socket) => socket.resetAndDestroy()));
  failed(await fetcherFor(t).fetch(requestTo(server.url)), 'E_RESET');
  assert.equal(server.requests.length, 1);
});

test('a reset after the first byte of an answer on a used connection is not retried', async (t) => {
  const server = closing(
    t,
    await startRaw((socket, _head, count) => {
      if (count === 1) socket.write(answerOf('hello'));
      else socket.write('HTTP/1.1 2', () => setImmediate(() => socket.resetAndDestroy()));
    }),
  );
  const fetcher = fetcherFor(t);
  answered(await fetcher.fetch(requestTo(server.url)));
  failed(await fetcher.fetch(requestTo(server.url)), 'E_RESET');
  assert.equal(server.requests.length, 2);
});

test('an idle connection is closed before the server would close it', async (t) => {
  const server = closing(t, await startSending(answerOf('hello', { 'Keep-Alive': 'timeout=2, max=100' })));
  const fetcher = fetcherFor(t);
  answered(await fetcher.fetch(requestTo(server.url)));
  answered(await fetcher.fetch(requestTo(server.url)));
  assert.equal(server.connections.accepted, 1);
  const idleSince = performance.now();
  await until(() => server.connections.open.size === 0, { what: 'the connection to close' });
  const ms = performance.now() - idleSince;
  assert.ok(ms > 900 && ms < 2000, `it was closed after ${ms} ms`);
});

test('a server that allows a second, or says close, gets a new connection each time', async (t) => {
  for (const headers of [{ 'Keep-Alive': 'timeout=1' }, { Connection: 'close' }] as Record<
    string,
    string
  >[]) {
    const server = closing(t, await startSending(answerOf('hello', headers)));
    const fetcher = fetcherFor(t);
    for (let n = 0; n < 2; n++) answered(await fetcher.fetch(requestTo(server.url)));
    assert.equal(server.connections.accepted, 2, JSON.stringify(headers));
  }
});

test('an answer that the server pushed beforehand is not taken for the answer to the next request', async (t) => {
  const server = closing(
    t,
    await startRaw((socket, head) => {
      const path = head.split(' ')[1] ?? '';
      socket.write(answerOf(path), () => setImmediate(() => socket.write(answerOf('poison'))));
    }),
  );
  const fetcher = fetcherFor(t);
  assert.equal(textOf(answered(await fetcher.fetch(requestTo(`${server.url}first`)))), '/first');
  await until(() => server.connections.open.size === 0, { what: 'the poisoned connection to close' });
  assert.equal(textOf(answered(await fetcher.fetch(requestTo(`${server.url}second`)))), '/second');
});

test('a TLS session is taken up again by a new connection', async (t) => {
  const server = closing(t, await startTls('good', { keepAlive: false }));
  const fetcher = fetcherFor(t, { ca: testAuthority });
  for (let n = 0; n < 3; n++) answered(await fetcher.fetch(requestTo(server.url)));
  assert.deepEqual(server.sessionsReused, [false, true, true]);
});

test('a Host header names the certificate: a connection is not shared with requests for another name', async (t) => {
  const server = closing(t, await startTls('good'));
  const fetcher = fetcherFor(t, { ca: testAuthority });
  answered(await fetcher.fetch(requestTo(server.url)));
  answered(await fetcher.fetch(requestTo(server.url, { headers: { host: 'localhost' } })));
  failed(await fetcher.fetch(requestTo(server.url, { headers: { host: 'other.test' } })), 'E_TLS_WRONG_NAME');
  answered(await fetcher.fetch(requestTo(server.url)));
  assert.equal(server.sessionsReused.length, 2, 'the first is used again, and the third came to nothing');
});

test('close closes idle connections', async (t) => {
  const server = closing(t, await startSending(answerOf('hello')));
  const fetcher = fetcherFor(t);
  answered(await fetcher.fetch(requestTo(server.url)));
  const [socket] = server.connections.open;
  assert.ok(socket);
  const ended = once(socket, 'close');
  fetcher.close();
  await ended;
});
