// Every way in which a fetch can fail, in one crawl of a list with one URL for each: its records and its dead
// letters. The failures by themselves are tested in fetch-*.test.ts.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { catalogue, type ErrorCode, type Layer } from '../../src/errors.ts';
import type { DeadLetter } from '../../src/queue/dead-letters.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { startNameServer } from '../support/name-server.ts';
import {
  answerOf,
  type RawServer,
  startBomb,
  startDripOfBody,
  startDripOfHeaders,
  startFloodOfHeaders,
  startNeverAnswering,
  startRaw,
  startRedirecting,
  startRefusing,
  startResetting,
  startSending,
  startSendingAndClosing,
  startSilentConnect,
} from '../support/site/hostile.ts';
import { startTls, startTlsSilent } from '../support/site/hostile-tls.ts';

/** How it must end. 'dead after retries': after both attempts; 'recorded': a retry would change nothing. */
type End = 'dead at once' | 'dead after retries' | 'recorded';
type Server = { url: string; close(): unknown };
type Trouble = [what: string, code: ErrorCode, end: End, start: () => Promise<Server>];

const ATTEMPTS = 2;
/** Short where a row waits for it, but such that a busy machine does not run into it elsewhere. */
const limits = {
  '--timeout-dns': '1000',
  '--timeout-connect': '1500',
  '--timeout-tls': '1500',
  '--timeout-response': '1500',
  '--timeout-read': '1500',
  '--timeout-request': '2500',
  '--max-bytes': '1MiB',
  '--max-redirects': '3',
  '--max-postponed': '500',
};

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n';
const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`;

/** A URL that no server stands behind. */
const nowhere = (url: string) => async (): Promise<Server> => ({ url, close: () => undefined });
function answering(status: string, headers: Record<string, string> = {}) {
  return () => startSending(answerOf(status, headers, status));
}
const coded = (coding: string) => answering('200 OK', { 'Content-Encoding': coding });
/** It speaks no TLS. */
const startPlain = async (): Promise<Server> => {
  const greet = (socket: Socket) => socket.once('data', () => socket.write('HTTP/1.1 400 Bad\r\n\r\n'));
  const server = await startRaw(() => undefined, greet);
  return { url: server.url.replace('http:', 'https:'), close: server.close };
};
/** A server of the own network: no URL of the list names it, a redirect leads there. */
let secret: RawServer;
const startLeadingInside = () => startSending(answerOf('', { Location: `${secret.url}admin` }, '302 Found'));

// biome-ignore format: one line a row
const troubles: Trouble[] = [
  ['a name that does not exist', 'E_DNS_NOT_FOUND', 'dead at once', nowhere('http://missing.test/')],
  ['a name server that fails', 'E_DNS_TEMPORARY', 'dead after retries', nowhere('http://servfail.test/')],
  ['a silent name server', 'E_DNS_TIMEOUT', 'dead after retries', nowhere('http://silent.test/')],
  ['a name of the public DNS with a private address', 'E_SSRF', 'dead at once', nowhere('http://inside.example.com/')],
  ['a redirect into the own network', 'E_SSRF', 'dead at once', startLeadingInside],
  ['a redirect to a port of another service', 'E_PORT', 'dead at once', answering('301 Moved', { Location: 'http://a.test:6000/' })],
  ['a refused connection', 'E_CONNECT_REFUSED', 'dead after retries', startRefusing],
  // The broadcast address of loopback: TCP has no way there.
  ['an address without a way', 'E_CONNECT_UNREACHABLE', 'dead after retries', nowhere('http://127.255.255.255/')],
  ['a port that does not accept', 'E_CONNECT_TIMEOUT', 'dead after retries', startSilentConnect],
  ['a reset', 'E_RESET', 'dead after retries', startResetting],
  ['plain HTTP where TLS was expected', 'E_TLS', 'dead at once', startPlain],
  ['a handshake that hangs', 'E_TLS_TIMEOUT', 'dead after retries', startTlsSilent],
  ['an expired certificate', 'E_TLS_EXPIRED', 'dead at once', () => startTls('expired')],
  ['a self-signed certificate', 'E_TLS_SELF_SIGNED', 'dead at once', () => startTls('self-signed')],
  ['a certificate of another name', 'E_TLS_WRONG_NAME', 'dead at once', () => startTls('wrong-name')],
  ['a server that says nothing', 'E_RESPONSE_TIMEOUT', 'dead after retries', startNeverAnswering],
  ['headers that drip for ever', 'E_RESPONSE_TIMEOUT', 'dead after retries', () => startDripOfHeaders(50)],
  ['headers that flood for ever', 'E_HEADERS_TOO_LARGE', 'dead at once', startFloodOfHeaders],
  ['what is not HTTP', 'E_PROTOCOL', 'dead at once', () => startSending('220 mail.example ESMTP\r\n')],
  ['two lengths that differ', 'E_PROTOCOL', 'dead at once', () => startSending(`${head}Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello`)],
  ['status 404', 'E_HTTP_4XX', 'recorded', answering('404 Not Found')],
  ['status 304', 'E_HTTP_STATUS', 'recorded', () => startSending('HTTP/1.1 304 Not Modified\r\n\r\n')],
  ['status 403, with --dead-on 403', 'E_HTTP_DEAD_STATUS', 'dead at once', answering('403 Forbidden')],
  ['a challenge with status 403, with --dead-on 403', 'E_HTTP_DEAD_STATUS', 'dead at once', answering('403 Forbidden', { 'cf-mitigated': 'challenge' })],
  ['a challenge with status 202', 'E_CHALLENGE', 'recorded', answering('202 Accepted', { 'x-amzn-waf-action': 'challenge' })],
  ['status 402', 'E_PAYMENT', 'recorded', answering('402 Payment Required')],
  ['status 401 that asks for a licence', 'E_LICENSE', 'recorded', answering('401 Unauthorized', { 'WWW-Authenticate': 'License' })],
  ['status 408', 'E_HTTP_RETRY', 'dead after retries', answering('408 Request Timeout')],
  ['status 500', 'E_HTTP_5XX', 'dead after retries', answering('500 Broken')],
  ['a pause beyond --max-postponed', 'E_RATE_LIMITED', 'dead at once', answering('429 Slow', { 'Retry-After': '60' })],
  ['a redirect loop', 'E_REDIRECT_LOOP', 'dead at once', () => startRedirecting('302 Found')],
  ['a redirect to ftp:', 'E_REDIRECT_INVALID', 'dead at once', answering('301 Moved', { Location: 'ftp://a.test/' })],
  ['a body that stops', 'E_READ_TIMEOUT', 'dead after retries', () => startSending(`${head}Content-Length: 10\r\n\r\nhello`)],
  ['a body that drips for ever', 'E_REQUEST_TIMEOUT', 'dead after retries', () => startDripOfBody(50)],
  ['half a body', 'E_BODY_TRUNCATED', 'dead after retries', () => startSendingAndClosing(`${head}Content-Length: 10\r\n\r\nhello`)],
  ['malformed chunks', 'E_BODY_CHUNKING', 'dead after retries', () => startSending(`${chunked}ZZZ\r\n`)],
  ['text that says it is gzip', 'E_BODY_ENCODING', 'dead at once', coded('gzip')],
  ['a coding that nobody knows', 'E_BODY_CODING', 'dead at once', coded('dcb')],
  ['a bomb', 'E_TOO_LARGE', 'dead at once', startBomb],
];

/** A crawl that does not end must not hang the suite. */
const patience = { timeout: 60_000 };

let runner: CommandRunner;
let urls: string[] = [];
let records: Map<string, CrawlRecord>;
let letters: Map<string, DeadLetter>;
let exitCode: number | null;
const opened: { close(): unknown }[] = [];

after(() => Promise.all(opened.map((each) => each.close())));

before(async () => {
  secret = await startSending(answerOf('secret'));
  const names = await startNameServer((name) => {
    if (name === 'inside.example.com') return { addresses: ['127.0.0.1'] };
    return name === 'silent.test' ? 'silent' : name === 'servfail.test' ? 'servfail' : 'nxdomain';
  });
  opened.push(secret, names);
  runner = await openCommandRunner({
    NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('../support/site/certificates/ca.pem', import.meta.url)),
  });
  for (const [, , , start] of troubles) {
    const server = await start();
    opened.push(server);
    urls.push(server.url);
  }
  urls = urls.map((url) => new URL(url).href);
  ({ code: exitCode } = await crawl('all', urls, [
    '--ignore-robots',
    ...['--dead-on', '403', '--dns-server', names.address],
    ...Object.entries(limits).flat(),
  ]));
  records = byUrl(await runner.results('all'));
  letters = byUrl(await lettersOf('all'));
}, patience);

async function crawl(name: string, list: string[], args: string[]) {
  await writeFile(runner.path(`${name}.txt`), list.map((url) => `${url}\n`).join(''));
  const common = [
    '--crawl',
    name,
    '--depth',
    '0',
    '--attempts',
    String(ATTEMPTS),
    '--backoff',
    '20',
    '--quiet',
  ];
  return runner.run(['crawl', runner.path(`${name}.txt`), ...common, ...args]);
}

async function lettersOf(name: string): Promise<DeadLetter[]> {
  const { stdout } = await runner.run(['dead', 'list', name, '--json', '--limit', '1000']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as DeadLetter);
}

const byUrl = <T extends { url: string }>(each: T[]) => new Map(each.map((one) => [one.url, one]));

function assertDead(
  record: CrawlRecord | undefined,
  letter: DeadLetter | undefined,
  code: ErrorCode,
  attempts: number,
) {
  assert.deepEqual(
    [record?.ok, record?.error?.code, record?.error?.layer, record?.attempts],
    [false, code, catalogue[code].layer, attempts],
    record?.error?.message,
  );
  assert.deepEqual(
    [letter?.code, letter?.attempts, letter?.message],
    [code, attempts, record?.error?.message],
  );
}

for (const [index, [what, code, end]] of troubles.entries()) {
  test(`${what}: ${code}, ${end}`, () => {
    const url = urls[index] ?? '';
    const [record, letter] = [records.get(url), letters.get(url)];
    if (end !== 'recorded') return assertDead(record, letter, code, end === 'dead at once' ? 1 : ATTEMPTS);
    assert.deepEqual([record?.ok, record?.error?.code, record?.attempts], [false, code, 1]);
    assert.equal(letter, undefined, 'it is no dead letter');
  });
}

test('each URL has one record, each dead one a letter; the numbers add up, and the exit code tells', async () => {
  const dead = troubles.filter(([, , end]) => end !== 'recorded').length;
  assert.equal(exitCode, 1);
  assert.equal(records.size, troubles.length);
  assert.equal(letters.size, dead);
  const counts = await runner.status('all');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.dead, counts.recorded], ['finished', dead, troubles.length - dead]);
  const ended = Object.values(counts.errors).reduce((sum, count) => sum + count, 0);
  assert.equal(ended, troubles.length, 'every error is counted under its code');
});

test('nothing connected to the server inside', () => assert.equal(secret.connections.accepted, 0));

test('there is a row for every error of a fetch', () => {
  const layers: Layer[] = [
    'guard',
    'dns',
    'connect',
    'tls',
    'send',
    'response',
    'read',
    'request',
    'http',
    'body',
  ];
  const codes = (Object.keys(catalogue) as ErrorCode[]).filter((code) =>
    layers.includes(catalogue[code].layer),
  );
  // The buffers of loopback take any body of a request (1 MiB at most): see fetch-timeouts.test.ts. Sessions
  // are logged in in login.test.ts.
  const elsewhere: ErrorCode[] = ['E_SEND_TIMEOUT', 'E_LOGIN'];
  const shown = new Set([...troubles.map(([, code]) => code), ...elsewhere]);
  assert.deepEqual(
    codes.filter((code) => !shown.has(code)),
    [],
  );
});

test(
  'with robots.txt asked for, the cause keeps its own code, and a robots.txt that fails is a dead letter',
  patience,
  async (t) => {
    const refusing = await startRefusing();
    const failing = await startRaw((socket, request) =>
      socket.write(answerOf('', {}, request.startsWith('GET /robots.txt') ? '500 Broken' : '200 OK')),
    );
    t.after(() => failing.close());
    const expired = await startTls('expired');
    t.after(() => expired.close());
    const { code } = await crawl('robots', [refusing.url, failing.url, expired.url], []);
    assert.equal(code, 1);
    const [found, dead] = [byUrl(await runner.results('robots')), byUrl(await lettersOf('robots'))];
    for (const [url, error, attempts] of [
      [refusing.url, 'E_CONNECT_REFUSED', ATTEMPTS],
      [failing.url, 'E_ROBOTS_UNREACHABLE', ATTEMPTS],
      [expired.url, 'E_TLS_EXPIRED', 1],
    ] as const) {
      assertDead(found.get(url), dead.get(url), error, attempts);
    }
    assert.ok(failing.requests.length > 0, 'its robots.txt was asked for');
    assert.ok(
      failing.requests.every((request) => request.startsWith('GET /robots.txt')),
      'and nothing else of it',
    );
    assertAddsUp(await runner.status('robots'));
  },
);
