// Users, passwords and tokens of --credentials: sent to their origin and to no other, asked for anew when
// they have run out, and nowhere to be read afterwards.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { credentialsOf } from '../../src/fetch/credentials/credentials.ts';
import { recordsOf } from '../support/crawls.ts';
import { type GuardedOptions, startGuardedSite } from '../support/credentials/guarded-site.ts';
import { answered, closing, failed, fetcherFor, requestTo } from '../support/fetching.ts';
import { openFleets } from '../support/fleets.ts';
import { temporaryFile } from '../support/temporary.ts';

const login = { user: 'Jäsøn "Doe"', password: 'Secret, or not?' };
const fleets = openFleets();

const open = async (t: TestContext, options: Partial<GuardedOptions> = {}) =>
  closing(t, await startGuardedSite({ ...login, ...options }));

async function fetcherWith(t: TestContext, entries: readonly object[]) {
  const credentials = await temporaryFile('credentials.json', JSON.stringify(entries));
  return fetcherFor(t, { credentials: credentialsOf({ credentials }) });
}

for (const algorithm of ['MD5', 'SHA-256', 'SHA-512-256', 'MD5-sess', 'SHA-256-sess'] as const)
  test(`digest with ${algorithm}: one challenge is answered, and then no more are needed`, async (t) => {
    const { origin, requests } = await open(t, { algorithm, userhash: true });
    const fetcher = await fetcherWith(t, [{ origin, type: 'digest', ...login }]);
    for (const path of ['/digest/a?b="c"', '/digest/b', '/digest/c'])
      assert.equal(answered(await fetcher.fetch(requestTo(`${origin}${path}`))).status, 200);
    assert.deepEqual(
      requests.map(({ status }) => status),
      [401, 200, 200, 200],
    );
  });

test('a nonce that is stale is replaced, and the next one that an answer names is used', async (t) => {
  const stale = await open(t, { perNonce: 2, user: 'plain' });
  const of = { type: 'digest', ...login, user: 'plain' };
  const fetcher = await fetcherWith(t, [{ origin: stale.origin, ...of }]);
  for (let n = 0; n < 5; n++)
    assert.equal(answered(await fetcher.fetch(requestTo(`${stale.origin}/digest/${n}`))).status, 200);
  assert.deepEqual(
    stale.requests.map(({ status }) => status),
    [401, 200, 200, 401, 200, 200, 401, 200],
  );
  const next = await open(t, { perNonce: 1, namesNext: true, user: 'plain' });
  const second = await fetcherWith(t, [{ origin: next.origin, ...of }]);
  for (let n = 0; n < 4; n++)
    assert.equal(answered(await second.fetch(requestTo(`${next.origin}/digest/${n}`))).status, 200);
  assert.deepEqual(
    next.requests.map(({ status }) => status),
    [401, 200, 200, 200, 200],
  );
});

test('a login that is refused is recorded as 401, and asked for once', async (t) => {
  const { origin, requests } = await open(t);
  const fetcher = await fetcherWith(t, [{ origin, type: 'digest', ...login, password: 'wrong' }]);
  for (let n = 0; n < 3; n++)
    assert.equal(answered(await fetcher.fetch(requestTo(`${origin}/digest/${n}`))).status, 401);
  assert.equal(requests.length, 4, 'the challenge, and then one request for each page');
  const basic = await fetcherWith(t, [{ origin, type: 'basic', user: 'u', password: 'wrong' }]);
  assert.equal(answered(await basic.fetch(requestTo(`${origin}/basic/`))).status, 401);
  assert.equal(requests.length, 5);
});

test('the second request waits for its start as every hop does, and may be refused one', async (t) => {
  const { origin, requests } = await open(t);
  const fetcher = await fetcherWith(t, [{ origin, type: 'digest', ...login }]);
  const hops: (string | null)[] = [];
  const beforeHop = async ({ url }: { url: string }, redirect: object | null) => {
    hops.push(`${new URL(url).pathname} ${redirect === null}`);
    return null;
  };
  answered(await fetcher.fetch(requestTo(`${origin}/digest/a`, { beforeHop })));
  assert.deepEqual(hops, ['/digest/a true']);
  const other = await fetcherWith(t, [{ origin, type: 'digest', ...login }]);
  const { failure } = await import('../../src/errors.ts');
  const no = async () => failure('E_RATE_LIMITED');
  failed(await other.fetch(requestTo(`${origin}/digest/a`, { beforeHop: no })), 'E_RATE_LIMITED');
  assert.equal(requests.length, 3);
});

test('credentials stay at their origin: not to other hosts, ports or after redirects; the own header comes first', async (t) => {
  const one = await open(t);
  const two = await open(t);
  const entry = { origin: one.origin, type: 'basic', ...login };
  const fetcher = await fetcherWith(t, [entry]);
  const there = encodeURIComponent(`${two.origin}/basic/there`);
  assert.equal(answered(await fetcher.fetch(requestTo(`${one.origin}/basic/?to=${there}`))).status, 401);
  const named = encodeURIComponent(`http://localhost:${one.port}/basic/named`);
  assert.equal(answered(await fetcher.fetch(requestTo(`${one.origin}/basic/?to=${named}`))).status, 401);
  const back = encodeURIComponent(`${one.origin}/basic/back`);
  assert.equal(answered(await fetcher.fetch(requestTo(`${two.origin}/?to=${back}`))).status, 200);
  const sent = [...one.requests, ...two.requests].filter(({ authorization }) => authorization !== null);
  assert.deepEqual(
    sent.map(({ host, path }) => `${host}${path.replace(/\?.*/, '')}`),
    [`127.0.0.1:${one.port}/basic/`, `127.0.0.1:${one.port}/basic/`, `127.0.0.1:${one.port}/basic/back`],
  );
  const own = { headers: { Authorization: 'Basic own' } };
  assert.equal(answered(await fetcher.fetch(requestTo(`${one.origin}/basic/own`, own))).status, 401);
  assert.equal(one.requests.at(-1)?.authorization, 'Basic own');
});

test('a hook gives the first token and a fresh one when it has run out; its failure is no answer of the server', async (t) => {
  const site = await open(t);
  const { origin } = site;
  const refresh = await temporaryFile(
    'token.mjs',
    `let calls = 0;
    export default ({ origin }) => (origin === '${origin}' ? ['first-token', 'second-token'][calls++] : '');`,
  );
  const fetcher = await fetcherWith(t, [{ origin, type: 'bearer', token: 'given', refresh }]);
  const get = async (path: string) =>
    answered(await fetcher.fetch(requestTo(`${origin}/bearer/${path}`))).status;
  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(get)), [200, 200, 200]);
  const bad = await temporaryFile('bad.mjs', 'export default () => { throw new Error("away"); };');
  const without = await fetcherWith(t, [{ origin, type: 'bearer', refresh: bad }]);
  const { message } = failed(await without.fetch(requestTo(`${origin}/bearer/d`)), 'E_CREDENTIALS');
  assert.match(message, /bad\.mjs: away/);
  assert.ok(!site.requests.some(({ path }) => path === '/bearer/d'), 'nothing was sent without a token');
});

test('a crawl behind a login, its handlers on threads included; no secret is in Redis, records, logs or archives', async (t) => {
  const site = await open(t, { perNonce: 15, user: 'crawler', password: 'pa55-w0rd' });
  const { origin } = site;
  const { runner } = await fleets.open({ SITE_PASSWORD: 'pa55-w0rd' });
  const file = runner.path('credentials.json');
  const entry = { origin, type: 'digest', user: 'crawler', passwordEnv: 'SITE_PASSWORD' };
  await writeFile(file, JSON.stringify([entry]));
  const handler = runner.path('handler.mjs');
  await writeFile(
    handler,
    `export default { name: 'asks', blocking: true, follow: true, async run({ page, fetch, emit }) {
      if (page.url.endsWith('/p7')) emit({ status: (await fetch('/digest/more')).status });
    } };`,
  );
  const out = runner.path('out.jsonl');
  const { code, stdout, stderr } = await runner.run([
    ...['crawl', `${origin}/digest/links/40`, '-o', out, '--crawl', 'c', '--per-host', '4'],
    ...['--credentials', file, '--handler', handler, '--warc', runner.path('warc'), '--log-level', 'debug'],
  ]);
  assert.equal(code, 0, stderr);
  const records = await recordsOf(out);
  assert.equal(records.length, 41);
  assert.ok(records.every(({ status, attempts }) => status === 200 && attempts === 1));
  assert.deepEqual(records.find(({ url }) => url.endsWith('/p7'))?.items, [
    { handler: 'asks', item: { status: 200 } },
  ]);
  const challenged = site.requests.filter(({ status }) => status === 401).length;
  assert.ok(
    challenged >= 1 && challenged <= 16,
    `${challenged} challenges for ${site.requests.length} requests`,
  );

  const responses = site.requests.flatMap(({ authorization }) => {
    const [, response] = /response="(\w+)"/.exec(authorization ?? '') ?? [];
    return response === undefined ? [] : [response];
  });
  assert.ok(responses.length >= 42);
  const secrets = ['pa55-w0rd', ...responses];
  const texts = new Map([['output', stdout + stderr]]);
  for (const name of await readdir(runner.dir, { recursive: true })) {
    const bytes = await readFile(join(runner.dir, name)).catch(() => null);
    if (bytes) texts.set(name, (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1'));
  }
  assert.ok([...texts.keys()].some((name) => name.endsWith('.warc.gz')));
  for (const key of await fleets.redis.keys('*')) {
    const dump = await fleets.redis.dumpBuffer(key);
    if (dump) texts.set(`Redis ${key}`, dump.toString('latin1'));
  }
  const found = [...texts].filter(([, text]) => secrets.some((secret) => text.includes(secret)));
  assert.deepEqual(
    found.map(([name]) => name),
    [],
  );
});

test('a file that cannot be used ends the command, and a hook that fails makes requests wait', async (t) => {
  const { runner } = await fleets.open();
  const crawl = ['crawl', 'http://127.0.0.1:9/', '--credentials'];
  const missing = await runner.run([...crawl, runner.path('none.json')]);
  assert.notEqual(missing.code, 0);
  assert.match(missing.stderr, /none\.json: there is no such file.*\n.*E_FILE/s);
  const { origin, requests } = await open(t);
  await writeFile(runner.path('bad.mjs'), 'export default () => { throw new Error("the hook is away"); };');
  const entries = JSON.stringify([{ origin, type: 'bearer', refresh: 'bad.mjs' }]);
  await writeFile(runner.path('c.json'), entries);
  const waits = runner.start([
    ...['crawl', `${origin}/bearer/a`, '--credentials', runner.path('c.json'), '--ignore-robots'],
  ]);
  await waits.line(/E_CREDENTIALS/);
  waits.kill('SIGINT');
  await waits.exit;
  assert.match(waits.stderr(), /the hook is away/);
  assert.equal(requests.length, 0);
});
