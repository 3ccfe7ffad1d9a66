// The directory of an identity as servers find it, and what drover identity check says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { DIRECTORY_PATH, DIRECTORY_TYPE } from '../../src/identity/directory.ts';
import type { OwnJwk } from '../../src/identity/keys.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { authorityFile, startSignedSite } from '../support/identity/site.ts';
import { BotVerifier, type ReceivedRequest } from '../support/identity/verifier.ts';
import { newNamespace } from '../support/producers.ts';

const fleets = openFleets();
const runnerFor = () =>
  openCommandRunner({
    NODE_EXTRA_CA_CERTS: authorityFile,
    REDIS_URL: fleets.url,
    DROVER_NAMESPACE: newNamespace(),
  });

interface Got {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const request = httpRequest(url, { headers, method }).end();
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

/** An https server that passes everything on, as the web server before drover does. */
async function startFront(t: test.TestContext, backend: () => string): Promise<string> {
  const pem = readFileSync(new URL('../support/site/certificates/good.pem', import.meta.url));
  const server = https.createServer({ key: pem, cert: pem }, (incoming, response) => {
    const { method, url, headers } = incoming;
    const passed = httpRequest(new URL(url ?? '/', backend()), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.writeHead(502).end());
    passed.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function init(runner: CommandRunner, agent: string): Promise<{ keyid: string; jwk: OwnJwk }> {
  const [made] = await runner.json<{ file: string; keyid: string }>(['identity', 'init', agent, '--json']);
  assert.ok(made);
  return { keyid: made.keyid, jwk: JSON.parse(await readFile(made.file, 'utf8')).keys[0] };
}

test('identity serve answers for directory and card, and check finds them through a web server', async (t) => {
  const runner = await runnerFor();
  let backend = 'http://127.0.0.1:1';
  const front = await startFront(t, () => backend);
  const { keyid, jwk } = await init(runner, front);
  const none = await runner.run(['identity', 'check']);
  assert.equal(none.code, 1, none.stdout + none.stderr);
  assert.match(none.stdout, /FAIL {2}directory at .*status 502/);

  const server = runner.start(['identity', 'serve', '--port', '0']);
  [, backend = ''] = /at (http:\S+);/.exec(await server.line(/serving/)) ?? [];
  for (const path of ['/', DIRECTORY_PATH]) {
    const { status, headers, body } = await get(backend + path, { host: 'cat.example' });
    assert.equal(status, 200);
    assert.equal(headers['content-type'], DIRECTORY_TYPE);
    assert.equal(JSON.parse(body).keys[0].kid, keyid);
    assert.ok(!body.includes(jwk.d));
    const again = await get(backend + path, { 'if-none-match': String(headers.etag) });
    assert.deepEqual([again.status, again.body], [304, '']);
  }
  assert.equal((await get(`${backend}/`, {}, 'HEAD')).body, '');
  assert.equal((await get(`${backend}/`, {}, 'POST')).status, 405);
  assert.equal((await get(`${backend}/identity.json`)).status, 404);
  const card = JSON.parse((await get(`${backend}/.well-known/signature-agent-card`)).body);
  assert.equal(card.client_id, `${front}/.well-known/signature-agent-card`);

  const found = await runner.run(['identity', 'check']);
  assert.equal(found.code, 0, found.stdout + found.stderr);
  assert.match(found.stdout, new RegExp(`signed by ${keyid}`));
  assert.match(found.stdout, /ok {4}a signed request: verified with the directory/);
  assert.ok(!found.stdout.includes('WARN'), found.stdout);
  server.kill('SIGTERM');
  assert.equal((await server.exit).code, 0);
});

test('drover serve answers for them too, under the host of the identity and without a token', async (t) => {
  const runner = await runnerFor();
  const { keyid } = await init(runner, 'https://bot.example.com');
  const server = runner.start(['serve', '--port', '0', '--processes', '0'], {
    env: { DROVER_API_TOKEN: 'a-token-of-sixteen' },
  });
  const [, api = ''] = /on (http:\S+) /.exec(await server.line(/listening/)) ?? [];
  t.after(() => server.kill('SIGKILL'));
  const host = { host: 'bot.example.com' };
  for (const path of [DIRECTORY_PATH, '/']) {
    const { status, headers, body } = await get(api + path, host);
    assert.equal(status, 200, body);
    assert.equal(headers['content-type'], DIRECTORY_TYPE);
    assert.equal(JSON.parse(body).keys[0].kid, keyid);
  }
  assert.match((await get(`${api}/`)).body, /<html/i);
  assert.equal((await get(`${api}/v1/crawls`, host)).status, 403);
  assert.equal((await get(`${api}/v1/crawls`)).status, 401);
});

test('show writes files for a web server, and not over others', async () => {
  const runner = await runnerFor();
  const { keyid, jwk } = await init(runner, 'https://bot.example.com');
  const site = runner.path('site');
  assert.equal((await runner.run(['identity', 'show', '-o', site])).code, 0);
  const directory = await readFile(`${site}${DIRECTORY_PATH}`, 'utf8');
  assert.equal(JSON.parse(directory).keys[0].kid, keyid);
  assert.equal(await readFile(`${site}/index.json`, 'utf8'), directory);
  for (const name of ['nginx.conf', '_headers']) {
    const text = await readFile(`${site}/${name}`, 'utf8');
    assert.match(text, /sig1=\("@authority";req "content-digest"\);created=/);
    assert.ok(!text.includes(jwk.d));
  }
  const again = await runner.run(['identity', 'show', '-o', site]);
  assert.match(again.stderr, /E_FILE_EXISTS/);
  assert.equal((await runner.run(['identity', 'show', '-o', site, '--overwrite'])).code, 0);
});

test('check sends a URL a signed request and explains what it answers', async (t) => {
  const runner = await runnerFor();
  const { keyid, jwk } = await init(runner, 'https://bot.example.com');
  const site = await startSignedSite(new BotVerifier({ [keyid]: jwk }));
  const stranger = await startSignedSite(new BotVerifier({}));
  t.after(() => Promise.all([site.close(), stranger.close()]));
  const good = await runner.run(['identity', 'check', `${site.origin}/moved`]);
  assert.equal(good.code, 0, good.stdout + good.stderr);
  assert.match(good.stdout, /ok {4}GET \S+\/moved, status 302: signed: sig1=/);
  assert.match(good.stdout, /answer 200: let in/);
  assert.ok(site.visits.every(({ verdict }) => 'keyid' in verdict));
  const bad = await runner.run(['identity', 'check', `${stranger.origin}/`, '--ignore-robots']);
  assert.equal(bad.code, 1, bad.stdout + bad.stderr);
  assert.match(
    bad.stdout,
    /answer 403: it asks for another signature \(Accept-Signature sig1: @authority with nonce\)/,
  );
  const plain = await runner.run(['identity', 'check', 'http://127.0.0.1:1/']);
  assert.match(plain.stderr, /signs https alone/);
});

test('check verifies a request that a server has received, and says what is wrong with it', async (t) => {
  const runner = await runnerFor();
  const { keyid, jwk } = await init(runner, 'https://bot.example.com');
  const site = await startSignedSite(new BotVerifier({ [keyid]: jwk }));
  t.after(() => site.close());
  await runner.run(['identity', 'check', `${site.origin}/a?b=1`]);
  const visit = site.visits.find(({ request }) => request.path === '/a?b=1');
  assert.ok(visit);
  const check = (text: string, ...args: string[]) =>
    runner.run(['identity', 'check', '--request', '-', ...args], { input: text });
  const good = await check(textOf(visit.request));
  assert.equal(good.code, 0, good.stdout + good.stderr);
  assert.match(good.stdout, new RegExp(`signed by https://bot.example.com with ${keyid}`));
  assert.match(good.stdout, /ok {4}Signature-Agent: as in draft-01/);
  const curl = textOf(visit.request).replace(/^/gm, '> ');
  assert.equal((await check(`* Connected\n${curl}< HTTP/1.1 403 Forbidden\n`)).code, 0);
  const cases: [string, string, RegExp, ...string[]][] = [
    ['another path', textOf({ ...visit.request, path: '/b' }), /not of this request \(status 403\)/],
    ['late', textOf(visit.request), /expired \d+ s ago/, '--at', '2126-01-01T00:00:00Z'],
    ['early', textOf(visit.request), /in the future/, '--at', '2026-01-01T00:00:00Z'],
    ['unsigned', 'GET / HTTP/1.1\nHost: example.com\n', /is not signed \(status 401\)/],
  ];
  for (const [what, text, says, ...args] of cases) {
    const { code, stdout, stderr } = await check(text, ...args);
    assert.equal(code, 1, `${what}: ${stdout}${stderr}`);
    assert.match(stdout, says, what);
  }
  const keys = runner.path('keys.json');
  await writeFile(keys, '{"keys": []}');
  const unknown = await check(textOf(visit.request), '--directory', keys);
  assert.match(unknown.stdout, /The directory has no key/);
  const odd = await check('hello');
  assert.equal(odd.code, 2);
  assert.match(odd.stderr, /does not begin with a line such as GET/);
});

function textOf({ method, path, headers }: ReceivedRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}
