// Where the time of a request goes: explain --timing, and the same over the API.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { describe, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Explanation } from '../../src/explain/explanation.ts';
import type { UrlTiming } from '../../src/explain/time-url.ts';
import type { WaterfallPhase } from '../../src/explain/waterfall.ts';
import { READ_TOKEN, startApi, WRITE_TOKEN } from '../support/api/api.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { closing } from '../support/fetching.ts';
import { openFleets } from '../support/fleets.ts';
import { startNameServer } from '../support/name-server.ts';
import { startNeverAnswering, startSending, startSilentConnect } from '../support/site/hostile.ts';
import { startTls, startTlsSilent } from '../support/site/hostile-tls.ts';

const fleets = openFleets();

interface Site {
  url: string;
  port: number;
  /** Path and time of each request. */
  seen: { path: string; at: number }[];
}

/** /slow answers late and in two pieces, /hop redirects there, /again asks for a pause. */
async function startTimedSite(t: TestContext): Promise<Site> {
  const seen: Site['seen'] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    seen.push({ path, at: performance.now() });
    if (path === '/robots.txt') return response.end('User-agent: *\nDisallow: /no\n');
    if (path === '/again') return response.writeHead(429).end();
    if (path === '/hop') return response.writeHead(302, { location: '/slow' }).end('moved');
    if (path !== '/slow') return response.end('hello');
    await sleep(150);
    response.write('x');
    await sleep(305);
    return response.end('y');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing(t, server);
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}`, port, seen };
}

const named = (phases: readonly WaterfallPhase[], name: string) => {
  const found = phases.find(({ phase }) => phase === name);
  assert.ok(found, `there is a phase ${name}`);
  return found;
};

test('each phase of each hop has its time, its place and its limit, and the nearest limit is named', async (t) => {
  const site = await startTimedSite(t);
  const runner = await openCommandRunner();
  const ask = (path: string, ...more: string[]) =>
    runner.run(['explain', '--timing', `${site.url}${path}`, ...more]);
  const { stdout, code } = await ask('/hop', '--json', '--timeout-response', '600');
  assert.equal(code, 0);
  const { explanation, timing } = JSON.parse(stdout) as { explanation: null; timing: UrlTiming };
  assert.equal(explanation, null);
  const [request] = timing.requests;
  assert.ok(request);
  assert.deepEqual(
    request.hops.map(({ status, connection, location }) => [status, connection, location]),
    [
      [302, 'new', '/slow'],
      [200, 'kept', null],
    ],
  );
  const [first, second] = request.hops.map(({ phases }) => phases);
  assert.ok(first && second);
  assert.deepEqual(
    first.map(({ phase, ms }) => [phase, ms !== null]),
    [
      ...['dns', 'connect'].map((p) => [p, true]),
      ['tls', false],
      ...['send', 'firstByte', 'download'].map((p) => [p, true]),
    ],
  );
  const [answer, reading] = [named(second, 'firstByte'), named(second, 'download')];
  assert.ok(answer.ms !== null && answer.ms > 140 && reading.ms !== null && reading.ms > 290);
  assert.ok(
    (reading.atMs ?? 0) >= (answer.atMs ?? 0) + answer.ms - 1,
    'reading begins when the head is there',
  );
  assert.deepEqual([answer.limitMs, answer.option], [600, '--timeout-response']);
  assert.deepEqual([request.nearest?.phase, request.nearest?.hop], ['firstByte', 1]);
  assert.ok((request.nearest?.percent ?? 0) > 23);
  assert.ok((request.total.ms ?? 0) >= (reading.atMs ?? 0) + reading.ms - 1);

  const shown = await ask('/slow', '--repeat', '2');
  const lines = shown.stdout.trimEnd().split('\n');
  assert.ok(
    lines.every((line) => [...line].length < 80),
    shown.stdout,
  );
  assert.equal(
    lines.filter((line) => /^ {2}first byte +\d+ ms +█+ .* % {2,}30 s {2}--timeout-response$/.test(line))
      .length,
    2,
  );
  assert.match(shown.stdout, /200, 2 B, new connection to 127\.0\.0\.1[\s\S]*200, 2 B, kept connection/);
  assert.match(
    shown.stdout,
    /first to fire would be --timeout-read 30 s: the longest pause in reading, 3\d\d/,
  );
  assert.ok(!shown.stdout.includes('\x1b'), 'no colours without a terminal');

  const refused = await ask('/no');
  assert.deepEqual([refused.code, /not sent:\n✗ E_ROBOTS: /.test(refused.stdout)], [1, true]);
  site.seen.length = 0;
  assert.equal((await ask('/again', '--repeat', '3')).code, 0);
  assert.deepEqual(
    site.seen.map(({ path }) => path),
    ['/robots.txt', '/again'],
    'a refusal ends the repeating',
  );
  assert.ok(!existsSync(join(runner.dir, 'data')), 'no Redis was started, and nothing is kept');
});

type Start = (t: TestContext) => Promise<{ url: string; options?: string[] }>;
const silentName: Start = async (t) => {
  const names = closing(t, await startNameServer(() => 'silent'));
  return { url: 'http://quiet.test/', options: ['--dns-server', names.address] };
};
const failing: [what: string, start: Start, code: string, phase: string, before: number][] = [
  ['a silent name server', silentName, 'E_DNS_TIMEOUT', 'dns', 0],
  [
    'a port that does not accept',
    async (t) => closing(t, await startSilentConnect()),
    'E_CONNECT_TIMEOUT',
    'connect',
    1,
  ],
  ['a handshake that hangs', async (t) => closing(t, await startTlsSilent()), 'E_TLS_TIMEOUT', 'tls', 2],
  [
    'a bad certificate',
    async (t) => closing(t, await startTls('self-signed')),
    'E_TLS_SELF_SIGNED',
    'tls',
    2,
  ],
  [
    'a server that says nothing',
    async (t) => closing(t, await startNeverAnswering()),
    'E_RESPONSE_TIMEOUT',
    'firstByte',
    4,
  ],
  [
    'a body that stops',
    async (t) => closing(t, await startSending('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')),
    'E_READ_TIMEOUT',
    'download',
    5,
  ],
];

describe('a request that fails', { concurrency: 3 }, () => {
  for (const [what, start, code, phase, before] of failing) {
    test(`of ${what}, the phases up to it are shown, and the one that failed, with its limit and advice`, async (t) => {
      const { url, options = [] } = await start(t);
      const runner = await openCommandRunner();
      const limits = ['dns', 'connect', 'tls', 'response', 'read'].flatMap((of) => [
        `--timeout-${of}`,
        '400',
      ]);
      const ask = (...more: string[]) =>
        runner.run(['explain', '--timing', url, ...options, ...limits, ...more]);
      const { stdout, code: exit } = await ask('--ignore-robots', '--json');
      assert.equal(exit, 1);
      const [request] = (JSON.parse(stdout).timing as UrlTiming).requests;
      const phases = request?.hops[0]?.phases ?? [];
      assert.deepEqual([request?.error?.code, phases.length - 1], [code, before]);
      assert.deepEqual(
        phases.filter(({ failed }) => failed).map((each) => each.phase),
        [phase],
      );
      assert.ok((request?.error?.advice ?? '').length > 10);
      if (code.endsWith('_TIMEOUT')) {
        assert.deepEqual([request?.nearest?.phase, request?.nearest?.limitMs], [phase, 400]);
        assert.ok((request?.nearest?.percent ?? 0) >= 99.5);
      }
      if (phase !== 'dns') return;
      const withRobots = await ask();
      assert.match(withRobots.stdout, /^✗ lookup .* 400 ms {2}--timeout-dns\n/m);
      assert.match(
        withRobots.stdout,
        /^✗ E_DNS_TIMEOUT: [\s\S]*raise --timeout-dns\.\n {2}This is the robots\.txt/m,
      );
      assert.match(withRobots.stdout, /the limit that fired: --timeout-dns 400 ms \(lookup\)/);
    });
  }
});

test('with a fleet, the decisions come first, and its limits hold; a record has its waterfall', async (t) => {
  const site = await startTimedSite(t);
  const { runner } = await fleets.open();
  const url = `${site.url}/slow`;
  const crawl = ['crawl', url, '--crawl', 'c', '--depth', '0', '--timeout-read', '2s', '--quiet'];
  assert.equal((await runner.run(crawl)).code, 0);
  const [explained] = await runner.json<Explanation>(['explain', url, '--json']);
  const phases = explained?.waterfall?.hops[0]?.phases ?? [];
  assert.ok((named(phases, 'firstByte').ms ?? 0) > 140);
  assert.deepEqual([named(phases, 'download').limitMs, named(phases, 'download').percent], [2000, null]);
  assert.notEqual(explained?.waterfall?.waited, null);

  const shown = await runner.run(['explain', url, '--timing', '--crawl', 'c']);
  assert.match(shown.stdout, /^Fetched at [\s\S]*✓ record [\s\S]*\n {2}reading .* 2 s {2}--timeout-read\n/);
  await runner.run(['hosts', 'set', `localhost:${site.port}`, '--delay', '700']);
  site.seen.length = 0;
  await runner.run(['explain', `${site.url}/a`, '--timing', '--repeat', '2']);
  const starts = site.seen.map(({ at }) => at);
  assert.equal(starts.length, 3);
  for (const [at, start] of starts.entries())
    assert.ok(
      at === 0 || start - (starts[at - 1] ?? 0) > 690,
      'robots.txt and pages keep the delay of the fleet',
    );
  await runner.run(['hosts', 'pause', `localhost:${site.port}`]);
  const paused = await runner.run(['explain', url, '--timing']);
  assert.equal(paused.code, 1);
  assert.match(paused.stdout, /✗ E_HOST_BUSY: [\s\S]*until\s+somebody\s+resumes\s+it/);
});

test('the API sends a request for those who may write, under the guard of the server and the gate of the fleet', async (t) => {
  const site = await startTimedSite(t);
  const names = closing(t, await startNameServer(() => ({ addresses: ['127.0.0.1'] })));
  const fleet = await fleets.open({ DROVER_API_TOKEN: `${WRITE_TOKEN},ro:${READ_TOKEN}` });
  const closed = await startApi(fleet, ['--dns-server', names.address]);
  const path = '/v1/explain/timing';
  const asked = (url: string, more = {}) => ({ token: WRITE_TOKEN, body: { url, ...more } });
  const body = { url: `${site.url}/slow` };
  await closed.refused(403, 'E_FORBIDDEN', 'POST', path, { token: READ_TOKEN, body });
  await closed.refused(401, 'E_AUTH', 'POST', path, { body });
  for (const host of ['localhost', '127.0.0.1', '[::1]', '2130706433'])
    await closed.refused(400, 'E_SSRF', 'POST', path, asked(`http://${host}:${site.port}/`));
  await closed.refused(400, 'E_URL_SCHEME', 'POST', path, asked('ftp://a.example/'));
  await closed.refused(404, 'E_CRAWL_UNKNOWN', 'POST', path, asked('http://a.example/', { crawl: 'none' }));
  await closed.refused(400, 'E_FIELD', 'POST', path, asked('http://a.example/', { repeat: 1000 }));
  const turned = await closed.call('POST', path, asked(`http://a.example:${site.port}/`));
  assert.equal(turned.json.requests[0].error.code, 'E_SSRF', turned.text);
  assert.deepEqual(site.seen, [], 'nothing was sent');

  const open = await startApi(fleet, ['--allow-private', '127.0.0.0/8']);
  const timing = (await open.call('POST', path, asked(`${site.url}/slow`, { repeat: 2 }))).json as UrlTiming;
  assert.deepEqual(
    timing.requests.map(({ hops }) => hops[0]?.connection),
    ['new', 'kept'],
  );
  await open.call('POST', `/v1/hosts/localhost:${site.port}/pause`, { token: WRITE_TOKEN, body: {} });
  const paused = (await open.call('POST', path, asked(`${site.url}/slow`))).json as UrlTiming;
  assert.deepEqual([paused.refused?.code, paused.requests], ['E_HOST_BUSY', []]);
  const answers = await Promise.all(
    Array.from({ length: 25 }, () => open.call('POST', path, asked(`${site.url}/slow`))),
  );
  const limited = answers.filter(({ status }) => status === 429);
  assert.ok(limited.length > 0 && limited.every(({ headers }) => Number(headers['retry-after']) > 0));
});
