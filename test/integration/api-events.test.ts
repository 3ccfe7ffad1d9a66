// GET /v1/events: what a reader gets first and then, several of them, one that does not read, and the end of
// the stream.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type Api, READ_TOKEN, sharedApi, startApi, WRITE_TOKEN } from '../support/api/api.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const serve = sharedApi(fleets);
const MB = 1024 * 1024;

/** What consumers publish of requests that end: as many bytes as wanted. */
function publish({ fleet }: TestFleet, bytes: number): Promise<number> {
  const line = {
    ...{
      at: 1,
      crawl: 'c',
      id: 'i',
      host: 'example.com',
      status: 200,
      code: null,
      ms: 1,
      bytes: 1,
      attempts: 1,
    },
    url: `http://example.com/${'x'.repeat(bytes)}`,
    outcome: 'recorded',
  };
  return fleets.redis.publish(`${fleet.namespace}:tail`, JSON.stringify({ lines: [line], skipped: 0 }));
}

/** A reader that asks for events and takes none of them. */
async function openUnread(api: Api) {
  const raw = await api.open();
  raw.socket.pause();
  raw.socket.write('GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  return raw;
}

/** Whether the connection is there, as the server sees it: without reading what came over it. */
const readersOf = ({ fleet }: TestFleet) => fleets.redis.pubsub('NUMSUB', `${fleet.namespace}:tail`);

test('a reader is told how all stands, then what changes; each reader the same', async () => {
  const api = await serve();
  const [first, second] = await Promise.all([api.events(), api.events()]);
  assert.deepEqual(Object.keys((await first.next('hello')).data), ['version', 'role']);
  assert.deepEqual((await first.next('crawls')).data, { crawls: [] });
  await api.call('POST', '/v1/crawls', { body: { name: 'seen', url: 'http://example.com/' } });
  for (const reader of [first, second]) {
    const told = await until(async () => (await reader.next('crawls')).data.crawls[0], { what: 'the crawl' });
    assert.deepEqual([told.crawl, told.accepted, told.state], ['seen', 1, 'running']);
  }
  const third = await api.events();
  assert.equal((await third.next('crawls')).data.crawls[0].crawl, 'seen', 'at once');
  const host = await until(async () => (await third.next('hosts')).data.hosts[0], { what: 'its host' });
  assert.equal(host.key, 'example.com');
  await publish(api, 10);
  for (const reader of [first, second, third])
    assert.equal((await reader.next('tail')).data.lines[0].url, `http://example.com/${'x'.repeat(10)}`);
  assert.ok((await third.next('sample')).data.at > 0);
  await api.call('DELETE', '/v1/crawls/seen');
  await until(async () => (await first.next('crawls')).data.crawls[0].state === 'cancelled', {
    what: 'its end',
  });
  for (const reader of [first, second, third]) reader.close();
});

test('a reader may want some events alone, or those of one crawl', async () => {
  const api = await serve();
  await Promise.all(['one', 'two'].map((name) => api.call('POST', '/v1/crawls', { body: { name } })));
  const [tail, two] = await Promise.all([
    api.events('/v1/events?only=tail'),
    api.events('/v1/events?crawl=two'),
  ]);
  const of = (await two.next('crawls')).data.crawls;
  assert.deepEqual(
    of.map(({ crawl }: { crawl: string }) => crawl),
    ['two'],
  );
  await tail.next('hello');
  await publish(api, 10);
  assert.equal((await tail.next('tail')).data.lines.length, 1);
  assert.deepEqual([...new Set(tail.names())], ['hello', 'tail']);
  for (const reader of [tail, two]) reader.close();
});

test('it takes a token, that of a reader too, and no HEAD', async () => {
  const api = await startApi(await fleets.open({ DROVER_API_TOKEN: `${WRITE_TOKEN},ro:${READ_TOKEN}` }));
  await api.refused(401, 'E_AUTH', 'GET', '/v1/events');
  const { status } = await api.call('HEAD', '/v1/events', { token: READ_TOKEN });
  assert.equal(status, 405);
  const reader = await api.events('/v1/events', { token: READ_TOKEN });
  assert.equal((await reader.next('hello')).data.role, 'read');
  reader.close();
});

test('a reader that does not read is let go before it costs much, and the others go on', async () => {
  const api = await serve();
  const good = await api.events('/v1/events?only=tail');
  await good.next('hello');
  const before = api.memory();
  const idle = await Promise.all(Array.from({ length: 5 }, () => openUnread(api)));
  await until(async () => Number((await readersOf(api))[1]) === 1, { what: 'the server to listen' });
  let taken = 0;
  for (let sent = 0; sent < 60; sent++) {
    await publish(api, MB / 2);
    await good.next('tail');
    taken++;
  }
  assert.equal(taken, 60);
  assert.ok(api.memory() - before < 100 * MB, `${Math.round((api.memory() - before) / MB)} MB more`);
  for (const { socket, closed } of idle) {
    let got = 0;
    socket.on('data', (text: string) => {
      got += text.length;
    });
    socket.resume();
    await closed;
    assert.ok(got < 20 * MB, 'it was cut off, not fed');
  }
  good.close();
});

test('events of a crawl that there is not, or of no known name, are refused', async () => {
  const api = await serve();
  await api.refused(404, 'E_CRAWL_UNKNOWN', 'GET', '/v1/events?crawl=nothing');
  assert.equal((await api.refused(400, 'E_FIELD', 'GET', '/v1/events?only=bogus')).field, 'query.only');
});

test('when the server stops, streams end, also those that nobody reads, while events go on coming', async () => {
  const fleet = await fleets.open();
  const api = await startApi(fleet, ['--grace', '6s']);
  const [reader, idle] = [await api.events(), await openUnread(api)];
  await reader.next('crawls');
  for (let sent = 0; sent < 6; sent++) await publish(fleet, MB / 2);
  const noise = setInterval(() => publish(fleet, 1000), 2);
  const started = performance.now();
  api.drover.kill('SIGTERM');
  assert.equal(await reader.ended(), true, 'cleanly');
  const { code } = await api.drover.exit;
  clearInterval(noise);
  assert.equal(code, 0, api.drover.stderr());
  assert.ok(performance.now() - started < 9000);
  idle.socket.destroy();
});
