// Redirects as browsers follow them: where they lead, with which method, and what is not given to another
// origin.
import assert from 'node:assert/strict';
import test from 'node:test';
import { answered, closing, fetcherFor, requestTo, textOf } from '../support/fetching.ts';
import { answerOf, type RawServer, startRaw, startSending } from '../support/site/hostile.ts';

/** Redirects everything but /end to /end with the status. */
const startLeadingTo = (location: string, status: string) =>
  startRaw((socket, head) =>
    socket.write(/^\S+ \/end/.test(head) ? answerOf('done') : answerOf('', { Location: location }, status)),
  );

const methodOf = (server: RawServer) => server.requests.at(-1)?.split(' ')[0];
const headersOf = (server: RawServer) =>
  (server.requests.at(-1) ?? '')
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(':')[0]?.toLowerCase() ?? '');

for (const [status, method, next] of [
  [301, 'GET', 'GET'],
  [301, 'POST', 'GET'],
  [302, 'POST', 'GET'],
  [302, 'PUT', 'PUT'],
  [303, 'PUT', 'GET'],
  [303, 'HEAD', 'HEAD'],
  [307, 'POST', 'POST'],
  [308, 'PUT', 'PUT'],
] as const) {
  test(`${method} redirected by ${status} goes on as ${next}`, async (t) => {
    const server = closing(t, await startLeadingTo('/end', `${status} Redirect`));
    const body = method === 'POST' || method === 'PUT' ? 'a=1' : null;
    const headers = { 'content-type': 'text/x-form' };
    const answer = answered(await fetcherFor(t).fetch(requestTo(server.url, { method, body, headers })));
    assert.equal(methodOf(server), next);
    assert.equal(headersOf(server).includes('content-length'), body !== null && next === method);
    assert.equal(headersOf(server).includes('content-type'), body !== null && next === method);
    assert.equal(answer.redirects, 1);
    assert.equal(answer.finalUrl, `${server.url}end`);
  });
}

test('a redirect within the origin uses the connection again', async (t) => {
  const server = closing(t, await startLeadingTo('/end', '302 Found'));
  answered(await fetcherFor(t).fetch(requestTo(server.url)));
  assert.equal(server.connections.accepted, 1);
});

for (const [location, path] of [
  ['end', '/a/end'],
  ['../end?q=1#part', '/end?q=1'],
  ['?q=2', '/a/b?q=2'],
  ['//127.0.0.1:PORT/end', '/end'],
  ['/é', '/%C3%A9'],
]) {
  test(`Location ${location} is resolved against the URL that gave it`, async (t) => {
    let location_ = '';
    const server = closing(
      t,
      await startRaw((socket, _head, count) =>
        socket.write(count === 1 ? answerOf('', { Location: location_ }, '302 Found') : answerOf('done')),
      ),
    );
    location_ = Buffer.from((location ?? '').replace('PORT', String(server.port))).toString('latin1');
    const answer = answered(await fetcherFor(t).fetch(requestTo(`${server.url}a/b#top`)));
    assert.equal(answer.finalUrl, `http://127.0.0.1:${server.port}${path}`);
    assert.equal(server.requests[1]?.split(' ')[1], path);
  });
}

for (const [status, headers] of [
  ['301 Moved', {}],
  ['302 Found', { Location: '' }],
  ['300 Multiple Choices', { Location: '/end' }],
  ['304 Not Modified', { Location: '/end' }],
] as [string, Record<string, string>][]) {
  test(`${status} with ${JSON.stringify(headers)} is an answer`, async (t) => {
    const server = closing(t, await startSending(answerOf('', headers, status)));
    const answer = answered(await fetcherFor(t).fetch(requestTo(server.url)));
    assert.equal(String(answer.status), status.slice(0, 3));
    assert.equal(server.requests.length, 1);
  });
}

test('to another origin, only user-agent and accept* go on, and they do not come back', async (t) => {
  const home = closing(t, await startRaw((socket) => socket.write(answerOf('done'))));
  const away = closing(t, await startSending(answerOf('', { Location: `${home.url}end` }, '302 Found')));
  const start = closing(t, await startSending(answerOf('', { Location: away.url }, '302 Found')));
  const headers = {
    Authorization: 'Bearer secret',
    Cookie: 'a=1',
    'X-Key': 'secret',
    'Accept-Language': 'de',
  };
  answered(await fetcherFor(t).fetch(requestTo(start.url, { headers })));
  assert.deepEqual(
    ['authorization', 'cookie', 'x-key', 'accept-language'].filter((name) => headersOf(start).includes(name))
      .length,
    4,
  );
  for (const server of [away, home]) {
    assert.deepEqual(headersOf(server).toSorted(), [
      'accept',
      'accept-encoding',
      'accept-language',
      'connection',
      'host',
      'user-agent',
    ]);
  }
});

test('credentials in a URL go as a header to its origin alone, and are shown nowhere', async (t) => {
  const away = closing(t, await startSending(answerOf('done')));
  const server = closing(
    t,
    await startRaw((socket, head) => {
      const first = head.startsWith('GET / ');
      const location = first ? `http://x:y@127.0.0.1:${server.port}/b` : `http://x:y@127.0.0.1:${away.port}/`;
      socket.write(answerOf('', { Location: location }, '302 Found'));
    }),
  );
  const url = `http://us%20er:pass@127.0.0.1:${server.port}/`;
  const answer = answered(await fetcherFor(t).fetch(requestTo(url)));
  const basic = `authorization: Basic ${Buffer.from('us er:pass').toString('base64')}`;
  assert.equal(server.requests.filter((head) => head.includes(basic)).length, 2);
  assert.ok(!headersOf(away).includes('authorization'));
  assert.equal(answer.finalUrl, away.url);
});

test('headers of the connection cannot be set by a request', async (t) => {
  const server = closing(t, await startSending(answerOf('done')));
  const headers = {
    'Transfer-Encoding': 'chunked',
    'Content-Length': '5',
    Connection: 'close',
    Expect: '100-continue',
  };
  answered(await fetcherFor(t).fetch(requestTo(server.url, { headers })));
  assert.ok(!/transfer-encoding|content-length|close|expect/i.test(server.requests[0] ?? ''));
});

test('methods, with and without a body', async (t) => {
  const server = closing(t, await startSending(answerOf('done')));
  const fetcher = fetcherFor(t);
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    for (const body of [null, 'Zoë ✓']) {
      assert.equal(textOf(answered(await fetcher.fetch(requestTo(server.url, { method, body })))), 'done');
      assert.equal(methodOf(server), method);
      const length = /content-length: (\d+)/i.exec(server.requests.at(-1) ?? '')?.[1];
      if (body !== null) assert.equal(length, String(Buffer.byteLength(body)));
    }
  }
});
