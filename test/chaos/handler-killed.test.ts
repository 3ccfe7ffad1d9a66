import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const PAGES = 1000;
const KILLS = 10;

/**
 * Page N emits three items and enqueues two requests, so that the pages are trees. There are many of them,
 * so that after a kill others wait besides those that were in hand.
 */
const ROOTS = 100;
const handler = `import { defineHandler } from 'drover';
export default defineHandler({
  name: 'tree',
  follow: false,
  async run({ page, emit, enqueue }) {
    const number = page.url.endsWith('/') ? -1 : Number(page.url.slice(page.url.lastIndexOf('/') + 1));
    for (let k = 0; k < 3; k++) emit({ number, k });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const below = number < 0 ? Array.from({ length: ${ROOTS} }, (_, root) => root) : [0, 1].map((k) => ${ROOTS} + 2 * number + k);
    for (const next of below) if (next < ${PAGES}) enqueue('/p/' + next, { label: 'page', userData: { parent: number } });
  },
});
`;

test('kill -9 at ten random moments: each item that a handler emits is there once, and so is each request', async (t) => {
  const site = await startSite({ pages: PAGES, latencyMs: 20 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  await writeFile(runner.path('tree.ts'), handler);
  const args = ['crawl', `${site.url}/`, '--handler', runner.path('tree.ts'), '--crawl', 'c', '--quiet'];
  const options = ['-c', '20', '--per-host', '20', '--max-chain', '100000'];
  for (let kill = 0; kill < KILLS; kill++) {
    const before = await site.ended();
    const started = performance.now();
    const drover = runner.start([...args, ...options]);
    const enough = before + 1 + Math.random() * (PAGES / (KILLS + 3));
    await until(async () => (await site.ended()) > enough, {
      what: `pages after kill ${kill}`,
      deadlineMs: 30_000,
    });
    t.diagnostic(
      `kill ${kill} after ${(await site.ended()) - before} pages, ${performance.now() - started} ms`,
    );
    drover.killGroup('SIGKILL');
    await drover.exit;
  }
  const last = await runner.run([...args, ...options]);
  const dead = await runner.json<{ url: string; error: unknown }>(['dead', 'list', 'c', '--json']);
  assert.deepEqual(dead, [], 'nothing is given up because its consumers were killed');
  assert.equal(last.code, 0, last.stderr);
  const records = await runner.results('c');
  assert.equal(records.length, PAGES + 1);
  assert.equal(new Set(records.map(({ url }) => url)).size, PAGES + 1);
  for (const { url, items, label, userData } of records) {
    const number = url.endsWith('/') ? -1 : Number(url.slice(url.lastIndexOf('/') + 1));
    const wanted = [0, 1, 2].map((k) => ({ handler: 'tree', item: { number, k } }));
    assert.deepEqual(items, wanted, url);
    assert.equal(label, number < 0 ? null : 'page');
    const parent = number < ROOTS ? -1 : Math.floor((number - ROOTS) / 2);
    if (number >= 0) assert.deepEqual(userData, { parent }, url);
  }
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded], ['finished', PAGES + 1]);
  assert.deepEqual(counts.items, { tree: 3 * (PAGES + 1) }, 'the crawl counts each item once');
});
