// What handlers fetch counts against the slots of its host, with all else that the fleet fetches there.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { violationsOf } from '../support/politeness/auditor.ts';
import { startSite } from '../support/site/site.ts';

const cases = [
  { concurrency: 2, delayMs: 0, where: 'inline' },
  { concurrency: 2, delayMs: 60, where: 'inline' },
  { concurrency: 2, delayMs: 0, where: 'on threads' },
  { concurrency: 2, delayMs: 60, where: 'on threads' },
];

for (const { where, ...limits } of cases)
  test(`two consumers keep ${limits.concurrency} at a time and ${limits.delayMs} ms at a host for pages and handlers (${where}) together`, async (t) => {
    const site = await startSite({
      pages: 60,
      linksPerPage: 0,
      punctual: true,
      behaviours: { '/p/*': { delayMs: 40 } },
    });
    t.after(() => site.stop());
    const runner = await openCommandRunner();
    await writeFile(
      runner.path('handler.ts'),
      `export default { name: 'more', blocking: ${where !== 'inline'}, async run({ page, fetch, emit }) {
  const n = Number(page.url.split('/').at(-1));
  const got = await Promise.all([20, 40].map((more) => fetch('/p/' + (n + more))));
  emit([process.pid, ...got.map(({ status }) => status)]);
} };\n`,
    );
    const urls = Array.from({ length: 20 }, (_, n) => `${site.url}/p/${n}\n`);
    await writeFile(runner.path('list.txt'), urls.join(''));
    const common = ['--handler', runner.path('handler.ts'), '-c', '8', '--quiet'];
    const consumer = runner.start(['consume', '--handler', runner.path('handler.ts'), '-c', '8']);
    await consumer.line(/consum/);
    const options = ['--per-host', `${limits.concurrency}`, '--delay', `${limits.delayMs}`, '--no-adaptive'];
    const crawl = ['crawl', runner.path('list.txt'), '--crawl', 'c', '--depth', '0'];
    const { code, stderr } = await runner.run([...crawl, ...options, ...common]);
    consumer.kill('SIGTERM');
    assert.equal(code, 0, stderr);
    const items = (await runner.results('c')).map(({ items }) => items?.[0]?.item as number[]);
    assert.deepEqual(new Set(items.map(([pid]) => pid)).size, 2, 'both consumers took part');
    for (const [, ...statuses] of items) assert.deepEqual(statuses, [200, 200]);
    const log = await site.log();
    assert.equal(log.filter(({ path }) => path.startsWith('/p/')).length, 60);
    assert.deepEqual(violationsOf(log, limits, [], 5), []);
  });

test('the fetches of a page that keeps its permit, as too much waits for handlers, come one after the other', async (t) => {
  // Two of these bodies are more than may wait, so the second page keeps its permit.
  const site = await startSite({
    ...{ pages: 2, linksPerPage: 0, bytes: 40_000_000, punctual: true },
    behaviours: { '/small/*': { status: 200, body: 'x', delayMs: 60 } },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  await writeFile(
    runner.path('handler.mjs'),
    `export default { name: 'more', blocking: true, async run({ fetch, emit }) {
  await new Promise((later) => setTimeout(later, 4000));
  emit((await Promise.all([1, 2, 3, 4].map((n) => fetch('/small/' + n)))).length);
} };\n`,
  );
  await writeFile(runner.path('list.txt'), `${site.url}/p/0\n${site.url}/p/1\n`);
  const crawl = ['crawl', runner.path('list.txt'), '--crawl', 'c', '--depth', '0', '--per-host', '10'];
  const bodies = ['--max-bytes', '50000000', '--body', 'none'];
  const more = [
    '--handler',
    runner.path('handler.mjs'),
    '-c',
    '2',
    '--threads',
    '2',
    '--quiet',
    '--no-adaptive',
  ];
  const { code, stderr } = await runner.run([...crawl, ...bodies, ...more]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    (await runner.results('c')).map(({ items }) => items?.[0]?.item),
    [4, 4],
  );
  const small = (await site.log()).filter(({ path }) => path.startsWith('/small/'));
  assert.equal(small.length, 8);
  const atOnce = small.map(
    ({ start }) => small.filter((one) => one.start <= start && one.end > start).length,
  );
  assert.ok(Math.max(...atOnce) <= 2, `${Math.max(...atOnce)} fetches at once, and 2 are allowed`);
});
