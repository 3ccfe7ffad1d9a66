// The headers that a user sets: names in any case, wherever a header is given, and the User-Agent with its
// contact. What is sent is looked at.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { newNamespace, openProducer } from '../support/producers.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();

/** Answers every request with its own headers. */
async function echo(t: test.TestContext): Promise<string> {
  const server = createServer(({ headers, url }, response) => {
    if (url === '/robots.txt') response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(headers));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a header’s name has any case in the config file, a flag, a variable, a line and a producer’s settings', async (t) => {
  const url = await echo(t);
  const namespace = newNamespace();
  const runner = await openCommandRunner({ REDIS_URL: fleets.url, DROVER_NAMESPACE: namespace });
  const sent = async (crawl: string) =>
    (await runner.results(crawl)).map(({ body }) => JSON.parse(body ?? '{}') as Record<string, string>);
  const fetched = async (crawl: string, args: string[], options: object = {}) => {
    const { code, stderr } = await runner.run(['crawl', url, '--crawl', crawl, '--depth', '0', ...args], {
      cwd: runner.dir,
      ...options,
    });
    assert.equal(code, 0, stderr);
    return await sent(crawl);
  };
  await writeFile(runner.path('drover.config.json'), '{"header": {"Authorization": "file", "X-Two": "2"}}');
  const [byFile] = await fetched('file', []);
  assert.deepEqual([byFile?.authorization, byFile?.['x-two']], ['file', '2']);
  const [byFlag] = await fetched('flag', ['--header', 'AUTHORIZATION: flag']);
  assert.deepEqual([byFlag?.authorization, byFlag?.['x-two']], ['flag', undefined]);
  const [byVariable] = await fetched('variable', [], { env: { DROVER_HEADER: 'Authorization: variable' } });
  assert.equal(byVariable?.authorization, 'variable');

  const producer = await openProducer(t, fleets.url, { namespace, header: { Authorization: 'producer' } });
  await producer.add([`${url}/all`, { url: `${url}/own`, headers: { AUTHORIZATION: 'own', 'X-Own': '1' } }]);
  await producer.close();
  const consumer = runner.start(['consume']);
  const own = async () => (await runner.status('shop')).state === 'finished';
  await until(own, { what: 'the crawl to end' });
  consumer.kill('SIGTERM');
  await consumer.exit;
  const both = await sent('shop');
  assert.deepEqual(both.map(({ authorization }) => authorization).toSorted(), ['own', 'producer']);
});

test('a contact stands in the User-Agent, of pages and of robots.txt, and without one no page is made up', async (t) => {
  const url = await echo(t);
  const runner = await openCommandRunner({ REDIS_URL: fleets.url, DROVER_NAMESPACE: newNamespace() });
  const sent = async (...args: string[]) => {
    const { code, stderr } = await runner.run(['crawl', url, '--crawl', `c${args.length}`, ...args]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /contact/, 'the host is private');
    return JSON.parse((await runner.results(`c${args.length}`))[0]?.body ?? '')['user-agent'];
  };
  assert.equal(await sent(), 'drover/0.1');
  assert.equal(await sent('--contact', 'https://a.example/bot'), 'drover/0.1 (+https://a.example/bot)');
  const mail = ['--user-agent', 'shopbot/2', '--contact', 'me@a.example'];
  assert.equal(await sent(...mail), 'shopbot/2 (+mailto:me@a.example)');
});

test('a missing contact is warned of once for public hosts, and not for private ones', async () => {
  const runner = await openCommandRunner({ REDIS_URL: fleets.url, DROVER_NAMESPACE: newNamespace() });
  const warned = async (...args: string[]) =>
    (await runner.run(['enqueue', '--crawl', 'c', ...args])).stderr.match(/No contact is set/g)?.length ?? 0;
  const publicHosts = ['https://www.iana.org/', 'https://93.184.215.14/', 'https://[2606:2800::1]/'];
  assert.equal(await warned(...publicHosts), 1);
  assert.equal(await warned('http://10.0.0.1/', 'http://[::1]/', 'http://nas.local/', 'http://box/'), 0);
  assert.equal(await warned(...publicHosts, '--contact', 'me@a.example'), 0);
  assert.equal(await warned(...publicHosts, '--user-agent', 'bot/1 (+https://a.example/)'), 0);
});

test('one header given twice is refused, however it is spelt', async (t) => {
  const runner = await openCommandRunner({ REDIS_URL: fleets.url, DROVER_NAMESPACE: newNamespace() });
  const twice = ['--header', 'Accept: a', '--header', 'accept: b'];
  const { code, stderr } = await runner.run(['crawl', 'http://127.0.0.1:9/', ...twice]);
  assert.equal(code, 2);
  assert.match(stderr, /--header: one header is given twice/);
  const producer = await openProducer(t, fleets.url);
  const added = await producer.add([{ url: 'http://a.example/', headers: { Accept: 'a', accept: 'b' } }]);
  assert.deepEqual([added.accepted, added.rejected[0]?.code], [0, 'E_REQUEST_INVALID']);
});
