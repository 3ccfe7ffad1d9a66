import assert from 'node:assert/strict';
import { get } from 'node:http';
import test from 'node:test';
import { type DemoSite, startDemoSite } from '../../cli/demo/site.ts';

const site = await startDemoSite();
test.after(() => site.close());

/** Status, or "reset". Not followed: redirects. */
async function ask(
  path: string,
  of: DemoSite = site,
): Promise<{ status: number | 'reset'; headers: Headers; bytes: Buffer }> {
  try {
    const response = await fetch(new URL(path, of.url), { redirect: 'manual' });
    return {
      status: response.status,
      headers: response.headers,
      bytes: Buffer.from(await response.arrayBuffer()),
    };
  } catch (error) {
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
    assert.match(String(code), /ECONNRESET|UND_ERR_SOCKET/);
    return { status: 'reset', headers: new Headers(), bytes: Buffer.alloc(0) };
  }
}

/** All answers until one that asking again would not change, six at most. */
async function askThrough(path: string, of: DemoSite = site) {
  const statuses: (number | 'reset')[] = [];
  for (;;) {
    const answer = await ask(path, of);
    statuses.push(answer.status);
    const mayChange = answer.status === 'reset' || answer.status === 429 || answer.status === 500;
    if (!mayChange || statuses.length === 6) return { statuses, ...answer };
  }
}

/** Follows every link of the site, thirty at a time: path to what it answered in the end. */
async function wholeSite(of: DemoSite): Promise<Map<string, Awaited<ReturnType<typeof askThrough>>>> {
  const found = new Map<string, Awaited<ReturnType<typeof askThrough>>>();
  const known = new Set(['/']);
  const next = ['/'];
  while (next.length > 0) {
    const wave = next.splice(0, 30);
    const answers = await Promise.all(wave.map((path) => askThrough(path, of)));
    for (const [at, answer] of answers.entries()) {
      const path = wave[at] ?? '';
      found.set(path, answer);
      for (const [, href = ''] of answer.bytes.toString('latin1').matchAll(/href="([^"]+)"/g)) {
        const url = new URL(href, new URL(path, of.url));
        assert.equal(url.origin, new URL(of.url).origin, 'a link that leaves the site');
        if (!known.has(url.pathname + url.search)) next.push(url.pathname + url.search);
        known.add(url.pathname + url.search);
      }
    }
  }
  return found;
}

test('a crawl of the demonstration finds what it is told, with one page alone that never works', async () => {
  const found = await wholeSite(site);
  assert.equal(found.size, site.pages);
  assert.ok(found.size > 290 && found.size < 320, `${found.size} pages`);
  const notFine = [...found]
    .filter(([, { status }]) => status !== 200)
    .map(([path, { status }]) => `${path} ${status}`);
  assert.deepEqual(notFine.sort(), ['/directors-portrait 404', '/restoration 500', '/today 301']);
  const atFirst = [...found]
    .filter(([, { statuses }]) => statuses.length > 1)
    .map(([, { statuses }]) => statuses.join(' '));
  assert.deepEqual(atFirst.sort(), [
    '429 200',
    '500 200',
    '500 200',
    '500 500 200',
    '500 500 500 500 500 500',
    '500 reset 200',
    'reset 200',
    'reset reset 200',
  ]);
});

test('what failed at first is well from then on, and the rest shows what a crawl meets', async () => {
  assert.deepEqual((await askThrough('/visit/tickets')).statuses, [200]);
  assert.equal((await ask('/today')).headers.get('location'), '/visit/hours');
  assert.equal((await ask('/robots.txt')).bytes.toString(), 'User-agent: *\nDisallow: /archive/\n');
  assert.match((await ask('/about')).bytes.toString(), /href="\/archive\/box-1"/);

  const plan = await ask('/visit/plan.pdf');
  assert.equal(plan.headers.get('content-type'), 'application/pdf');
  assert.match(plan.bytes.toString(), /^%PDF-/);

  const cafe = await ask('/visit/cafe');
  assert.equal(cafe.headers.get('content-type'), 'text/html; charset=windows-1252');
  const title = /<title>(.*)<\/title>/.exec(new TextDecoder('windows-1252').decode(cafe.bytes))?.[1];
  assert.equal(title, 'Café “Zum alten Löffel” – from 3 €');

  assert.equal((await ask('/visit')).headers.get('content-encoding'), 'gzip');
  assert.ok((await ask('/guest-book')).bytes.includes('\x1b[31m'), 'a title with an escape sequence');
});

test('a host that is busy says for how long', async () => {
  const other = await startDemoSite();
  try {
    const answer = await ask('/visit/tickets', other);
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '1']);
  } finally {
    await other.close();
  }
});

test('two starts serve the same pages; beside one that runs already it takes another port, and stays on this machine', async () => {
  const other = await startDemoSite();
  try {
    assert.notEqual(other.url, site.url);
    assert.match(other.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    for (const path of ['/', '/rooms/clocks?page=2', '/objects/light-32']) {
      assert.deepEqual((await ask(path, other)).bytes, (await ask(path)).bytes);
    }
  } finally {
    await other.close();
  }
});

test('closing does not wait for a page that is slow', async () => {
  const other = await startDemoSite();
  const slow = get(new URL('/objects/clocks-24', other.url));
  const ended = new Promise((resolve) => slow.on('error', resolve));
  await new Promise((resolve) => slow.on('socket', (socket) => socket.on('connect', resolve)));
  await other.close();
  assert.equal(((await ended) as NodeJS.ErrnoException).code, 'ECONNRESET');
});
