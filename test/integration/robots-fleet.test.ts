// RFC 9309 through the whole program: three consumer processes, many hosts, each with a robots.txt of its own kind. What was fetched is
// read from the server's log, what was refused and why from the records.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { failure } from '../../src/errors.ts';
import { fleetOf } from '../../src/fleet.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { closeRedis, connectRedis, type Redis } from '../../src/redis.ts';
import { createRobots, type RobotsFetch } from '../../src/robots/robots.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { startTestRedis } from '../support/redis.ts';
import { type DroverProcess, until } from '../support/signals.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** One host: what its robots.txt is, and what is to become of its pages. */
interface Host {
  promise: string;
  robots: Answer;
  /** Besides `everywhere`, which is allowed at every host that refuses anything but all. */
  allowed?: string[];
  /** By path: the number of the line that decides, and the line. */
  refused?: Record<string, string>;
}

/** Enough pages for each of the consumers to have some of each host. */
const everywhere = ['/', ...Array.from({ length: 8 }, (_, index) => `/p/${index}`)];
/** All consumers are to ask while the first is still fetching. */
const robotsTakeMs = 300;

const consumers = 3;
const perConsumer = 16;
const text =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };
const redirect = (location: string): Answer => text('', 302, { location });
/** So many redirects, to the mirror and back, and behind them rules. */
const hops =
  (count: number): Answer =>
  (request, response) =>
    redirect(`/hop/${count - 1}/${request.headers.host}`)(request, response);
const lines = (...rules: string[]) => `${['User-agent: *', ...rules].join('\n')}\n`;

const limit = 500 * 1024;
/** A rule at the start, one whose line ends with the first 500 KiB, one that begins there, and 10 MB after them. */
function tenMegabytes(): string {
  const first = lines('Disallow: /first');
  const last = 'Disallow: /last\n';
  const filler = `#${'x'.repeat(limit - first.length - last.length - 2)}\n`;
  return `${first}${filler}${last}Disallow: /beyond\n${`#${'y'.repeat(1022)}\n`.repeat(10_000)}`;
}
const ofTenMegabytes = {
  allowed: ['/beyond'],
  refused: { '/first': '2 Disallow: /first', '/last': '4 Disallow: /last' },
};

let endlessOpen = 0;
const endless: Answer = (_, response) => {
  endlessOpen++;
  response.on('close', () => endlessOpen--);
  const write = () => {
    while (!response.destroyed && response.write(`#${'z'.repeat(8190)}\n`));
  };
  response.on('drain', write);
  response.write(lines('Disallow: /first'));
  write();
};

/** A byte now and then, for ever. */
const drip: Answer = (_, response) => {
  response.write(lines('Disallow: /first'));
  const timer = setInterval(() => response.write('#'), 50);
  response.on('close', () => clearInterval(timer));
};

const page = '/a'.repeat(3000);
const wildcards = `Disallow: /${'*a'.repeat(60)}*b$`;

const hosts: Host[] = [
  {
    promise: 'rules are obeyed, and a refusal names the line that decided',
    robots: text(lines('Disallow: /private', 'Allow: /private/but', '', 'User-agent: other', 'Disallow: /')),
    allowed: ['/private/but/this', '/Private'],
    refused: { '/private': '2 Disallow: /private', '/private/x?y': '2 Disallow: /private' },
  },
  { promise: '404: there are no rules', robots: text(lines('Disallow: /'), 404) },
  { promise: '403: there are no rules', robots: text(lines('Disallow: /'), 403) },
  { promise: 'an empty file has no rules', robots: text('') },
  {
    promise: 'a redirect to another path is followed',
    robots: redirect('/rules.txt'),
    refused: { '/redirected': '2 Disallow: /redirected' },
  },
  {
    promise: 'five redirects over two hosts are followed, and the rules are those of the first host',
    robots: hops(5),
    refused: { '/redirected': '2 Disallow: /redirected' },
  },
  {
    promise: 'behind a sixth redirect there are no rules',
    robots: hops(6),
    allowed: ['/redirected'],
  },
  { promise: 'of ten megabytes the first 500 KiB count', robots: text(tenMegabytes()), ...ofTenMegabytes },
  {
    promise: 'of ten megabytes in gzip the first 500 KiB count',
    robots: text(gzipSync(tenMegabytes()), 200, { 'content-encoding': 'gzip' }),
    ...ofTenMegabytes,
  },
  {
    promise: 'a file without end is read up to 500 KiB',
    robots: endless,
    refused: { '/first': '2 Disallow: /first' },
  },
  {
    promise: 'of a line that the limit cuts in two, after a byte order mark too, the half is no rule',
    robots: text(`\ufeff${lines(`#${'x'.repeat(limit - 31)}`, 'Disallow: /p/and-more', 'Disallow: /')}`),
  },
  {
    promise: 'an HTML page has no rules',
    robots: text(
      '<!doctype html>\n<html><head><title>Disallow: /</title></head>\n<pre>User-agent: *\nDisallow: /</pre></html>',
      200,
      { 'content-type': 'text/html' },
    ),
  },
  {
    promise: 'lines of an HTML page that are rules are obeyed as such',
    robots: text(`<!doctype html>\n<pre>\n${lines('Disallow: /private')}</pre>\n`, 200, {
      'content-type': 'text/html',
    }),
    refused: { '/private': '4 Disallow: /private' },
  },
  {
    promise: 'a byte order mark and CR LF are no part of a line',
    robots: text('\ufeffUser-agent: *\r\nDisallow: /private\r\n'),
    refused: { '/private/x': '2 Disallow: /private' },
  },
  {
    promise: 'groups of one name are merged, and that of all others is not ours',
    robots: text(
      'User-agent: drover\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n\nUser-agent: Drover/2\nDisallow: /b\n',
    ),
    allowed: ['/c'],
    refused: { '/a': '2 Disallow: /a', '/b': '8 Disallow: /b' },
  },
  {
    promise: 'paths are compared with their percent-encoding taken away or put on',
    robots: text(lines('Disallow: /%7Ejoe', 'Disallow: /\u30c4', 'Disallow: /caf%c3%a9', 'Disallow: /a%2fb')),
    allowed: ['/a/b', '/cafe'],
    refused: {
      '/~joe/x': '2 Disallow: /%7Ejoe',
      '/%E3%83%84': '3 Disallow: /\u30c4',
      '/caf%C3%A9': '4 Disallow: /caf%c3%a9',
      '/a%2Fb': '5 Disallow: /a%2fb',
    },
  },
  {
    promise: 'sixty wildcards match a path of 6,000 characters, or do not',
    robots: text(lines(wildcards)),
    allowed: [page],
    refused: { [`${page}b`]: `2 ${wildcards}` },
  },
  {
    promise: 'gzip is undone',
    robots: text(gzipSync(lines('Disallow: /private')), 200, { 'content-encoding': 'gzip' }),
    refused: { '/private': '2 Disallow: /private' },
  },
  {
    promise: 'NUL and bytes that are no UTF-8 spoil their own lines alone',
    robots: text(
      Buffer.concat([
        Buffer.from(lines('Disallow: /\0', '\0')),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('Disallow: /p\nDisallow: /x'),
        Buffer.from([0xe9, 0xc3, 0x0a]),
        Buffer.from('Disallow: /private\n'),
      ]),
    ),
    allowed: ['/x'],
    refused: { '/private': '6 Disallow: /private' },
  },
];

/** Hosts whose robots.txt cannot be had, each with a crawl of its own, and the code and the reason that its pages die of. */
const sick: { promise: string; robots: Answer; options?: string[]; code: string; reason: RegExp }[] = [
  {
    promise: '500: nothing is fetched',
    robots: text('', 500),
    code: 'E_ROBOTS_UNREACHABLE',
    reason: /status 500/,
  },
  {
    promise: '503: nothing is fetched',
    robots: text(lines('Allow: /'), 503),
    code: 'E_ROBOTS_UNREACHABLE',
    reason: /status 503/,
  },
  {
    promise: 'no answer in time: nothing is fetched',
    robots: () => {},
    options: ['--timeout-response', '500'],
    code: 'E_RESPONSE_TIMEOUT',
    reason: /Limit 500 ms.*robots/,
  },
  {
    promise: 'a body that drips for ever: nothing is fetched',
    robots: drip,
    options: ['--timeout-request', '1500'],
    code: 'E_REQUEST_TIMEOUT',
    reason: /Limit 1500 ms.*robots/,
  },
];

const failsOnce: Answer = (request, response) =>
  (asksOf(repaired).length === 1 ? text('', 503) : text(lines('Disallow: /private')))(request, response);

const answers = [...[...hosts, ...sick].map(({ robots }) => robots), failsOnce];
const repaired = answers.length - 1;
/** Where the redirects go to and fro: nothing is fetched there but what they name. */
const mirror = answers.length;
const address = (index: number) => `127.0.0.${index + 2}`;

interface Start {
  host: string;
  path: string;
  /** In milliseconds, on the clock of performance.now(). */
  at: number;
}

const log: Start[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  const [host = '', port = ''] = request.headers.host?.split(':') ?? [];
  log.push({ host, path, at: performance.now() });
  const index = Number(host.split('.')[3]) - 2;
  const [, left = '', home = ''] = /^\/hop\/(\d)\/(.*)$/.exec(path) ?? [];
  if (path === '/robots.txt') {
    const takesMs = answers[index] === drip ? 0 : robotsTakeMs;
    setTimeout(() => answers[index]?.(request, response), takesMs);
  } else if (path === '/rules.txt' || left === '0') {
    text(lines('Disallow: /redirected'))(request, response);
  } else if (left) {
    const next = index === mirror ? home : `${address(mirror)}:${port}`;
    redirect(`http://${next}/hop/${Number(left) - 1}/${home}`)(request, response);
  } else {
    response.end('here');
  }
}

/** One port on the addresses of all hosts. */
async function listen(): Promise<{ port: number; close(): void }> {
  for (let attempt = 1; ; attempt++) {
    const servers: Server[] = [];
    let port = 0;
    const close = () => {
      for (const server of servers) server.closeAllConnections();
      for (const server of servers) server.close();
    };
    try {
      for (let index = 0; index <= mirror; index++) {
        const server = createServer(answer).listen(port, address(index));
        servers.push(server);
        await once(server, 'listening');
        port = (server.address() as AddressInfo).port;
      }
      return { port, close };
    } catch (error) {
      // A port that is free at one address may be taken at the next.
      close();
      if (attempt === 10) throw error;
    }
  }
}

let site: Awaited<ReturnType<typeof listen>>;
let runner: CommandRunner;
let running: DroverProcess[] = [];
/** How many requests each has accepted. */
const crawls = new Map<string, number>();
const records = new Map<string, CrawlRecord>();

const originOf = (index: number) => `http://${address(index)}:${site.port}`;
const startsAt = (index: number) => log.filter(({ host }) => host === address(index));
const asksOf = (index: number) => startsAt(index).filter(({ path }) => path === '/robots.txt');
const pagesOf = (index: number) =>
  startsAt(index)
    .map(({ path }) => path)
    .filter((path) => !/^\/(?:robots\.txt|rules\.txt|hop\/.*)$/.test(path))
    .sort();
const recordOf = (index: number, path: string) => {
  const record = records.get(originOf(index) + path);
  assert.ok(record, `no record of ${path}`);
  return record;
};

async function enqueue(crawl: string, urls: string[], ...options: string[]): Promise<void> {
  await writeFile(runner.path(`${crawl}.txt`), urls.join('\n'));
  const shared = [
    '--crawl',
    crawl,
    '--depth',
    '0',
    '--per-host',
    String(consumers * perConsumer),
    '--allow-private',
    '127.0.0.0/8',
  ];
  const { code, stdout, stderr } = await runner.run(
    ['enqueue', runner.path(`${crawl}.txt`), ...shared, ...options, '--json'],
    { wholeFile: true },
  );
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).accepted, urls.length);
  crawls.set(crawl, urls.length);
}

before(async () => {
  site = await listen();
  runner = await openCommandRunner();
  running = Array.from({ length: consumers }, () =>
    runner.start(['consume', '-c', String(perConsumer)], { wholeFile: true }),
  );
  await Promise.all(running.map((consumer) => consumer.line(/^consuming/)));
  const at = (index: number, paths: string[]) => paths.map((path) => originOf(index) + path);
  const well = hosts.flatMap(({ allowed = [], refused = {} }, index) =>
    at(index, [...everywhere, ...allowed, ...Object.keys(refused)]),
  );
  await enqueue('well', well);
  const patience = ['--attempts', '2', '--backoff', '100ms'];
  await Promise.all([
    enqueue('repaired', at(repaired, [...everywhere, '/private']), '--backoff', '1s'),
    ...sick.map(({ options = [] }, nth) =>
      enqueue(`sick${nth}`, at(hosts.length + nth, everywhere), ...patience, ...options),
    ),
  ]);
  for (const [crawl, accepted] of crawls) {
    const what = `the end of ${crawl}`;
    const ended = async () => {
      const counts = await runner.status(crawl);
      assertAddsUp(counts);
      return counts.state === 'finished';
    };
    await until(ended, { what, deadlineMs: 60_000, everyMs: 400 });
    const found = await runner.results(crawl);
    assert.equal(found.length, accepted);
    for (const record of found) records.set(record.url, record);
  }
});

after(() => site.close());

/** "fetched", or the line that forbade it. */
function fateOf({ ok, status, error }: CrawlRecord): string {
  if (ok && status === 200) return 'fetched';
  const [, line, rule] = /Line (\d+) of http:\S+\/robots\.txt: (.*)$/.exec(error?.message ?? '') ?? [];
  return error?.code === 'E_ROBOTS' && line ? `${line} ${rule}` : `${error?.code} ${error?.message}`;
}

for (const [index, { promise, allowed = [], refused = {} }] of hosts.entries()) {
  test(promise, () => {
    const fetched = [...everywhere, ...allowed];
    const fates = { ...Object.fromEntries(fetched.map((path) => [path, 'fetched'])), ...refused };
    for (const [path, fate] of Object.entries(fates)) assert.equal(fateOf(recordOf(index, path)), fate, path);
    assert.equal(asksOf(index).length, 1, 'the three consumers together ask for robots.txt once');
    assert.deepEqual(pagesOf(index), fetched.toSorted(), 'the server saw these pages and no others');
  });
}

for (const [nth, { promise, code, reason }] of sick.entries()) {
  const index = hosts.length + nth;
  test(`${promise}; it is tried again, and is a dead letter in the end`, () => {
    for (const path of everywhere) {
      const { error, attempts } = recordOf(index, path);
      assert.equal(error?.code, code);
      assert.match(error?.message ?? '', reason);
      assert.equal(attempts, 2);
    }
    assert.deepEqual(pagesOf(index), []);
    assertAskedEveryTwoSeconds(index);
  });
}

/** For ever so many requests, the three consumers together. The bound leaves room for a clock that is set meanwhile. */
function assertAskedEveryTwoSeconds(index: number): void {
  const asks = asksOf(index).map(({ at }) => at);
  assert.ok(asks.length > 0);
  for (const [nth, at] of asks.entries())
    assert.ok(at - (asks[nth - 1] ?? Number.NEGATIVE_INFINITY) > 1950, `asked at ${asks}`);
}

test('503, then rules: the pages wait for them and are fetched, but for what they forbid', () => {
  for (const path of everywhere) {
    const record = recordOf(repaired, path);
    assert.equal(fateOf(record), 'fetched');
    assert.ok(record.attempts > 1);
  }
  assert.equal(fateOf(recordOf(repaired, '/private')), '2 Disallow: /private');
  assert.deepEqual(pagesOf(repaired), everywhere.toSorted());
  assertAskedEveryTwoSeconds(repaired);
  const [, second] = asksOf(repaired);
  assert.equal(asksOf(repaired).length, 2);
  assert.ok(startsAt(repaired).every(({ path, at }) => path === '/robots.txt' || at > (second?.at ?? 0)));
});

test('the connection of a file without end is closed', () => {
  assert.equal(endlessOpen, 0);
});

test('the robots.txt of a host that others redirect theirs to is not asked for', () => {
  const hopsSeen = startsAt(mirror).map(({ path }) => path);
  assert.ok(hopsSeen.length > 0 && hopsSeen.every((path) => path.startsWith('/hop/')), hopsSeen.join());
});

/** Which consumer recorded each page: the names of its files hold its process id. */
async function recorders(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const directory = runner.path('data/records');
  for (const name of await readdir(directory, { recursive: true })) {
    const [, pid] = /-(\d+)-[0-9a-f]+\.jsonl$/.exec(name) ?? [];
    if (!pid) continue;
    for (const line of (await readFile(join(directory, name), 'utf8')).split('\n')) {
      if (line) found.set(JSON.parse(line.slice(line.indexOf('{'))).url, pid);
    }
  }
  return found;
}

test('the three consumers shared the pages, those of most hosts too', async () => {
  const recorder = await recorders();
  const pids = running.map(({ child }) => String(child.pid));
  assert.deepEqual([...new Set(recorder.values())].sort(), pids.sort());
  const shares = hosts.map(
    (_, index) => new Set(everywhere.map((path) => recorder.get(originOf(index) + path))).size,
  );
  assert.ok(shares.filter((share) => share > 1).length > hosts.length / 2, shares.join());
});

test('the consumers end when they are told to', async () => {
  for (const consumer of running) consumer.kill('SIGTERM');
  for (const consumer of running) assert.equal((await consumer.exit).code, 0, consumer.stderr());
});

const day = 24 * 3_600_000;
const answers200 = (body: string): RobotsFetch => ({ kind: 'answer', status: 200, text: body });
const url = (path: string) => `http://h.example${path}`;

async function startRedis(t: TestContext): Promise<Redis> {
  const server = await startTestRedis();
  const redis = connectRedis(server, 'script');
  t.after(() => {
    closeRedis(redis);
    return server.stop();
  });
  return redis;
}

test('rules that cannot be had anew after 24 hours are no longer used: all is refused for 30 days, then allowed, until there are rules again', async (t) => {
  const redis = await startRedis(t);
  let now = 1_000_000_000;
  let found: RobotsFetch = answers200(lines('Disallow: /private'));
  const codes = async (at: number) => {
    now = 1_000_000_000 + at;
    const robots = createRobots({ fleet: fleetOf(redis, '{r}'), productToken: 'drover', nowMs: () => now });
    const verdicts = [
      await robots.check(url('/'), async () => found),
      await robots.check(url('/private'), async () => found),
    ];
    return verdicts.map((verdict) => (verdict.kind === 'refused' ? verdict.failure.code : verdict.kind));
  };
  const none = ['E_ROBOTS_UNREACHABLE', 'E_ROBOTS_UNREACHABLE'];
  assert.deepEqual(await codes(0), ['allowed', 'E_ROBOTS']);
  found = { kind: 'unreachable', cause: failure('E_CONNECT_TIMEOUT') };
  assert.deepEqual(await codes(day - 1), ['allowed', 'E_ROBOTS']);
  assert.deepEqual(await codes(day), none);
  assert.deepEqual(await codes(2 * day), none);
  assert.deepEqual(await codes(31 * day - 1), none);
  assert.deepEqual(await codes(31 * day + 300_000), ['allowed', 'allowed']);
  found = answers200(lines('Disallow: /private'));
  assert.deepEqual(await codes(32 * day), ['allowed', 'E_ROBOTS']);
  found = { kind: 'unreachable', cause: failure('E_CONNECT_TIMEOUT') };
  assert.deepEqual(await codes(33 * day), none, 'the thirty days begin anew');
});

test('hosts with the largest files do not fill the memory of a process: it forgets, and asks Redis again', async (t) => {
  const redis = await startRedis(t);
  const robots = createRobots({ fleet: fleetOf(redis, '{r}'), productToken: 'drover', nowMs: () => 1000 });
  const rule = 'allow:/\n';
  const large = lines('Disallow: /private') + rule.repeat(limit / rule.length - 10);
  const origins = Array.from({ length: 8 }, (_, index) => `http://${index}.example`);
  for (const origin of origins) await robots.check(`${origin}/`, async () => answers200(large));
  // Each takes 12 MB.
  const known = origins.map((origin) => robots.peek(`${origin}/`) !== null);
  assert.ok(known.at(-1) && known.filter(Boolean).length <= 5, known.join());
  const verdict = await robots.check('http://0.example/private', () => Promise.reject(new Error('fetched')));
  assert.equal(verdict.kind, 'refused');
});
