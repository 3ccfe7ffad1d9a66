// One attempt to deliver a webhook: what each answer, and each failure to get one, means.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test, { type TestContext } from 'node:test';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl } from '../../src/crawl/crawl.ts';
import { createFetcher } from '../../src/fetch/client.ts';
import { addWebhookJobs, openWebhookQueue } from '../../src/queue/webhook-queue.ts';
import { deliver } from '../../src/webhooks/deliver.ts';
import { type Answer, startReceiver } from '../support/api/receiver.ts';
import { openFleets } from '../support/fleets.ts';
import { freePort } from '../support/redis.ts';
import { type CertificateName, startTls, testAuthority } from '../support/site/hostile-tls.ts';

const fleets = openFleets();

/** One attempt at this URL, as a crawl's webhook. */
async function attempt(t: TestContext, webhook: string, signal = new AbortController().signal) {
  const { fleet } = await fleets.open();
  const settings = crawlSettings({ ...defaultSettings, webhook, allowPrivate: ['127.0.0.1'] });
  await beginCrawl(fleet, { name: 'c', producer: 'p', settings, seeds: '' });
  const queue = openWebhookQueue(fleet);
  await addWebhookJobs(queue, [{ id: 'c-1-1', type: 'crawl.finished', crawl: 'c', body: '{}' }]);
  const job = await queue.getJob('c-1-1');
  assert.ok(job);
  const fetcher = createFetcher({ concurrency: 1, dnsServers: [], proxies: null, ca: testAuthority });
  t.after(() => fetcher.close());
  const { delivery } = await deliver({ fleet, fetcher, secret: 'a secret', signal }, job);
  return delivery;
}

/** As a receiver answers it. */
async function meaning(t: TestContext, answer: Answer) {
  const { url } = await startReceiver(t, answer);
  return attempt(t, url);
}

test('2xx is arrival, 410 the end, anything else is tried again after two seconds at most', async (t) => {
  for (const status of [200, 202, 204, 299])
    assert.deepEqual(await meaning(t, () => ({ status })), { kind: 'delivered' }, String(status));
  assert.equal((await meaning(t, () => ({ status: 410 }))).kind, 'givenUp');
  for (const status of [300, 304, 400, 401, 404, 429, 500, 503]) {
    const delivery = await meaning(t, () => ({ status }));
    assert.ok(delivery.kind === 'again' && delivery.why.includes(String(status)), JSON.stringify(delivery));
    assert.ok(delivery.afterMs >= 1000 && delivery.afterMs <= 2000, String(delivery.afterMs));
  }
});

test('Retry-After is kept to, up to an hour', async (t) => {
  const after = async (seconds: string) => {
    const delivery = await meaning(t, () => ({ status: 429, headers: { 'retry-after': seconds } }));
    return delivery.kind === 'again' && delivery.afterMs;
  };
  assert.equal(await after('60'), 60_000);
  assert.equal(await after('86400'), 3_600_000);
});

test('2xx is arrival though the body of the answer is cut off; a connection that is closed or refused is tried again', async (t) => {
  const answering = async (text: string) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end(text));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const address = server.address();
    return attempt(t, `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
  };
  assert.equal((await answering('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')).kind, 'delivered');
  assert.equal((await answering(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`)).kind, 'delivered');
  assert.equal((await answering('HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\nhalf')).kind, 'again');
  assert.equal((await answering('')).kind, 'again');
  assert.equal((await attempt(t, `http://127.0.0.1:${await freePort()}/`)).kind, 'again');
});

test('a certificate that is invalid ends it', async (t) => {
  const kinds: Record<CertificateName, string> = {
    good: 'delivered',
    expired: 'givenUp',
    'wrong-name': 'givenUp',
    'self-signed': 'givenUp',
  };
  for (const [certificate, kind] of Object.entries(kinds)) {
    const server = await startTls(certificate as CertificateName);
    t.after(() => server.close());
    const delivery = await attempt(t, server.url);
    assert.equal(delivery.kind, kind, `${certificate}: ${JSON.stringify(delivery)}`);
  }
});

test('an attempt that is cut off by the end of its process counts as none', async (t) => {
  const abort = new AbortController();
  const { url, got } = await startReceiver(t, () => {
    abort.abort();
    return null;
  });
  assert.deepEqual(await attempt(t, url, abort.signal), { kind: 'stopped' });
  assert.equal(got.length, 1);
});
