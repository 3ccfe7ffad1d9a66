// createClient: what it asks for, and what it does with every kind of answer.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ApiError, type Client, createClient } from '../../src/index.ts';
import { startStandIn } from '../support/api/stand-in-api.ts';
import { freePort } from '../support/redis.ts';

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function errorOf(work: Promise<unknown>): Promise<ApiError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    return error;
  }
  return assert.fail('it should have failed');
}

const routes: [call: (client: Client) => unknown, asked: string, body?: unknown][] = [
  [(client) => client.request('shop.2.0123'), 'GET /v1/requests/shop.2.0123'],
  [
    (client) => client.explain('https://a.example/?q=a b', { crawl: 'shop' }),
    'GET /v1/explain?url=https%3A%2F%2Fa.example%2F%3Fq%3Da+b&crawl=shop',
  ],
  [(client) => client.stats(), 'GET /v1/stats'],
  [(client) => client.session(), 'GET /v1/session'],
  [
    (client) => client.crawls.create({ url: 'https://a.example/' }),
    'POST /v1/crawls',
    { url: 'https://a.example/' },
  ],
  [(client) => client.crawls.get('a/b'), 'GET /v1/crawls/a%2Fb'],
  [(client) => client.crawls.pause('c'), 'POST /v1/crawls/c/pause'],
  [(client) => client.crawls.resume('c'), 'POST /v1/crawls/c/resume'],
  [(client) => client.crawls.cancel('c'), 'DELETE /v1/crawls/c'],
  [(client) => client.crawls.errors('c'), 'GET /v1/crawls/c/errors'],
  [
    (client) => client.dead.summary({ code: 'E_RESET', since: new Date(0), attempts: 2 }),
    'GET /v1/dead/summary?code=E_RESET&since=1970-01-01T00%3A00%3A00.000Z&attempts=2',
  ],
  [(client) => client.dead.show('c.1'), 'GET /v1/dead/c.1'],
  [
    (client) => client.dead.replay({ filter: { host: 'a.example' }, canary: 1, dryRun: true }),
    'POST /v1/dead/replay',
    { filter: { host: 'a.example' }, canary: 1, dryRun: true },
  ],
  [(client) => client.dead.purge({ all: true, export: false }), 'DELETE /v1/dead?all=true&export=false'],
  [(client) => client.replays.list(), 'GET /v1/replays'],
  [(client) => client.replays.get('r'), 'GET /v1/replays/r'],
  [(client) => client.replays.stop('r'), 'DELETE /v1/replays/r'],
  [(client) => client.hosts.list({ limit: 5 }), 'GET /v1/hosts?limit=5'],
  [
    (client) => client.hosts.set('[::1]:80', { delayMs: 5, max: null }),
    'PATCH /v1/hosts/%5B%3A%3A1%5D%3A80',
    { delayMs: 5, max: null },
  ],
  [(client) => client.hosts.pause('h', { durationMs: 9 }), 'POST /v1/hosts/h/pause', { durationMs: 9 }],
  [(client) => client.hosts.resume('h'), 'POST /v1/hosts/h/resume'],
];

test('each method asks for its route, with the token, and gives what is answered', async (t) => {
  const api = await startStandIn(t, ({ json }) => json({ n: 1, groups: [1], replays: [2], hosts: [3] }));
  const client = createClient({ url: `${api.url}/`, token: 'a-secret-of-16-characters' });
  for (const [call, what, body] of routes) {
    const answered = await call(client);
    assert.ok(answered, what);
    const asked = api.asked.at(-1);
    assert.deepEqual([asked?.what, asked?.body ? JSON.parse(asked.body) : undefined], [what, body]);
    assert.equal(asked?.headers.authorization, 'Bearer a-secret-of-16-characters');
  }
  assert.deepEqual(
    [await client.dead.summary(), await client.replays.list(), await client.hosts.list()],
    [[1], [2], [3]],
  );
});

test('what comes in pages is one row, and a page is asked for only when it is wanted', async (t) => {
  const api = await startStandIn(t, ({ json, count }) => {
    const rows = [count * 2, count * 2 + 1];
    json({ records: rows, crawls: rows, letters: rows, next: count % 3 === 0 ? null : `p ${count}` });
  });
  const client = createClient({ url: api.url });
  assert.deepEqual(await allOf(client.crawls.records('c')), [2, 3, 4, 5, 6, 7]);
  assert.deepEqual(
    api.asked.map(({ what }) => what),
    ['', '&cursor=p+1', '&cursor=p+2'].map((cursor) => `GET /v1/crawls/c/records?limit=100${cursor}`),
  );
  assert.deepEqual(await allOf(client.dead.list({ code: 'E_TLS' })), [8, 9, 10, 11, 12, 13]);
  assert.equal(api.asked[3]?.what, 'GET /v1/dead?code=E_TLS&limit=1000');
  for await (const crawl of client.crawls.list()) if (crawl) break;
  assert.equal(api.asked.length, 7);
});

test('a problem is an ApiError with all that it says; what is no problem of drover’s is E_API_DOWN', async (t) => {
  const api = await startStandIn(t, ({ problem, response, count }) => {
    if (count === 1) problem(400, 'E_FIELD');
    else if (count === 2)
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
    else response.end('<p>Welcome</p>');
  });
  const client = createClient({ url: api.url });
  const { status, code, field, advice, message, requestId } = await errorOf(client.stats());
  assert.deepEqual(
    [status, code, field, advice, message, requestId],
    [400, 'E_FIELD', 'query.f', 'A', 'D of E_FIELD', 'r-1'],
  );
  const gateway = await errorOf(client.stats());
  assert.deepEqual([gateway.status, gateway.code], [502, 'E_API_DOWN']);
  assert.match(gateway.message, /Status 502: <h1>Bad gateway/);
  assert.equal((await errorOf(client.dead.purge({ all: true }))).code, 'E_API_DOWN');
  const nobody = createClient({ url: `http://127.0.0.1:${await freePort()}` });
  const refused = await errorOf(nobody.crawls.create({ url: 'https://a.example/' }));
  assert.deepEqual([refused.status, refused.code], [0, 'E_API_DOWN']);
  assert.match(refused.message, /ECONNREFUSED/);
});

test('a call is made again when its answer is lost or the server is not ready, under the same key; a purge is not', async (t) => {
  const api = await startStandIn(t, ({ json, problem, request, count }) => {
    if (count % 4 === 1) request.socket.destroy();
    else if (count % 4 === 2) problem(503, 'E_REDIS_DOWN', { 'retry-after': '0' });
    else if (count % 4 === 3) problem(429, 'E_TOO_MANY', { 'retry-after': '0' });
    else json({ crawl: 'c', accepted: 2, duplicates: 0, overLimit: 0, rejected: [] });
  });
  const client = createClient({ url: api.url });
  assert.equal((await client.enqueue(['https://a.example/1', 'https://a.example/2'])).accepted, 2);
  assert.equal((await client.crawls.create({ url: 'https://a.example/' })).accepted, 2);
  const keys = api.asked.map(({ headers }) => headers['idempotency-key']);
  assert.deepEqual([new Set(keys.slice(0, 4)).size, new Set(keys).size], [1, 2]);
  assert.deepEqual(
    api.asked.slice(0, 4).map(({ body }) => body),
    Array(4).fill('{"url":"https://a.example/1"}\n{"url":"https://a.example/2"}\n'),
  );
  assert.equal((await errorOf(client.dead.purge({ all: true }))).code, 'E_API_DOWN');
  assert.equal(api.asked.length, 9);
});

test('a server that stays away is given up, and one that wants to be left alone for long is not waited for', async (t) => {
  const api = await startStandIn(t, ({ problem, request }) => {
    const after = request.url === '/v1/stats' ? '0' : '3600';
    problem(503, 'E_STOPPING', { 'retry-after': after });
  });
  const client = createClient({ url: api.url });
  assert.equal((await errorOf(client.stats())).code, 'E_STOPPING');
  assert.equal(api.asked.length, 4);
  assert.equal((await errorOf(client.replays.list())).retryAfterMs, 3_600_000);
  assert.equal(api.asked.length, 5);
});

test('a silent server ends in E_API_DOWN after the time-out, an aborted signal in its reason', async (t) => {
  const api = await startStandIn(t, () => {});
  const impatient = createClient({ url: api.url, timeoutMs: 50 });
  const late = await errorOf(impatient.crawls.get('c'));
  assert.deepEqual([late.status, late.code], [0, 'E_API_DOWN']);
  const abort = new AbortController();
  const asking = createClient({ url: api.url }).stats({ signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(asking, /enough/);
});
