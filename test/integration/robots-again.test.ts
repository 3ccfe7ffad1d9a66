// A robots.txt that could not be fetched: when it is fetched again, and when not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

test('robots.txt answers 503 once: two attempts are enough for the page', async (t) => {
  const site = await startSite({ pages: 1, bytes: 500, latencyMs: 0 });
  t.after(() => site.stop());
  await site.behave('/robots.txt', { status: 503 });
  const runner = await openCommandRunner();
  const options = ['--depth', '0', '--quiet', '--crawl', 'c', '--attempts', '2', '--backoff', '100ms'];
  const crawl = runner.start(['crawl', `${site.url}/p/0`, ...options]);
  const ofRobots = async () => (await site.log()).filter(({ path }) => path === '/robots.txt');
  await until(async () => (await ofRobots()).length > 0, {
    what: 'robots.txt to be asked for',
    deadlineMs: 20_000,
  });
  await site.behave('/robots.txt', null);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  const [record] = await runner.results('c');
  assert.equal(record?.status, 200);
  assert.equal(record?.attempts, 2);
  assert.equal((await ofRobots()).length, 2);
});

test('robots.txt that redirects with a time over --max-postponed ends the request, and is not asked for ever', async (t) => {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(301, { location: '/rules.txt', 'retry-after': '120' }).end();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const runner = await openCommandRunner();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/p`;
  const options = ['--depth', '0', '--quiet', '--crawl', 'c', '--attempts', '1', '--max-postponed', '1s'];
  const crawl = runner.start(['crawl', url, ...options]);
  await crawl.exit;
  const [record] = await runner.results('c');
  assert.equal(record?.error?.code, 'E_RATE_LIMITED');
  assert.match(record.error.message, /Status 301/);
  assert.deepEqual(asked, ['/robots.txt']);
});
