// Hooks of handlers: before a request is sent, and after the handler has done its work.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';

const handlers = `import { defineHandler, Discard, Fatal, RetryAfter } from 'drover';
export default [
  defineHandler({ name: 'token', match: { type: 'image/png' }, before: async () => ({ headers: { Authorization: 'Bearer t' } }), run() {} }),
  defineHandler({
    name: 'hooked',
    match: { url: '/p/*' },
    before({ request }) {
      const path = new URL(request.url).pathname;
      if (path === '/p/refused') throw new Discard('not this one');
      if (path === '/p/fatal') throw new Fatal('never');
      if (path === '/p/again') throw new RetryAfter('50ms');
      if (path === '/p/wrong') return { url: 'http://other.example/' } as never;
      if (path === '/p/changed') return { headers: { 'x-own': 'yes' }, body: 'new' };
    },
    run({ emit, page }) { emit(page.url.slice(page.url.lastIndexOf('/'))); },
    async after({ items, page }) {
      if (page.url.endsWith('late')) throw new Discard('after ' + items[0]);
    },
  }),
];
`;

test('before changes what is sent or refuses it, of each handler that matches; after may still end the page otherwise', async (t) => {
  const asked = new Map<string, { token: string | undefined; own: unknown; body: string }>();
  const server = createServer(async (request, response) => {
    const { authorization: token, 'x-own': own } = request.headers;
    asked.set(request.url ?? '', { token, own, body: await text(request) });
    response
      .writeHead(request.url === '/robots.txt' ? 404 : 200, { 'content-type': 'text/html' })
      .end('<p>x');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const runner = await openCommandRunner();
  await writeFile(runner.path('hooks.ts'), handlers);
  const paths = ['plain', 'refused', 'fatal', 'again', 'wrong', 'late'].map((name) => `${url}/p/${name}`);
  const changed = JSON.stringify({ url: `${url}/p/changed`, method: 'POST', body: 'old' });
  await writeFile(runner.path('seeds.txt'), [...paths, `${url}/other`, changed].join('\n'));
  const args = [
    'crawl',
    runner.path('seeds.txt'),
    '--handler',
    runner.path('hooks.ts'),
    '--crawl',
    'c',
    '--quiet',
  ];
  const { code, stderr } = await runner.run([...args, '--attempts', '2', '--backoff', '20', '--depth', '0']);
  assert.equal(code, 1, stderr);
  const records = await runner.results('c');
  const ends = records.map(({ url: page, error, items }) => [page.slice(url.length), error?.code ?? items]);
  assert.deepEqual(Object.fromEntries(ends), {
    '/p/plain': [{ handler: 'hooked', item: '/plain' }],
    '/p/refused': 'E_HANDLER_REFUSED',
    '/p/fatal': 'E_HANDLER_FATAL',
    '/p/again': 'E_HANDLER_LATER',
    '/p/wrong': 'E_HANDLER_REQUEST',
    '/p/late': 'E_HANDLER_DISCARD',
    '/p/changed': [{ handler: 'hooked', item: '/changed' }],
    '/other': null,
  });
  for (const path of ['/p/refused', '/p/fatal', '/p/again', '/p/wrong']) assert.ok(!asked.has(path), path);
  assert.deepEqual(asked.get('/p/plain'), { token: 'Bearer t', own: undefined, body: '' });
  assert.deepEqual(asked.get('/p/changed'), { token: 'Bearer t', own: 'yes', body: 'new' });
  assert.equal((await runner.status('c')).refused, 1);
  asked.clear();
  const tried = async (path: string) =>
    (await runner.run(['try', `${url}${path}`, '--handler', runner.path('hooks.ts')])).stdout;
  assert.match(await tried('/p/refused'), /E_HANDLER_REFUSED: .*hooked: not this one/);
  assert.ok(!asked.has('/p/refused'));
  assert.match(await tried('/p/plain'), /^handler hooked$/m);
  assert.equal(asked.get('/p/plain')?.token, 'Bearer t');
});
