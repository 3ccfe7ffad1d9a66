// POST /v1/requests: one, an array, NDJSON; what is named as bad, what is known already, what a crawl's
// limits leave out.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl, letCrawlGo } from '../../src/crawl/crawl.ts';
import { type Api, sharedApi } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const serve = sharedApi(fleets);

const ndjson = (api: Api, crawl: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  api.call('POST', `/v1/requests?crawl=${crawl}`, {
    body: Buffer.from(body),
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  });
const page = (n: number) => `http://example.com/${n}`;
const none = { duplicates: 0, overLimit: 0, assumed: 0, rejected: [] };

test('one request, an array and NDJSON, plain or gzipped, are taken alike, and what was taken before is known', async () => {
  const api = await serve();
  const post = async (body: unknown) => (await api.call('POST', '/v1/requests?crawl=forms', { body })).json;
  assert.deepEqual(await post({ url: page(1) }), { crawl: 'forms', accepted: 1, ...none });
  assert.deepEqual(await post([page(2), { url: page(3), label: 'x', userData: { a: [1] } }]), {
    ...{ crawl: 'forms', accepted: 2 },
    ...none,
  });
  const lines = `${page(4)}\n\n# a comment\n{"url":"${page(5)}","method":"POST","body":"b"}\r\n  ${page(6)}  `;
  assert.deepEqual((await ndjson(api, 'forms', lines)).json, { crawl: 'forms', accepted: 3, ...none });
  const zipped = await ndjson(api, 'forms', gzipSync(`${page(6)}\n${page(7)}`), {
    'content-encoding': 'gzip',
  });
  assert.deepEqual(zipped.json, { crawl: 'forms', accepted: 1, ...none, duplicates: 1 });
  assert.deepEqual(await post([page(1), page(1), 'HTTP://EXAMPLE.com:80/2', page(8)]), {
    ...{ crawl: 'forms', accepted: 1 },
    ...none,
    duplicates: 3,
  });
  const { accepted, waiting, settings } = (await api.call('GET', '/v1/crawls/forms')).json;
  assert.deepEqual(
    [accepted, waiting, settings.depth],
    [8, 8, 0],
    'a crawl that was not begun is a plain list',
  );
});

test('every bad line is named by its number with what is wrong; the rest is taken', async () => {
  const api = await serve();
  const long = `http://example.com/${'x'.repeat(70_000)}`;
  const lines: (string | Buffer)[] = [
    page(1),
    'no url',
    '{"url":"http://example.com/2"',
    '{"url":"http://example.com/2","nonsense":1}',
    '{"url":"http://example.com/2","priority":10}',
    '',
    'ftp://example.com/',
    long,
    Buffer.from([0x68, 0xff, 0xfe]),
    'http://127.0.0.1/',
    'http://10.1.2.3/',
    'http://[::1]:6379/',
    'http://169.254.169.254/latest/meta-data/',
    'http://localhost/',
    'http://0x7f.1/',
    'http://user:sesame-open@-/',
    `${'[{"a":'.repeat(5000)}`,
    `{"url":"http://example.com/2","userData":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    '{"__proto__":{"url":"http://example.com/2"}}',
    page(2),
  ];
  const body = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
  const { json, text } = await ndjson(api, 'bad', body);
  assert.deepEqual([json.accepted, json.duplicates], [2, 0]);
  assert.deepEqual(
    json.rejected.map(({ line, code }: { line: number; code: string }) => [line, code]),
    [
      ...[
        [2, 'E_URL_INVALID'],
        [3, 'E_REQUEST_INVALID'],
        [4, 'E_REQUEST_INVALID'],
        [5, 'E_REQUEST_INVALID'],
      ],
      ...[
        [7, 'E_URL_SCHEME'],
        [8, 'E_LINE_TOO_LONG'],
        [9, 'E_LINE_ENCODING'],
      ],
      ...[10, 11, 12, 13, 14, 15].map((line) => [line, 'E_SSRF']),
      ...[
        [16, 'E_URL_INVALID'],
        [17, 'E_URL_INVALID'],
        [18, 'E_REQUEST_INVALID'],
        [19, 'E_REQUEST_INVALID'],
      ],
    ],
  );
  assert.match(json.rejected[3].message, /priority/);
  assert.ok(!text.includes('sesame-open'), 'a password in a bad line is not repeated');
  assert.ok(text.length < 10_000, 'and of a long one only its beginning');
  const array = [page(1), 7, null, { url: 1 }, ['x'], { url: 'http://192.168.0.1/' }, page(3)];
  const { json: answer } = await api.call('POST', '/v1/requests?crawl=bad', { body: array });
  assert.deepEqual(
    answer.rejected.map(({ line }: { line: number }) => line),
    [2, 3, 4, 5, 6],
  );
  assert.deepEqual([answer.accepted, answer.duplicates], [1, 1]);
});

test('a call that is wrong as a whole is refused, and the place of the fault named', async () => {
  const api = await serve();
  const post = (status: number, code: string, body: unknown, query = '', headers = {}) =>
    api.refused(status, code, 'POST', `/v1/requests${query}`, { body, headers });
  assert.equal((await post(400, 'E_FIELD', '')).field, 'body');
  assert.equal((await post(400, 'E_FIELD', 'null')).field, 'body');
  await post(400, 'E_FIELD', '{"url":');
  assert.match((await post(400, 'E_FIELD', `${'['.repeat(65)}${']'.repeat(65)}`)).detail, /64 levels deep/);
  assert.equal((await post(400, 'E_FIELD', [page(1)], '?crawl=../x')).field, 'query.crawl');
  assert.equal((await post(400, 'E_FIELD', [page(1)], `?crawl=${'x'.repeat(101)}`)).field, 'query.crawl');
  assert.match((await post(400, 'E_FIELD', [page(1)], '?crwal=x')).detail, /crwal/);
  await post(400, 'E_FIELD', [page(1)], '?crawl=a&crawl=b');
  await post(413, 'E_BODY_SIZE', new Array(100_001).fill('x'));
  await post(413, 'E_BODY_SIZE', `["${'x'.repeat(4 * 1024 * 1024)}"]`);
  await post(415, 'E_MEDIA_TYPE', 'x', '', { 'content-type': 'application/xml' });
  const coded = { 'content-encoding': 'br' };
  await post(415, 'E_MEDIA_TYPE', 'x', '', { ...coded, 'content-type': 'application/x-ndjson' });
  await post(415, 'E_MEDIA_TYPE', '{}', '', { ...coded, 'content-encoding': 'gzip' });
  const gzip = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
  await post(400, 'E_FIELD', 'no gzip at all', '', gzip);
  await post(400, 'E_FIELD', gzipSync(page(1).repeat(1000)).subarray(0, 40), '', gzip);
  await post(405, 'E_METHOD', [page(1)], '/x.y');
  const problem = await api.refused(405, 'E_METHOD', 'DELETE', '/v1/requests');
  assert.equal(problem.headers.allow, 'POST');
});

test('no more is accepted than the limit of the crawl; a cancelled crawl begins anew', async () => {
  const api = await serve();
  const begun = await api.call('POST', '/v1/crawls', { body: { name: 'limited', limit: 3 } });
  assert.equal(begun.status, 201);
  const urls = [1, 2, 3, 4, 5].map(page);
  const { json } = await api.call('POST', '/v1/requests?crawl=limited', { body: urls });
  assert.deepEqual(json, {
    crawl: 'limited',
    accepted: 3,
    duplicates: 0,
    overLimit: 2,
    assumed: 0,
    rejected: [],
  });
  await api.call('DELETE', '/v1/crawls/limited');
  const anew = (await api.call('POST', '/v1/requests?crawl=limited', { body: urls })).json;
  assert.deepEqual([anew.accepted, anew.crawl], [5, 'limited.2']);
});

test('a call takes nothing from a crawl whose producer has died before it had offered everything: it can go on', async () => {
  const { call, fleet } = await serve();
  const settings = crawlSettings(defaultSettings);
  const list = { name: 'half', settings, seeds: 'list.txt' };
  await beginCrawl(fleet, { ...list, producer: 'dies' });
  assert.equal((await call('POST', '/v1/requests?crawl=half', { body: [] })).status, 200);
  await letCrawlGo(fleet, 'half', 'dies'); // as when its lease has run out
  assert.equal((await call('GET', '/v1/crawls/half')).json.state, 'finished');
  assert.deepEqual(await beginCrawl(fleet, { ...list, producer: 'again' }), { id: 'half', fresh: false });
});

test('a full frontier holds an upload back: nothing more of it is read until there is room', async () => {
  const api = await serve();
  const settings = { maxFrontier: 200 };
  await api.call('POST', '/v1/crawls', { body: { name: 'full', settings } });
  let offered = 0;
  async function* pieces() {
    for (; offered < 1_000_000; offered += 1000)
      yield Array.from(
        { length: 1000 },
        (_, n) => `{"url":"${page(offered + n)}","label":"${'x'.repeat(150)}"}\n`,
      ).join('');
  }
  const upload = api.call('POST', '/v1/requests?crawl=full', { body: pieces() });
  const waiting = async () => (await api.call('GET', '/v1/crawls/full')).json.waiting;
  let [before, looks] = [-1, 0];
  const isStill = async () => {
    looks = offered === before && (await waiting()) >= 200 ? looks + 1 : 0;
    before = offered;
    return looks === 20;
  };
  await until(isStill, { what: 'the upload to stand still', everyMs: 50, deadlineMs: 20_000 });
  assert.ok(offered < 100_000, `${offered} lines are on their way`);
  await api.call('DELETE', '/v1/crawls/full');
  const { status, json } = await upload;
  assert.deepEqual([status, json.code], [409, 'E_CRAWL_ENDED'], 'cancelled, it takes no more, and says so');
});

test('requests without a crawl never get into the crawl of somebody else', async () => {
  const api = await serve();
  const own = await api.call('POST', '/v1/crawls', { body: { name: 'api', url: page(1) } });
  assert.equal(own.status, 201);
  const given = await api.call('POST', '/v1/requests', { body: { url: page(2) } });
  assert.deepEqual(given.json, { crawl: 'api-requests', accepted: 1, ...none });
  assert.equal((await api.call('GET', '/v1/crawls/api')).json.accepted, 1);
  for (const name of ['api-requests', 'api-requests.2']) {
    const { status, json } = await api.call('POST', '/v1/crawls', { body: { name, url: page(3) } });
    assert.deepEqual([status, json.code, json.field], [400, 'E_FIELD', 'name'], name);
    assert.match(json.detail, /kept for requests that the API is given without a crawl/);
  }
});
