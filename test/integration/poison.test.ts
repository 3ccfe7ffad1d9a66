// A page that kills each consumer that gets its answer, beside slow innocent pages: it is found out after few
// deaths, and the innocent pages are recorded.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';

/** Loaded into each consumer before anything else: the process ends itself when the poison has come. */
const killer = (deaths: string) => `
import { appendFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
subscribe('http.client.response.finish', ({ request, response }) => {
  if (!request.path.startsWith('/poison')) return;
  appendFileSync(${JSON.stringify(deaths)}, process.pid + '\\n');
  process.kill(process.pid, 'SIGKILL');
});
`;

test('a page that kills its consumers is dead after three deaths, and no page beside it suffers', async (t) => {
  const runner = await openCommandRunner();
  const [deaths, preload] = [runner.path('deaths'), runner.path('killer.mjs')];
  writeFileSync(preload, killer(deaths));
  const site = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/robots.txt') return void response.writeHead(404).end();
    const answer = () =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<title>${path}</title>`);
    setTimeout(answer, path.startsWith('/slow') ? 600 : 30);
  });
  site.listen(0, '127.0.0.1');
  await new Promise((resolve) => site.once('listening', resolve));
  t.after(() => site.close());
  const base = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const paths = [...Array.from({ length: 6 }, (_, n) => `/slow/${n}`), '/poison', '/page/1', '/page/2'];
  const seeds = runner.path('seeds.txt');
  writeFileSync(seeds, paths.map((path) => base + path).join('\n'));
  await runner.run(['enqueue', seeds, '--crawl', 'c', '--depth', '0', '--per-host', '20', '--attempts', '1']);
  const consumers = runner.start(['consume', '--processes', '2', '-c', '8'], {
    env: { NODE_OPTIONS: `--import ${preload}`, DROVER_LOCK_DURATION: '1000' },
  });
  await until(async () => (await runner.status('c')).state === 'finished', {
    what: 'the end of the crawl',
    deadlineMs: 60_000,
    everyMs: 200,
  });
  consumers.kill('SIGTERM');
  await consumers.exit;
  assert.ok(existsSync(deaths));
  assert.equal(readFileSync(deaths, 'utf8').trim().split('\n').length, 3, 'deaths');
  const records = await runner.results('c');
  const failed = records.filter(({ ok }) => !ok);
  assert.deepEqual(
    failed.map(({ url, error }) => [url, error?.code]),
    [[`${base}/poison`, 'E_STALLED']],
  );
  assert.match(
    failed[0]?.error?.message ?? '',
    /3 consumers died with it, 2 of them while they fetched nothing/,
  );
  assert.equal(records.length, paths.length);
  assert.ok(records.every(({ ok, attempts }) => !ok || attempts === 1));
});
