// The seven time limits: each fires alone, under its own code, no sooner and not much later.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import type { FetchTimeouts } from '../../src/fetch/client.ts';
import {
  answered,
  closing,
  failed,
  fetcherFor,
  requestTo,
  roomyTimeouts,
  textOf,
} from '../support/fetching.ts';
import { startNameServer } from '../support/name-server.ts';
import {
  answerOf,
  startDripOfBody,
  startDripOfHeaders,
  startElsewhere,
  startNeverAnswering,
  startNotReading,
  startRaw,
  startSending,
  startSilentConnect,
} from '../support/site/hostile.ts';
import { startTlsSilent } from '../support/site/hostile-tls.ts';

const limitMs = 300;
/** A busy machine may be late; it must never be early. */
const latestMs = 3000;

const only = (name: keyof FetchTimeouts, ms = limitMs): FetchTimeouts => ({ ...roomyTimeouts, [name]: ms });

async function timed<T>(work: Promise<T>): Promise<{ result: T; ms: number }> {
  const began = performance.now();
  const result = await work;
  return { result, ms: performance.now() - began };
}

type Start = () => Promise<{ url: string; close(): Promise<void> }>;

const slow: [keyof FetchTimeouts, string, ErrorCode, Start][] = [
  ['connect', 'a port that does not accept', 'E_CONNECT_TIMEOUT', startSilentConnect],
  ['tls', 'a handshake that hangs', 'E_TLS_TIMEOUT', startTlsSilent],
  ['response', 'a server that says nothing', 'E_RESPONSE_TIMEOUT', startNeverAnswering],
  ['response', 'a header that drips without end', 'E_RESPONSE_TIMEOUT', () => startDripOfHeaders(20)],
  [
    'read',
    'a body that stops',
    'E_READ_TIMEOUT',
    () => startSending('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
  ],
  ['request', 'a body that drips without end', 'E_REQUEST_TIMEOUT', () => startDripOfBody(20)],
];

for (const [name, what, code, start] of slow) {
  test(`${what} is ${code} after the limit "${name}"`, async (t) => {
    const server = closing(t, await start());
    const { result, ms } = await timed(fetcherFor(t).fetch(requestTo(server.url, { timeouts: only(name) })));
    failed(result, code);
    assert.ok(ms >= limitMs - 1 && ms < latestMs, `it took ${ms} ms`);
  });
}

test('a request that the server does not take is E_SEND_TIMEOUT', async (t) => {
  const server = closing(t, await startNotReading());
  const body = 'x'.repeat(40_000_000); // more than all buffers on the way
  const request = requestTo(server.url, { method: 'POST', body, timeouts: only('send') });
  const { result, ms } = await timed(fetcherFor(t).fetch(request));
  failed(result, 'E_SEND_TIMEOUT');
  assert.ok(ms >= limitMs - 1 && ms < latestMs, `it took ${ms} ms`);
});

test('a silent name server is E_DNS_TIMEOUT after its limit, and connect has nothing to do with it', async (t) => {
  const names = closing(t, await startNameServer(() => 'silent'));
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const timeouts = { ...only('dns', 500), connect: 100 };
  const { result, ms } = await timed(fetcher.fetch(requestTo('http://quiet.test/', { timeouts })));
  failed(result, 'E_DNS_TIMEOUT');
  assert.ok(ms >= 499 && ms < latestMs, `it took ${ms} ms`);
});

test('a look-up slower than the connect limit is no failure', async (t) => {
  const server = closing(t, await startSending(answerOf('hello')));
  // The first question is lost; c-ares asks again after a second.
  const names = closing(
    t,
    await startNameServer((_name, _type, count) => (count === 1 ? 'silent' : { addresses: ['127.0.0.1'] })),
  );
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const timeouts = { ...roomyTimeouts, connect: 200, response: 200 };
  const answer = answered(await fetcher.fetch(requestTo(`http://slow.test:${server.port}/`, { timeouts })));
  assert.ok((answer.timings.dns ?? 0) > 500, `dns took ${answer.timings.dns} ms`);
});

test('silent name servers do not hold up other names', async (t) => {
  const server = closing(t, await startSending(answerOf('hello')));
  const names = closing(
    t,
    await startNameServer((name) => (name.startsWith('quiet') ? 'silent' : { addresses: ['127.0.0.1'] })),
  );
  const fetcher = fetcherFor(t, { dnsServers: [names.address], concurrency: 50 });
  const timeouts = only('dns', 1500);
  const quiet = Array.from({ length: 30 }, (_, n) =>
    fetcher.fetch(requestTo(`http://quiet${n}.test/`, { timeouts })),
  );
  const { result, ms } = await timed(fetcher.fetch(requestTo(`http://loud.test:${server.port}/`)));
  answered(result);
  assert.ok(ms < 1000, `it took ${ms} ms`);
  for (const each of await Promise.all(quiet)) failed(each, 'E_DNS_TIMEOUT');
});

test('a silent address does not hold up the next one', async (t) => {
  const silent = closing(t, await startSilentConnect());
  const port = Number(new URL(silent.url).port);
  closing(
    t,
    await startRaw((socket) => socket.write(answerOf('hello')), undefined, { host: '127.0.0.2', port }),
  );
  const names = closing(t, await startNameServer(() => ({ addresses: ['127.0.0.1', '127.0.0.2'] })));
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const answer = answered(
    await fetcher.fetch(requestTo(`http://two.test:${port}/`, { timeouts: only('connect', 2000) })),
  );
  assert.equal(answer.address, '127.0.0.2');
});

test('the connect limit is for all addresses of a name together, silent and refusing ones', async (t) => {
  const silent = closing(t, await startSilentConnect());
  const port = new URL(silent.url).port;
  const names = closing(
    t,
    await startNameServer(() => ({ addresses: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] })),
  );
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const request = requestTo(`http://three.test:${port}/`, { timeouts: only('connect', 800) });
  const { result, ms } = await timed(fetcher.fetch(request));
  failed(result, 'E_CONNECT_TIMEOUT');
  assert.ok(ms >= 799 && ms < latestMs, `it took ${ms} ms`);
});

test('a body that keeps coming is not E_READ_TIMEOUT, however long it takes', async (t) => {
  const server = closing(
    t,
    await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
      let sent = 0;
      const timer = setInterval(() => {
        socket.write('x');
        if (++sent === 10) clearInterval(timer);
      }, 100);
      socket.once('close', () => clearInterval(timer));
    }),
  );
  const { result, ms } = await timed(
    fetcherFor(t).fetch(requestTo(server.url, { timeouts: only('read', 500) })),
  );
  assert.equal(textOf(answered(result)).length, 10);
  assert.ok(ms > 500, `it took ${ms} ms`);
});

test('the request limit spans redirects, but not the time that beforeHop takes', async (t) => {
  const server = closing(
    t,
    await startRaw((socket, head) => {
      const last = head.startsWith('GET /3');
      const step = Number(/^GET \/(\d)/.exec(head)?.[1]);
      const answer = last ? answerOf('done') : answerOf('', { Location: `/${step + 1}` }, '302 Found');
      const timer = setTimeout(() => socket.write(answer), 150);
      socket.once('close', () => clearTimeout(timer));
    }),
  );
  const fetcher = fetcherFor(t);
  failed(
    await fetcher.fetch(requestTo(`${server.url}1`, { timeouts: only('request', 350) })),
    'E_REQUEST_TIMEOUT',
  );
  const wait = () => new Promise<null>((resolve) => setTimeout(() => resolve(null), 600));
  const patient = requestTo(`${server.url}1`, { timeouts: only('request', 1500), beforeHop: wait });
  const { result, ms } = await timed(fetcher.fetch(patient));
  assert.equal(textOf(answered(result)), 'done');
  assert.ok(ms > 1500, `it took ${ms} ms`);
});

test('a redirect whose body does not come is followed all the same', async (t) => {
  const server = closing(
    t,
    await startRaw((socket, head) => {
      if (head.startsWith('GET /end')) socket.write(answerOf('done'));
      else socket.write('HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 100\r\n\r\nsome');
    }),
  );
  const answer = answered(await fetcherFor(t).fetch(requestTo(server.url)));
  assert.equal(textOf(answer), 'done');
  assert.equal(answer.redirects, 1);
});

test('what came while the event loop was busy came in time', async (t) => {
  const server = closing(t, await startElsewhere());
  const fetcher = fetcherFor(t);
  answered(await fetcher.fetch(requestTo(server.url)));
  const work = fetcher.fetch(requestTo(server.url, { timeouts: only('response', 100) }));
  await new Promise((resolve) => setImmediate(resolve)); // the request is on its way
  const until = performance.now() + 400;
  while (performance.now() < until);
  answered(await work);
});
