// Who may call the API: tokens, sessions, names of the server, pages of other sites; and where it refuses to
// listen.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'node:test';
import { READ_TOKEN, sharedApi, startApi, WRITE_TOKEN } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();
const OTHER_TOKEN = 'other-0123456789abcdef';
const environment = { DROVER_API_TOKEN: `${WRITE_TOKEN},ro:${READ_TOKEN},${OTHER_TOKEN}` };
const one = { url: 'http://example.com/' };
/** Of the test's own: whoever is answered 401 too often is let wait. */
const lockedApi = async () => startApi(await fleets.open(environment));
const openApi = sharedApi(fleets, ['--allow-host', 'drover.example.com']);

/** Every kind of route that needs a token: reads, writes, streams, the raw queues, what there is not. */
const closed: [method: string, path: string][] = [
  ...(['/v1/crawls', '/v1/dead', '/v1/hosts', '/v1/stats', '/v1/events', '/v1/replays'] as const).map(
    (path): [string, string] => ['GET', path],
  ),
  ['GET', '/metrics'],
  ['GET', '/queues'],
  ['GET', '/queues/api/queues'],
  ['GET', '/v1/nothing'],
  ['POST', '/v1/requests'],
  ['POST', '/v1/crawls'],
  ['DELETE', '/v1/crawls/c'],
  ['PUT', '/v1/crawls'],
];

test('without a token, or with a wrong one, every route answers 401; a token that only reads is answered 403 for what writes', async () => {
  const locked = await lockedApi();
  const writes = closed.filter(([method]) => method !== 'GET');
  for (const [method, path] of closed) {
    const problem = await locked.refused(401, 'E_AUTH', method, path, method === 'POST' ? { body: one } : {});
    assert.match(problem.headers['www-authenticate'] ?? '', /^Bearer/);
  }
  await locked.refused(401, 'E_AUTH', 'GET', '/v1/crawls', { token: `${WRITE_TOKEN}x` });
  for (const [method, path] of writes)
    await locked.refused(403, 'E_FORBIDDEN', method, path, { token: READ_TOKEN });
  assert.equal((await locked.call('GET', '/v1/crawls', { token: READ_TOKEN })).status, 200);
  assert.equal((await locked.call('POST', '/v1/requests', { token: WRITE_TOKEN, body: one })).status, 200);
});

test('any of several tokens is taken; other schemes, the token with its mark, or in the query are not', async () => {
  const locked = await lockedApi();
  for (const token of [WRITE_TOKEN, OTHER_TOKEN, READ_TOKEN])
    assert.equal((await locked.call('GET', '/v1/crawls', { token })).status, 200);
  const wrong = [
    `Basic ${Buffer.from(`drover:${WRITE_TOKEN}`).toString('base64')}`,
    `Bearer ro:${READ_TOKEN}`,
    `Bearer ${WRITE_TOKEN}, Bearer ${OTHER_TOKEN}`,
    'Bearer',
    WRITE_TOKEN,
  ];
  for (const authorization of wrong)
    await locked.refused(401, 'E_AUTH', 'GET', '/v1/crawls', { headers: { authorization } });
  await locked.refused(401, 'E_AUTH', 'GET', `/v1/crawls?token=${WRITE_TOKEN}`);
});

test('what is open tells nothing of crawls: the health of the server, its description, the dashboard', async () => {
  const locked = await lockedApi();
  const open = await openApi();
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/', '/v1/session'])
    assert.equal((await locked.call('GET', path)).status, 200, path);
  assert.deepEqual((await locked.call('GET', '/v1/session')).json, { required: true, role: null });
  assert.deepEqual((await open.call('GET', '/v1/session')).json, { required: false, role: 'write' });
});

test('a session: the token once, then a cookie that no script reads; it has the role of its token, and cannot be forged', async () => {
  const locked = await lockedApi();
  const cookieOf = async (token: string) => {
    const { status, headers } = await locked.call('POST', '/v1/session', { body: { token } });
    assert.equal(status, 204);
    const [cookie = ''] = headers['set-cookie'] ?? [];
    assert.match(cookie, /; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    assert.ok(!cookie.includes(token));
    return cookie.split(';', 1)[0] ?? '';
  };
  const [write, read] = [await cookieOf(WRITE_TOKEN), await cookieOf(READ_TOKEN)];
  const body = one;
  assert.equal((await locked.call('POST', '/v1/requests', { headers: { cookie: write }, body })).status, 200);
  await locked.refused(403, 'E_FORBIDDEN', 'POST', '/v1/requests', { headers: { cookie: read }, body });
  assert.equal((await locked.call('GET', '/v1/session', { headers: { cookie: read } })).json.role, 'read');
  const later = write.replace(/=(\d+)/, (_, expires: string) => `=${Number(expires) + 1}`);
  for (const cookie of [later, `${write}x`, 'drover_session=1.', 'drover_session=Infinity.x'])
    await locked.refused(401, 'E_AUTH', 'GET', '/v1/crawls', { headers: { cookie } });
  await locked.refused(401, 'E_AUTH', 'POST', '/v1/session', { body: { token: `${WRITE_TOKEN}x` } });
  const { headers } = await locked.call('DELETE', '/v1/session', { headers: { cookie: write } });
  assert.match(headers['set-cookie']?.[0] ?? '', /^drover_session=;.*Max-Age=0$/);
});

test('the server is called by its own names only, whatever a page was served under (DNS rebinding)', async () => {
  const open = await openApi();
  const { port } = open;
  const own = [`127.0.0.1:${port}`, '127.0.0.1', `LOCALHOST:${port}`, 'localhost', '[::1]', '10.1.2.3:80'];
  for (const host of [...own, 'drover.example.com', `drover.example.com:${port}`])
    assert.equal((await open.call('GET', '/v1/crawls', { headers: { host } })).status, 200, host);
  const foreign = [
    'evil.example',
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    'localhost.evil.example',
  ];
  const odd = ['localhost@evil.example', '127.0.0.1:80:80', '127.0.0.1:x', '[::1', 'a[::1]', '.', '*'];
  for (const host of [...foreign, ...odd]) {
    const problem = await open.refused(403, 'E_ORIGIN', 'GET', '/v1/crawls', { headers: { host } });
    assert.equal(problem.field, 'headers.host');
    // No route is an exception: neither those that are open nor those that there are not.
    for (const path of ['/', '/healthz', '/v1/session', '/queues', '/nothing', '/%zz', '/v1/crawls/%ff'])
      await open.refused(403, 'E_ORIGIN', 'GET', path, { headers: { host } });
  }
});

test('a page of another origin gets nothing: by Origin, by Sec-Fetch-Site; its own pages do, and so do links to it', async () => {
  const open = await openApi();
  const { port, url } = open;
  const refusedWith = async (headers: Record<string, string>, method = 'POST', path = '/v1/requests') => {
    const body = method === 'POST' ? one : undefined;
    return open.refused(403, 'E_ORIGIN', method, path, { headers, body });
  };
  const foreign = [
    ...['https://evil.example', 'null', `http://127.0.0.1:${port + 1}`, `http://localhost:${port}`],
    ...[`http://127.0.0.1:${port}.evil.example`, 'file://', `chrome-extension://${'a'.repeat(32)}`, '*'],
  ];
  for (const origin of foreign) assert.equal((await refusedWith({ origin })).field, 'headers.origin', origin);
  await refusedWith({ origin: 'https://evil.example' }, 'GET', '/v1/events');
  await refusedWith({ 'sec-fetch-site': 'cross-site' });
  await refusedWith({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 'GET', '/v1/crawls');
  await refusedWith({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }); // a form
  // What a form can send without asking is no kind of body that is taken.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
    await open.refused(415, 'E_MEDIA_TYPE', 'POST', '/v1/requests', {
      headers: { 'content-type': type },
      body: JSON.stringify(one),
    });
  const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
  const refusal = await open.call('OPTIONS', '/v1/requests', { headers: preflight });
  assert.equal(refusal.status, 403);
  assert.ok(!Object.keys(refusal.headers).some((name) => name.startsWith('access-control-')));
  const own = { headers: { origin: url, 'sec-fetch-site': 'same-origin' }, body: one };
  assert.equal((await open.call('POST', '/v1/requests', own)).status, 200);
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  const page = await open.call('GET', '/', { headers: link });
  assert.equal(page.status, 200);
  for (const reply of [page, await open.call('GET', '/v1/crawls'), refusal]) {
    assert.match(String(reply.headers['content-security-policy']), /frame-ancestors 'none'/);
    assert.equal(reply.headers['x-content-type-options'], 'nosniff');
    assert.equal(reply.headers['cross-origin-resource-policy'], 'same-origin');
  }
});

test('guessing tokens is limited, wherever they are shown; who has one is not kept out', async () => {
  const locked = await lockedApi();
  const guess = (path: string, token: string) => locked.call('GET', path, { token });
  const statuses = new Set<number>();
  for (let n = 0; n < 30; n++) statuses.add((await guess('/v1/crawls', `guess-${n}-0123456789`)).status);
  assert.deepEqual([...statuses], [401, 429]);
  const problem = await locked.refused(429, 'E_TOO_MANY', 'GET', '/v1/crawls', {
    token: 'guess-0123456789abc',
  });
  assert.ok(Number(problem.headers['retry-after']) >= 1);
  await locked.refused(429, 'E_TOO_MANY', 'GET', '/v1/session', { token: 'guess-0123456789abc' });
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      locked.call('POST', '/v1/session', { body: { token: `guess-${n}-0123456789` } }),
    ),
  );
  assert.ok(answers.some(({ status }) => status === 429));
  assert.equal((await guess('/v1/crawls', WRITE_TOKEN)).status, 200);
  assert.equal((await guess('/v1/session', WRITE_TOKEN)).json.role, 'write');
});

test('whoever calls too often is told when to come again; other routes still answer', async () => {
  const open = await startApi(await fleets.open());
  const flood = async (path: string, times: number) => {
    const statuses: number[] = [];
    for (let n = 0; n < times; n += 50) {
      const some = Array.from({ length: 50 }, () => open.call('GET', path));
      statuses.push(...(await Promise.all(some)).map(({ status }) => status));
    }
    return statuses;
  };
  const statuses = await flood('/v1/hosts', 300);
  assert.equal(statuses.filter((status) => status === 200).length, 200);
  assert.equal(statuses.filter((status) => status === 429).length, 100);
  const { headers } = await open.refused(429, 'E_TOO_MANY', 'GET', '/v1/hosts');
  assert.ok(Number(headers['retry-after']) >= 1 && Number(headers['retry-after']) <= 10);
  for (const path of ['/v1/crawls', '/healthz', '/v1/dead'])
    assert.equal((await open.call('GET', path)).status, 200);
});

test('beyond loopback it does not listen without a token, nor where another does; a token is fit for its purpose', async () => {
  const { runner } = await fleets.open();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const fails = async (code: string, args: string[], env: Record<string, string> = {}) => {
    const ended = await runner.run(['serve', '--processes', '0', '--port', '0', ...args], { env });
    assert.equal(ended.code, 2, ended.stderr);
    assert.ok(ended.stderr.includes(`(${code})`), ended.stderr);
    return ended.stderr;
  };
  const results = await Promise.all([
    ...['0.0.0.0', '::', '192.0.2.1'].map((host) => fails('E_OPEN_DOOR', ['--host', host])),
    fails('E_LISTEN', ['--port', String(port)]),
    fails('E_SETTING', [], { DROVER_API_TOKEN: 'short' }),
  ]);
  taken.close();
  assert.ok(!results.at(-1)?.includes('short'), 'a token is not shown, not even a wrong one');
  const wide = await startApi(await fleets.open(environment), ['--host', '0.0.0.0']);
  await wide.refused(401, 'E_AUTH', 'GET', '/v1/crawls');
  assert.equal((await wide.call('GET', '/v1/crawls', { token: READ_TOKEN })).status, 200);
});
