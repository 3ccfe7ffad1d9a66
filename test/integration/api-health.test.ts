// How a server comes and goes: health, readiness, metrics, and a SIGTERM that loses nothing and keeps nobody
// waiting beyond --grace.
import assert from 'node:assert/strict';
import test, { suite } from 'node:test';
import { type Api, READ_TOKEN, sharedApi, startApi, WRITE_TOKEN } from '../support/api/api.ts';
import { figureOf, readExposition } from '../support/api/exposition.ts';
import { openFleets } from '../support/fleets.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const serve = sharedApi(fleets);
const lines = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `http://example.com/${from + n}\n`).join('');

// Side by side: most of the time they wait for deadlines of the server's.
suite('how a server comes and goes', { concurrency: true }, () => {
  test('healthy and ready from the moment when it says that it listens; metrics are those that Prometheus takes', async () => {
    const api = await serve();
    assert.deepEqual((await api.call('GET', '/healthz')).json, { status: 'ok' });
    assert.deepEqual((await api.call('GET', '/readyz')).json, { status: 'ok' });
    await api.call('POST', '/v1/requests?crawl=m', {
      body: ['http://example.com/1', 'http://example.com/2'],
    });
    const { headers, text } = await api.call('GET', '/metrics');
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
    const families = readExposition(text);
    assert.equal(figureOf(families, 'drover_waiting_requests'), 2);
    assert.ok(figureOf(families, 'process_resident_memory_bytes') > 1e7, 'of the server itself, too');
  });

  test('without Redis it is healthy and not ready; with it again, ready', async (t) => {
    const redis = await startTestRedis();
    t.after(() => redis.stop());
    const api = await startApi(await fleets.open({ REDIS_URL: redis.url }));
    redis.kill();
    await until(async () => (await api.call('GET', '/readyz')).status === 503, {
      what: 'it not to be ready',
    });
    assert.equal((await api.call('GET', '/healthz')).status, 200);
    const problem = await api.refused(503, 'E_REDIS_DOWN', 'GET', '/v1/crawls');
    assert.ok(Number(problem.headers['retry-after']) > 0);
    await api.refused(503, 'E_REDIS_DOWN', 'POST', '/v1/requests', { body: ['http://example.com/'] });
    await redis.restart();
    await until(async () => (await api.call('GET', '/readyz')).status === 200, {
      what: 'it to be ready again',
    });
    assert.equal(
      (await api.call('POST', '/v1/requests', { body: ['http://example.com/'] })).json.accepted,
      1,
    );
  });

  /** An upload that goes on until it is told to end, or is cut off. */
  function openUpload(api: Api, crawl: string, headers: Record<string, string> = {}) {
    const state = { sent: 0, over: false };
    async function* pieces() {
      for (; !state.over; state.sent += 100) {
        yield lines(state.sent, 100);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    const reply = api.call('POST', `/v1/requests?crawl=${crawl}`, { body: pieces(), headers });
    return { state, reply: reply.catch(() => null) };
  }

  test('SIGTERM: not ready first, calls still answered; then uploads end, and sent again they change nothing twice', async () => {
    const fleet = await fleets.open();
    const api = await startApi(fleet, ['--grace', '8s']);
    const upload = openUpload(api, 'up');
    const accepted = async (from: Api) => (await from.call('GET', '/v1/crawls/up')).json.accepted ?? 0;
    await until(async () => (await accepted(api)) > 500, { what: 'the upload to be under way' });
    const started = performance.now();
    api.drover.kill('SIGTERM');
    await until(async () => (await api.call('GET', '/readyz')).status === 503, { what: '/readyz to say no' });
    assert.equal((await api.call('GET', '/healthz')).status, 200);
    assert.equal((await api.call('GET', '/v1/crawls')).status, 200, 'who is on the way is still served');
    assert.equal(
      (await api.call('POST', '/v1/requests?crawl=up', { body: ['http://example.com/late'] })).status,
      200,
    );
    const reply = await upload.reply;
    upload.state.over = true;
    assert.ok(reply === null || reply.json.code === 'E_STOPPING', reply?.text);
    const { code } = await api.drover.exit;
    assert.equal(code, 0, api.drover.stderr());
    assert.ok(performance.now() - started < 8000, 'within its grace');
    assert.ok(!/error|warn/i.test(api.drover.stderr()), api.drover.stderr());

    const next = await startApi(fleet);
    const before = await accepted(next);
    const again = await next.call('POST', '/v1/requests?crawl=up', {
      headers: { 'content-type': 'application/x-ndjson' },
      body: Buffer.from(lines(0, upload.state.sent)),
    });
    assert.equal(again.json.accepted + before - 1, upload.state.sent, 'each once');
    assert.equal(again.json.duplicates, before - 1, 'and what was accepted is there');
  });

  test('SIGTERM: who does not end is cut off when the grace is over; a second signal ends it at once', async () => {
    const ends = async (args: string[], signals: number, mostMs: number) => {
      const api = await startApi(await fleets.open(), args);
      const stuck = await api.open();
      stuck.socket.write(
        'POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[',
      );
      const drip = setInterval(() => stuck.socket.write(' '), 2000);
      await api.call('GET', '/healthz');
      const started = performance.now();
      for (let sent = 0; sent < signals; sent++) {
        api.drover.kill('SIGTERM');
        await until(() => api.drover.stderr().includes('stopping'), { what: 'the signal to be noticed' });
      }
      const { code } = await api.drover.exit;
      clearInterval(drip);
      assert.equal(code, signals === 1 ? 0 : 130, api.drover.stderr());
      assert.ok(performance.now() - started < mostMs, `${Math.round(performance.now() - started)} ms`);
    };
    await Promise.all([ends(['--grace', '3s'], 1, 5000), ends(['--grace', '60s'], 2, 3000)]);
  });

  test('a token, once it is set, guards the metrics too, and a reader’s is enough', async () => {
    const api = await startApi(await fleets.open({ DROVER_API_TOKEN: `${WRITE_TOKEN},ro:${READ_TOKEN}` }));
    await api.refused(401, 'E_AUTH', 'GET', '/metrics');
    assert.equal((await api.call('GET', '/metrics', { token: READ_TOKEN })).status, 200);
  });
});
