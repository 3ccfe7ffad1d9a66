// Handlers with blocking: true, at work: the event loop stays free, no lock is lost, and what a kill repeats
// counts once.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const PAGES = 120;
const spin = (more: string) => `import { defineHandler } from 'drover';
export default defineHandler({
  name: 'computes', ${more}
  run({ page, emit, log }) {
    for (const end = performance.now() + 50; performance.now() < end; );
    log.info('computed');
    emit(page.url);
  },
});
`;

async function crawlBy(runner: CommandRunner, code: string, url: string, ...more: string[]) {
  await writeFile(runner.path('handler.ts'), code);
  await writeFile(
    runner.path('urls.txt'),
    Array.from({ length: PAGES }, (_, page) => `${url}/p/${page}`).join('\n'),
  );
  const args = ['crawl', runner.path('urls.txt'), '--handler', runner.path('handler.ts'), '--crawl', 'c'];
  return runner.run([...args, '--quiet', '-c', '50', '--per-host', '50', ...more]);
}

/** All lines of drover's log with this message. */
async function logged(runner: CommandRunner, message: RegExp): Promise<number> {
  const log = await readFile(join(runner.dir, 'data/drover.log'), 'utf8');
  return log.split('\n').filter((line) => message.test(line)).length;
}

test('50 ms of computing a page, with blocking: true: all pages wait for one thread for longer than a lock lasts, none is lost or taken twice, and the loop is free', async (t) => {
  const site = await startSite({ pages: PAGES });
  t.after(() => site.stop());
  const runner = await openCommandRunner({ DROVER_LOCK_DURATION: '3000' });
  const { code, stderr } = await crawlBy(runner, spin('blocking: true,'), site.url, '--threads', '1');
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /blocked the event loop/);
  const records = await runner.results('c');
  assert.equal(records.length, PAGES);
  for (const { url, items, attempts } of records)
    assert.deepEqual([items, attempts], [[{ handler: 'computes', item: url }], 1]);
  assert.equal(await logged(runner, /"computed"/), PAGES, 'a page was handled twice');
  assert.equal(await logged(runner, /E_LOCK_LOST|stalled/), 0);
});

test('no more threads start than pages need, however many there may be', async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux tells how many threads a process has');
  const site = await startSite({ pages: PAGES });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const code = `import { readdirSync } from 'node:fs';
const run = ({ emit }) => emit(readdirSync('/proc/self/task').length);
export default { name: 'counts', blocking: true, follow: false, run };
`;
  await writeFile(runner.path('handler.mjs'), code);
  const args = ['crawl', `${site.url}/p/1`, '--handler', runner.path('handler.mjs'), '--crawl', 'c'];
  const { code: ended, stderr } = await runner.run([...args, '--quiet', '--threads', '50']);
  assert.equal(ended, 0, stderr);
  const [record] = await runner.results('c');
  const threads = Number(record?.items?.[0]?.item);
  assert.ok(threads > 0 && threads < 50, `${threads} threads`);
});

test('the same on the event loop: the warning says blocking: true, and nothing is lost', async (t) => {
  const site = await startSite({ pages: PAGES });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const longer = spin('').replace('+ 50', "+ (page.url.endsWith('/p/1') ? 400 : 50)");
  const { code, stderr } = await crawlBy(runner, longer, site.url);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /handler computes on \S+ blocked the event loop for \d+ ms.*blocking: true/);
  assert.equal((await runner.results('c')).length, PAGES);
});

for (const where of ['blocking: true', "isolate: 'process'"])
  test(`kill -9 in the middle, with ${where}: each item and each request is there once, and no child process is left`, async (t) => {
    const site = await startSite({ pages: 200, latencyMs: 5 });
    t.after(() => site.stop());
    const runner = await openCommandRunner();
    await writeFile(
      runner.path('tree.ts'),
      `import { defineHandler } from 'drover';
export default defineHandler({
  name: 'tree', follow: false, ${where},
  run({ page, emit, enqueue }) {
    const number = Number(page.url.slice(page.url.lastIndexOf('/') + 1)) || 0;
    for (let k = 0; k < 3; k++) emit({ number, k });
    for (const end = performance.now() + 10; performance.now() < end; );
    for (const next of [2 * number + 1, 2 * number + 2]) if (next < 200) enqueue('/p/' + next);
    if (page.url.endsWith('/p/150')) for (;;);
  },
  timeoutMs: 1000,
});
`,
    );
    const args = ['crawl', `${site.url}/p/0`, '--handler', runner.path('tree.ts'), '--crawl', 'c', '--quiet'];
    const options = ['--per-host', '20', '--max-chain', '100000', '--threads', '2', '--attempts', '1'];
    for (const enough of [30, 90]) {
      const drover = runner.start([...args, ...options]);
      await until(async () => (await site.ended()) > enough, { what: `${enough} pages`, deadlineMs: 60_000 });
      const children = await childrenOf(drover.child.pid ?? 0);
      assert.equal(children.length, where === 'blocking: true' ? 0 : children.length);
      drover.kill('SIGKILL');
      await drover.exit;
      for (const pid of children)
        await until(async () => !(await isHandlerProcess(pid)), { what: `the end of ${pid}` });
    }
    const last = await runner.run([...args, ...options]);
    assert.equal(last.code, 1, last.stderr);
    const records = await runner.results('c');
    assert.equal(records.length, 200);
    assert.equal(new Set(records.map(({ url }) => url)).size, 200);
    for (const { url, items, error } of records) {
      const number = Number(url.slice(url.lastIndexOf('/') + 1));
      if (number === 150) assert.equal(error?.code, 'E_HANDLER_TIMEOUT');
      else
        assert.deepEqual(
          items,
          [0, 1, 2].map((k) => ({ handler: 'tree', item: { number, k } })),
          url,
        );
    }
    assertAddsUp(await runner.status('c'));
  });

/** The processes of handlers that a consumer has started, as far as Linux tells it. */
async function childrenOf(pid: number): Promise<number[]> {
  const numbers = (await readdir('/proc').catch(() => [])).map(Number).filter((number) => number > 0);
  const found = await Promise.all(
    numbers.map(async (number) => {
      const stat = await readFile(`/proc/${number}/stat`, 'utf8').catch(() => '');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return parent === pid && (await isHandlerProcess(number)) ? [number] : [];
    }),
  );
  return found.flat();
}

async function isHandlerProcess(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes('handlers/threads/child');
}
