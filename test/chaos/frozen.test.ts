import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';

const LOCK_MS = 1500;

test('a consumer frozen for three times the lock: another takes over, and the late one changes nothing', async (t) => {
  const asked: { path: string; answer: () => void }[] = [];
  // The first answer to /slow links to /early, the second to /late: only one of the two may ever be followed.
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path !== '/slow')
      return void response.setHeader('content-type', 'text/html').end(`<title>${path}</title>`);
    const serial = asked.length;
    asked.push({
      path,
      answer: () =>
        response
          .setHeader('content-type', 'text/html')
          .end(`<a href="/${serial === 0 ? 'early' : 'late'}">x</a>`),
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const runner = await openCommandRunner({ DROVER_LOCK_DURATION: String(LOCK_MS) });

  const first = runner.start(['consume', '--quiet']);
  assert.equal((await runner.run(['enqueue', `${url}/slow`, '--crawl', 'c', '--ignore-robots'])).code, 0);
  await until(() => asked.length === 1, { what: 'the first fetch' });
  first.kill('SIGSTOP');
  const frozenAt = performance.now();
  const second = runner.start(['consume', '--quiet']);
  await until(() => asked.length === 2, { what: 'another consumer to take over', deadlineMs: 20_000 });
  asked[1]?.answer();
  await until(async () => (await runner.status('c')).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 15_000,
    everyMs: 200,
  });
  const before = await runner.status('c');
  const results = await runner.results('c');
  await until(() => performance.now() - frozenAt > LOCK_MS * 3, { what: 'three locks', everyMs: 50 });
  asked[0]?.answer();
  first.kill('SIGCONT');
  // The late one has come to itself when it takes new work and ends it.
  second.kill('SIGTERM');
  await second.exit;
  assert.equal((await runner.run(['enqueue', `${url}/other`, '--crawl', 'd', '--ignore-robots'])).code, 0);
  await until(async () => (await runner.status('d')).state === 'finished', {
    what: 'the late one to work again',
    deadlineMs: 15_000,
    everyMs: 200,
  });
  assert.deepEqual(await runner.status('c'), before);
  assert.deepEqual(await runner.results('c'), results);
  assert.deepEqual(results.map((record) => new URL(record.url).pathname).sort(), ['/late', '/slow']);
  assertAddsUp(before);
});
