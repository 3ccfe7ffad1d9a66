// Cookies in crawls of the program: the server's own log shows what was sent to which page.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();

interface Came {
  path: string;
  cookie: string;
}

/** Pages behind a cookie: / sets it and leads to /p/1 … /p/9, each of which counts its visits in another. */
async function startShop(t: TestContext): Promise<{ url: string; came: Came[] }> {
  const came: Came[] = [];
  const server = createServer(({ url: path = '', headers: { cookie = '' } }, response) => {
    came.push({ path, cookie });
    const html = { 'content-type': 'text/html' };
    if (path === '/robots.txt') response.writeHead(200, { 'set-cookie': 'robot=1; Path=/' }).end('');
    else if (path === '/')
      response
        .writeHead(200, { ...html, 'set-cookie': ['in=1; Path=/; HttpOnly', 'secret=hush; Path=/; Secure'] })
        .end(Array.from({ length: 9 }, (_, i) => `<a href="/p/${i + 1}">${i + 1}</a>`).join(''));
    else if (path === '/hop')
      response.writeHead(302, { location: '/p/hop', 'set-cookie': 'hop=1; Path=/' }).end();
    else if (/in=1/.test(cookie)) response.writeHead(200, html).end(`<title>in</title>`);
    else response.writeHead(403).end('no');
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, came };
}

test('the pages of a crawl share a jar, robots.txt has no part in it, and a cancelled crawl leaves none', async (t) => {
  const shop = await startShop(t);
  const { runner, fleet } = await fleets.open();
  await writeFile(
    runner.path('h.ts'),
    `import { defineHandler } from 'drover';
    const visit = (path: string) => async ({ fetch, emit }: any) => {
      await fetch('/hop');
      emit((await fetch(path)).status);
    };
    export default [
      defineHandler({ name: 'here', match: { url: '**/p/9' }, run: visit('/p/again') }),
      defineHandler({ name: 'thread', match: { url: '**/p/8' }, blocking: true, run: visit('/p/thread') }),
    ];`,
  );
  const args = ['crawl', shop.url, '--crawl', 'in', '--quiet', '--handler', runner.path('h.ts')];
  const { code, stderr } = await runner.run([...args, '--header', 'Cookie: mine=1; in=0']);
  assert.equal(code, 0, stderr);
  const records = await runner.results('in');
  assert.deepEqual(
    records.map(({ status }) => status),
    Array(10).fill(200),
  );
  assert.deepEqual(
    records.flatMap(({ items }) => items?.map(({ item }) => item) ?? []),
    [200, 200],
  );
  const cookieAt = (path: string) => shop.came.find((each) => each.path === path)?.cookie ?? '';
  assert.equal(cookieAt('/robots.txt'), '');
  assert.equal(cookieAt('/'), 'mine=1; in=0');
  assert.match(cookieAt('/p/1'), /^mine=1; in=1; secret=hush/);
  for (const path of ['/p/hop', '/p/again', '/p/thread']) assert.match(cookieAt(path), /hop=1/, path);
  assert.ok(!shop.came.some(({ cookie }) => cookie.includes('robot=')));
  assert.equal(await fleet.redis.exists(fleet.keys.jar('in', '127.0.0.1')), 1);
  await runner.run(['forget', 'in']);
  assert.deepEqual(await fleet.redis.keys(`${fleet.namespace}:c:*`), []);
});

test('with --cookies off, nothing is kept, and a chain of redirects has its own', async (t) => {
  const shop = await startShop(t);
  const { runner, fleet } = await fleets.open();
  const { code } = await runner.run([
    'crawl',
    shop.url,
    `${shop.url}hop`,
    '--crawl',
    'off',
    '--quiet',
    '--cookies',
    'off',
  ]);
  assert.equal(code, 0);
  const byPath = (path: string) => shop.came.filter((each) => each.path === path).map(({ cookie }) => cookie);
  assert.deepEqual(byPath('/p/1'), ['']);
  assert.deepEqual(byPath('/p/hop'), ['hop=1']);
  assert.deepEqual(await fleet.redis.keys(`${fleet.namespace}:c:off:jar*`), []);
});
