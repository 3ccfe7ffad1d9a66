// What handlers fetch besides their pages, in crawls of the program: each answer and each error, and how the
// page ends that does not catch it. The servers' own logs show what was sent.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test, { type TestContext } from 'node:test';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';

interface Asked {
  path: string;
  method: string;
  headers: IncomingMessage['headers'];
  body: string;
  at: number;
}

/** A server of answers for handlers; `asked` is its log, `open` how many requests have no answer yet. */
async function startApi(t: TestContext) {
  const asked: Asked[] = [];
  const open = new Set<string>();
  let resets = 1;
  const server: Server = createServer(async (request, response) => {
    const { url: path = '', method = '', headers } = request;
    asked.push({ path, method, headers, body: await text(request), at: performance.now() });
    const send = (status: number, more: Record<string, string> = {}, body = '{"n":1}') =>
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(body, 'latin1');
    if (path === '/robots.txt')
      return send(200, { 'content-type': 'text/plain' }, 'User-agent: *\nDisallow: /no');
    if (path === '/missing') return send(404);
    if (path === '/later') return send(429, { 'retry-after': '1' });
    if (path === '/busy') return send(503, { 'retry-after': '60' });
    if (path === '/moved') return send(302, { location: '/data' });
    if (path === '/moved-away') return send(302, { location: '/no/data' });
    if (path === '/long') return send(200, {}, 'x'.repeat(300_000));
    if (path === '/umlaut')
      return send(200, { 'content-type': 'text/html; charset=iso-8859-1' }, '<h1>\u00e4</h1>');
    if (path === '/reset' && resets-- > 0) {
      response.writeHead(200, { 'content-length': 100 }).write('{');
      return setTimeout(() => request.socket.destroy(), 20);
    }
    if (path === '/hang') {
      open.add(path);
      return response.once('close', () => open.delete(path));
    }
    return send(200);
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked, open };
}

async function handlerFile(runner: CommandRunner, code: string): Promise<string> {
  await writeFile(runner.path('handler.ts'), `import { defineHandler } from 'drover';\n${code}`);
  return runner.path('handler.ts');
}

/**
 * What the handler does with /p/NAME, and what its page ends with: its items, or its code and what the
 * message says.
 */
const rows: Record<string, [code: string, end: unknown[] | [string, RegExp], runs?: number]> = {
  json: [
    'const got = await fetch("/data"); emit([got.status, got.json().n, got.url.slice(-5)])',
    [[200, 1, '/data']],
  ],
  html: ['emit((await fetch("../umlaut")).$("h1").text())', ['ä']],
  post: [
    'emit((await fetch(new URL("/post", page.url), { method: "POST", headers: { "x-own": "1" }, body: "b" })).text)',
    ['{"n":1}'],
  ],
  redirect: ['emit((await fetch("/moved")).url.slice(-5))', ['/data']],
  status: ['emit((await fetch("/missing")).status)', [404]],
  parallel: ['emit((await Promise.all([1, 2, 3, 4, 5].map((n) => fetch("/data?" + n)))).length)', [5]],
  robots: ['emit(await codeOf(fetch("/no/x")))', ['E_ROBOTS']],
  'robots-hop': ['emit(await codeOf(fetch("/moved-away")))', ['E_ROBOTS']],
  guard: ['emit(await codeOf(fetch("http://127.0.0.9:8099/")))', ['E_SSRF']],
  port: ['emit(await codeOf(fetch("http://127.0.0.1:25/")))', ['E_PORT']],
  scheme: ['emit(await codeOf(fetch("mailto:a@b.example")))', ['E_URL_SCHEME']],
  init: ['emit(await codeOf(fetch("/data", { signal } as any)))', ['E_REQUEST_INVALID']],
  size: ['emit(await codeOf(fetch("/long")))', ['E_TOO_LARGE']],
  timeout: ['emit(await codeOf(fetch("/hang", { timeouts: { response: 100 } })))', ['E_RESPONSE_TIMEOUT']],
  uncaught: [
    'await fetch("/no/y")',
    ['E_HANDLER_FETCH', /lab: fetch of GET \S+\/no\/y: E_ROBOTS: .* At \S+handler\.ts:\d+/],
  ],
  temporary: ['emit((await fetch("/reset")).status)', [200], 2],
  many: [
    'for (let n = 0; n < 101; n++) await fetch("/data?m" + n).catch(() => {})',
    ['E_HANDLER_LIMIT', /100 times/],
  ],
  slow: ['await fetch("/hang")', ['E_HANDLER_TIMEOUT', /lab had/], 2],
};

/** What a thread survives besides: it is ended in the middle of a fetch, and the slot goes back. */
const killed: typeof rows = {
  killed: ['void fetch("/hang"); await fetch("/data"); for (;;);', ['E_HANDLER_TIMEOUT', /lab had/], 2],
  exited: [
    'void fetch("/hang"); await fetch("/data"); process.exit(3)',
    ['E_HANDLER_THREAD', /exit\(3\)/],
    2,
  ],
};

for (const [where, table] of Object.entries({ inline: rows, 'on a thread': { ...rows, ...killed } }))
  test(`each fetch of a handler ${where} is answered or refused as one of the crawl, and says why in an error`, async (t) => {
    const api = await startApi(t);
    const runner = await openCommandRunner();
    const cases = Object.entries(table).map(([name, [code]]) => `      case '/p/${name}': ${code}; break;`);
    const file = await handlerFile(
      runner,
      `const codeOf = (asked: Promise<unknown>) => asked.then(() => 'none', (error) => error instanceof Error ? (error as any).code : 'no error');
export default defineHandler({
  name: 'lab', timeoutMs: 4000, blocking: ${where !== 'inline'},
  async run({ page, emit, fetch, signal }) {
    switch (new URL(page.url).pathname) {
${cases.join('\n')}
    }
  },
});
`,
    );
    const urls = Object.keys(table).map((name) => `${api.url}/p/${name}\n`);
    await writeFile(runner.path('list.txt'), urls.join(''));
    const limits = [
      '--attempts',
      '2',
      '--backoff',
      '20',
      '--max-bytes',
      '200000',
      '--per-host',
      '2',
      '--threads',
      '2',
    ];
    const { stderr } = await runner.run([
      'crawl',
      runner.path('list.txt'),
      '--handler',
      file,
      '--crawl',
      'c',
      '--quiet',
      ...limits,
      '--no-adaptive',
    ]);
    const records = await runner.results('c');
    assert.equal(records.length, Object.keys(table).length, stderr);
    for (const { url, error, items, attempts } of records) {
      const name = url.slice(url.lastIndexOf('/') + 1);
      const [, [first, second], runs = 1] = table[name] ?? assert.fail(url);
      if (second instanceof RegExp) {
        assert.equal(error?.code, first, `${name}: ${error?.message}`);
        assert.match(error?.message ?? '', second);
      } else {
        assert.deepEqual(
          items?.map(({ item }) => item),
          [first],
          `${name}: ${error?.message}`,
        );
      }
      assert.equal(attempts, runs, name);
    }
    const post = api.asked.find(({ path }) => path === '/post');
    assert.deepEqual([post?.method, post?.headers['x-own'], post?.body], ['POST', '1', 'b']);
    assert.equal(api.asked.filter(({ path }) => path.startsWith('/data?m')).length, 100);
    assert.ok(!api.asked.some(({ path }) => path.startsWith('/no/')));
    assert.ok((await runner.status('c')).accepted === records.length, 'what is fetched is no request');
    await until(() => api.open.size === 0, { what: 'the hanging fetches to be given up' });
  });

for (const blocking of [false, true])
  test(`a host that asks to come later gets no fetch of a handler before; a page without a start in time is postponed (blocking: ${blocking})`, async (t) => {
    const [pages, api] = [await startApi(t), await startApi(t)];
    const runner = await openCommandRunner();
    const file = await handlerFile(
      runner,
      `export default defineHandler({
  name: 'later', timeoutMs: 3000, blocking: ${blocking},
  async run({ page, emit, fetch, request }) {
    if (page.url.endsWith('later')) emit((await fetch('${api.url}/later')).status);
    else emit([(await fetch('${api.url}/data')).status, request.attempt]);
    const [hop] = await Promise.all([fetch('${api.url}/moved'), fetch('${api.url}/data?2')]);
    emit(hop.url);
  },
});
`,
    );
    await writeFile(runner.path('list.txt'), `${pages.url}/p/later\n`);
    const args = ['--handler', file, '--quiet', '--allow-private', '127.0.0.1', '--attempts', '1'];
    const { code, stderr } = await runner.run(['crawl', runner.path('list.txt'), '--crawl', 'a', ...args]);
    assert.equal(code, 0, stderr);
    const after = api.asked.findIndex(({ path }) => path === '/later');
    const [told, next] = [api.asked[after], api.asked[after + 1]];
    assert.ok((next?.at ?? 0) - (told?.at ?? 0) >= 990, 'the pause was kept');

    // An operator's pause of the host: the page takes no attempt, and comes again when it is over.
    const count = api.asked.length;
    const host = new URL(api.url).host;
    const consuming = runner.start(['consume', '--handler', file]);
    await runner.run(['hosts', 'pause', host, '--for', '6s']);
    const pausedAt = performance.now();
    await writeFile(runner.path('list.txt'), `${pages.url}/p/other\n`);
    const later = await runner.run(['crawl', runner.path('list.txt'), '--crawl', 'b', ...args]);
    consuming.kill('SIGTERM');
    assert.equal(later.code, 0, later.stderr);
    const [first] = api.asked.slice(count);
    assert.ok((first?.at ?? 0) - pausedAt > 5000, `asked after ${(first?.at ?? 0) - pausedAt} ms`);
    const [record] = await runner.results('b');
    assert.deepEqual(record?.items?.[0]?.item, [200, 1]);
  });
