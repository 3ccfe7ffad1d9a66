// What streams between the client and the API: requests of any number on their way up, events on their way
// down.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { ApiError, createClient, type FleetEvent } from '../../src/index.ts';
import { startStandIn } from '../support/api/stand-in-api.ts';
import { until } from '../support/signals.ts';

const none = { crawl: 'c', accepted: 0, duplicates: 0, overLimit: 0, rejected: [] };

test('one request, an array and an iterable go up as NDJSON to the crawl that is named; bad ones come back with their places', async (t) => {
  const api = await startStandIn(t, ({ json }) =>
    json({ ...none, accepted: 1, rejected: [{ line: 2, url: 'x', code: 'E_URL_INVALID', message: 'm' }] }),
  );
  const client = createClient({ url: api.url });
  await client.enqueue('https://a.example/');
  await client.enqueue({ url: 'https://a.example/', method: 'POST' }, { crawl: 'shop' });
  const enqueued = await client.enqueue(new Set(['https://a.example/', 'x']));
  assert.deepEqual(enqueued, {
    ...{ ...none, accepted: 1, rejectedCount: 1 },
    rejected: [{ index: 1, url: 'x', code: 'E_URL_INVALID', message: 'm' }],
  });
  assert.deepEqual(
    api.asked.map(({ what, body, headers }) => [what, headers['content-type'], body]),
    [
      ['POST /v1/requests', 'application/x-ndjson', '{"url":"https://a.example/"}\n'],
      [
        'POST /v1/requests?crawl=shop',
        'application/x-ndjson',
        '{"url":"https://a.example/","method":"POST"}\n',
      ],
      ['POST /v1/requests', 'application/x-ndjson', '{"url":"https://a.example/"}\n{"url":"x"}\n'],
    ],
  );
});

test('an iterable is read no faster than the server takes it, and all of it arrives', async (t) => {
  const COUNT = 40_000;
  let go = () => {};
  let received = 0;
  const api = await startStandIn(
    t,
    async ({ request, json }) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      for await (const chunk of request) received += String(chunk).split('\n').length - 1;
      json({ ...none, accepted: received });
    },
    { early: true },
  );
  let given = 0;
  async function* source() {
    while (given < COUNT) yield { url: `https://a.example/${given++}`, userData: 'x'.repeat(1000) };
  }
  const sending = createClient({ url: api.url }).enqueue(source());
  let before = -1;
  await until(
    () => {
      const stands = given > 0 && given === before;
      before = given;
      return stands;
    },
    { what: 'the source to be held back', everyMs: 300 },
  );
  assert.ok(given < COUNT / 2, `${given} of ${COUNT} were read though nothing was taken`);
  go();
  assert.equal((await sending).accepted, COUNT);
});

test('an error of the source reaches the program as it is, an aborted signal ends a silent upload, and neither is sent again', async (t) => {
  const api = await startStandIn(t, ({ json }) => json(none));
  const client = createClient({ url: api.url });
  const own = new Error('my own');
  async function* broken() {
    yield 'https://a.example/';
    throw own;
  }
  await assert.rejects(client.enqueue(broken()), (error) => error === own);
  const abort = new AbortController();
  async function* silent() {
    yield 'https://a.example/';
    await new Promise(() => {});
  }
  const sending = client.enqueue(silent(), { signal: abort.signal });
  const arrived = () => api.asked.filter(({ body }) => body !== '').length;
  await until(arrived, { what: 'the first to arrive' });
  abort.abort(new Error('enough'));
  await assert.rejects(sending, /enough/);
  await client.stats();
  assert.ok(arrived() === 1 && api.asked.length <= 3, JSON.stringify(api.asked));
});

test('events come as they are told, and go on after the connection was lost', async (t) => {
  const api = await startStandIn(t, ({ response, count }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: hello\ndata: {"version":"${count}","role":"write"}\n\n: ping\n\n`);
    const isWritten = () => {
      if (count === 1) response.socket?.end();
      else if (count === 2) response.end();
    };
    response.write('event: tail\ndata: {"lines":[],\ndata: "skipped":3}\n\n', isWritten);
  });
  const events: FleetEvent[] = [];
  const client = createClient({ url: api.url });
  for await (const event of client.events({ crawl: 'c' })) if (events.push(event) === 6) break;
  assert.deepEqual(
    events.map(({ event, data }) => [event, 'version' in data ? data.version : data]),
    ['1', '2', '3'].flatMap((version) => [
      ['hello', version],
      ['tail', { lines: [], skipped: 3 }],
    ]),
  );
  assert.equal(api.asked[0]?.what, 'GET /v1/events?crawl=c');
  assert.equal(api.asked[0]?.headers.accept, 'text/event-stream');
});

test('leaving the loop, or aborting, ends the connection of events; a refusal ends the loop', async (t) => {
  const closed: Promise<unknown>[] = [];
  const api = await startStandIn(t, ({ response, problem, request, count }) => {
    if (count === 3) return problem(401, 'E_AUTH');
    closed.push(once(request.socket, 'close'));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('event: hello\ndata: {}\n\n');
  });
  const client = createClient({ url: api.url });
  for await (const { event } of client.events()) if (event === 'hello') break;
  const abort = new AbortController();
  await assert.rejects(async () => {
    for await (const { event } of client.events({ signal: abort.signal }))
      if (event === 'hello') abort.abort(new Error('enough'));
  }, /enough/);
  await Promise.all(closed);
  await assert.rejects(
    client.events().next(),
    (error) => error instanceof ApiError && error.code === 'E_AUTH',
  );
});
