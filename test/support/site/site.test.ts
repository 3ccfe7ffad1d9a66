import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnProgram, until } from '../signals.ts';
import { temporaryDirectory } from '../temporary.ts';
import { depthOf, linksOf, pageWriter, pathOf, ROOT } from './pages.ts';
import { type Site, startSite } from './site.ts';

let site: Site;
let logFile: string;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

before(async () => {
  logFile = join(await temporaryDirectory(), 'access.jsonl');
  site = await startSite({
    ...{ pages: 300, hosts: 2, logFile },
    behaviours: {
      '/p/1': { status: 503, failTimes: 2, retryAfter: 7 },
      '/p/2*': { status: 404 },
      '//127.0.0.2/p/3': { status: 500, body: 'grüße' },
      '/p/4': { delayMs: 60 },
      '/p/5': { reset: true },
      '/p/6': { status: 302, headers: { location: '/p/7' } },
    },
  });
});
after(() => site.stop());

interface Got {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  text: string;
}

function get(path: string, options: { url?: string; method?: string; body?: string } = {}): Promise<Got> {
  const { url = site.url, method = 'GET', body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { agent, method }, async (response) => {
      const pieces = await response.toArray();
      const text = Buffer.concat(pieces).toString();
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    sent.on('error', reject).end(body);
  });
}

test('every page has exactly its links and its length, and is reached from the root at one depth', () => {
  const shape = { pages: 1000, linksPerPage: 20, bytes: 10_000 };
  const write = pageWriter(shape);
  const depths = new Map([[ROOT, 0]]);
  for (const page of depths.keys()) {
    const html = write(page);
    assert.equal(html.length, 10_000);
    const hrefs = [...html.matchAll(/href="([^"]+)"/g)].map((match) => match[1]);
    assert.equal(new Set(hrefs).size, 20);
    for (const link of linksOf(page, shape)) {
      assert.ok(hrefs.includes(pathOf(link)));
      if (!depths.has(link)) depths.set(link, (depths.get(page) ?? 0) + 1);
    }
  }
  assert.equal(depths.size, 1001);
  for (const [page, depth] of depths) assert.equal(depth, depthOf(page, 20));
});

test('a link back leads only to what is known before its page is', () => {
  const shape = { pages: 1000, linksPerPage: 5, bytes: 0 };
  const known = new Map<number, Set<number>>([[ROOT, new Set([ROOT])]]);
  for (const [page, before] of known) {
    const children = linksOf(page, shape).filter((link) => !before.has(link));
    const after = new Set([...before, ...children]);
    for (const child of children) {
      if (known.has(child)) assert.fail(`${page} leads to ${child}, which has been found elsewhere`);
      known.set(child, after);
    }
  }
  assert.equal(known.size, 1001);
});

test('a page, the root, and what is not there', async () => {
  const page = await get('/p/199');
  assert.equal(page.status, 200);
  assert.match(page.headers['content-type'] ?? '', /text\/html/);
  assert.equal(page.text, pageWriter({ pages: 300, linksPerPage: 20, bytes: 10_000 })(199));
  assert.match((await get('/')).text, /href="\/p\/0"/);
  for (const path of ['/p/300', '/p/01', '/p/x', '/other', '/robots.txt'])
    assert.equal((await get(path)).status, 404);
});

test('HEAD has no body, and the body of a POST is no request', async () => {
  const head = await get('/p/9', { method: 'HEAD' });
  assert.equal(head.headers['content-length'], '10000');
  assert.equal(head.text, '');
  const body = 'GET /p/10 HTTP/1.1\r\n\r\n'.repeat(5000);
  assert.equal((await get('/p/11', { method: 'POST', body })).status, 200);
  assert.equal((await get('/p/12')).status, 200);
});

test('a path fails as often as told, with its Retry-After, and is as usual then', async () => {
  const first = await get('/p/1');
  assert.deepEqual([first.status, first.headers['retry-after']], [503, '7']);
  assert.deepEqual([(await get('/p/1')).status, (await get('/p/1')).status], [503, 200]);
});

test('every nth request under a key is answered otherwise, whatever its path; all of them take as long', async () => {
  await site.behave('//127.0.0.2/*', { every: 3, status: 429, retryAfter: 2, delayMs: 40 });
  await site.clearLog();
  const url = site.urls[1] ?? '';
  const statuses = [];
  for (const path of ['/p/10', '/p/11', '/p/12', '/robots.txt', '/p/10', '/p/10'])
    statuses.push((await get(path, { url })).status);
  assert.deepEqual(statuses, [200, 200, 429, 404, 200, 429]);
  assert.ok((await site.log()).every(({ start, end }) => end - start >= 39));
  assert.equal((await get('/p/10')).status, 200, 'another host');
  await site.behave('//127.0.0.2/*', null);
});

test('a behaviour may hold for a prefix, for one host, or be a redirect or a reset', async () => {
  assert.equal((await get('/p/21')).status, 404);
  assert.equal((await get('/p/3')).status, 200);
  const other = await get('/p/3', { url: site.urls[1] ?? '' });
  assert.deepEqual([other.status, other.text], [500, 'grüße']);
  assert.equal((await get('/p/6')).headers.location, '/p/7');
  await assert.rejects(get('/p/5'), { code: 'ECONNRESET' });
});

test('a behaviour can be changed while the site runs', async () => {
  await site.behave('/p/30', { status: 500 });
  assert.equal((await get('/p/30')).status, 500);
  await site.behave('/p/30', null);
  assert.equal((await get('/p/30')).status, 200);
});

test('the log has one entry for each request, in memory and in the file', async () => {
  await site.clearLog();
  const before = Date.now();
  await get('/p/4?q=1', { method: 'HEAD' });
  await get('/p/4');
  const log = await site.log();
  const host = `127.0.0.1:${site.port}`;
  assert.deepEqual(
    log.map(({ host, method, path, status }) => ({ host, method, path, status })),
    [
      { host, method: 'HEAD', path: '/p/4?q=1', status: 200 },
      { host, method: 'GET', path: '/p/4', status: 200 },
    ],
  );
  const last = log[1];
  assert.ok(last && last.start >= before && last.end - last.start >= 59 && last.end <= Date.now() + 1);
  assert.equal(log[0]?.remotePort, last.remotePort);
  assert.equal(await site.ended(), 2);
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), last);
});

test('a client that leaves before its answer stands in the log with 499', async () => {
  await site.clearLog();
  await site.behave('/p/40', { delayMs: 60_000 });
  const sent = request(`${site.url}/p/40`).on('error', () => {});
  sent.end();
  // While a socket is still connecting, it counts data as written that it only keeps in its buffer.
  const isSent = () => sent.writableFinished && sent.socket?.connecting === false;
  await until(() => isSent() && sent.socket?.writableLength === 0, { what: 'the request to be sent' });
  sent.destroy();
  const entry = await until(async () => (await site.log()).find(({ status }) => status === 499), {
    what: 'its entry',
  });
  assert.equal(entry.path, '/p/40');
});

test('a punctual site notes how late a request may have been stamped', async (t) => {
  const held = await startSite({ pages: 3, punctual: true });
  t.after(() => held.stop());
  await get('/p/1', { url: held.url });
  process.kill(held.pid, 'SIGSTOP');
  const answer = get('/p/2', { url: held.url });
  const stoppedMs = 200;
  await sleep(stoppedMs);
  process.kill(held.pid, 'SIGCONT');
  await answer;
  const [first, second] = (await held.log()).map(({ lateMs = 0 }) => lateMs) as [number, number];
  assert.ok(first > 0 && second >= stoppedMs && first < second, `${first}, ${second}`);
});

test('a punctual site knows how long the last of many new connections has waited', async (t) => {
  const held = await startSite({ pages: 3, punctual: true });
  t.after(() => held.stop());
  process.kill(held.pid, 'SIGSTOP');
  const connections = 500;
  const sockets = Array.from({ length: connections }, () =>
    connect(Number(new URL(held.url).port), '127.0.0.1', function (this: Socket) {
      this.write('GET /p/1 HTTP/1.1\r\nHost: site\r\n\r\n');
    }),
  );
  const stoppedMs = 300;
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  await sleep(stoppedMs);
  process.kill(held.pid, 'SIGCONT');
  await until(async () => (await held.ended()) === connections, { what: 'all answers' });
  for (const socket of sockets) socket.destroy();
  const late = (await held.log()).map(({ lateMs = 0 }) => lateMs);
  assert.ok(Math.min(...late) >= stoppedMs, `${Math.min(...late)}`);
});

test('beyond 254 hosts, addresses go on in the next 127.0.x', async (t) => {
  const many = await startSite({ pages: 1, hosts: 300 });
  t.after(() => many.stop());
  assert.deepEqual(
    [253, 254, 299].map((host) => new URL(many.urls[host] ?? '').hostname),
    ['127.0.0.254', '127.0.1.1', '127.0.1.46'],
  );
  assert.equal((await get('/p/0', { url: many.urls[299] ?? '' })).status, 200);
  assert.equal(new Set(many.urls).size, 300);
});

test('as a program it prints its address as JSON and ends by SIGTERM', async () => {
  const file = join(import.meta.dirname, 'site.ts');
  const program = spawnProgram([
    file,
    '--pages',
    '3',
    '--links',
    '1',
    '--bytes',
    '500',
    '--robots',
    'User-agent: *',
  ]);
  const { url, pid } = JSON.parse(await program.line(/./));
  assert.equal(pid, program.child.pid);
  assert.equal((await get('/p/2', { url })).text.length, 500);
  assert.equal((await get('/robots.txt', { url })).text, 'User-agent: *');
  program.kill();
  assert.deepEqual(await program.exit, { code: 0, signal: null });
});
