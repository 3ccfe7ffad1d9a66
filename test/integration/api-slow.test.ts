// Senders that are slow, silent or gone: let go in bounded time, and nobody else is kept waiting.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { send, sharedApi } from '../support/api/api.ts';
import { assertHarmless } from '../support/api/harmless.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const serve = sharedApi(fleets);
const ndjson = { 'content-type': 'application/x-ndjson' };

test('uploads are counted while they go on, and those that break off are not; nobody is told of an error of drover’s', async () => {
  const api = await serve();
  async function* slowly() {
    yield 'http://example.com/1\n';
    await new Promise<void>((resolve) => setTimeout(resolve, 60_000).unref());
  }
  const uploads = Array.from({ length: 32 }, () => {
    const abort = new AbortController();
    const sent = send(api.port, 'POST', '/v1/requests?crawl=cut', {
      headers: ndjson,
      body: slowly(),
      signal: abort.signal,
    });
    sent.catch(() => undefined);
    return abort;
  });
  const one = () =>
    api.call('POST', '/v1/requests?crawl=cut', {
      headers: ndjson,
      body: Buffer.from('http://example.com/2'),
    });
  await until(async () => (await one()).status === 429, { what: 'the server to be full of uploads' });
  assert.equal(
    (await api.call('POST', '/v1/requests?crawl=cut', { body: ['http://example.com/3'] })).status,
    200,
  );
  for (const abort of uploads) abort.abort();
  await until(async () => (await one()).status === 200, { what: 'room for another upload' });
  const log = await readFile(api.runner.path('data/drover.log'), 'utf8');
  assert.deepEqual(
    log.split('\n').filter((text) => /"level":"(error|warn|fatal)"/.test(text)),
    [],
  );
});

test('who sends, or begins, too slowly is let go: bodies with 408, headers and silence without more', async () => {
  const api = await serve();
  // Of a body that was given up for its size nobody hears any more; least of all the whole process, when its
  // time is over.
  const large = Buffer.alloc(8 * 1024 ** 2, 'x');
  await api.refused(413, 'E_BODY_SIZE', 'POST', '/v1/requests', {
    body: (async function* () {
      yield large;
    })(),
    headers: { 'content-type': 'application/json' },
  });
  const started = performance.now();
  const slowBody = async () => {
    const { socket, text, closed } = await api.open();
    socket.write(
      'POST /v1/crawls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n',
    );
    const drip = setInterval(() => socket.write('['), 500);
    await closed;
    clearInterval(drip);
    assert.match(text(), /^HTTP\/1.1 408 [\s\S]*E_BODY_SLOW/);
  };
  const slowHeader = async () => {
    const { socket, closed } = await api.open();
    socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    const drip = setInterval(() => socket.write('x'), 500);
    await closed;
    clearInterval(drip);
  };
  const silence = async () => (await api.open()).closed;
  const many = <T>(count: number, one: () => Promise<T>) => Promise.all(Array.from({ length: count }, one));
  await assertHarmless(api, Promise.all([many(50, slowBody), many(50, slowHeader), many(200, silence)]));
  assert.ok(performance.now() - started < 18_000, 'within 18 s');
});
