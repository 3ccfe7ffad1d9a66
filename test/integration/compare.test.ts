// drover compare: the recommendation for a handler that computes and for one that waits synchronously,
// politeness, and what is said of wrong input.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import type { Comparison } from '../../src/compare/compare.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const handlerOf = (body: string) =>
  `export default { name: 'measured', match: { type: 'text/html' }, run({ page, emit }) { ${body} emit({ url: page.url, links: page.links.length }); } };\n`;
const computes = handlerOf(
  'const since = process.threadCpuUsage(); for (;;) { const { user, system } = process.threadCpuUsage(since); if (user + system >= 50_000) break; for (let n = 0; n < 10_000; n++) Math.sqrt(n); }',
);
const sleeps = handlerOf('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);');

async function openStage(t: TestContext, options: Partial<Parameters<typeof startSite>[0]> = {}) {
  const site = await startSite({ pages: 12, latencyMs: 50, ...options });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const urls = runner.path('urls.txt');
  await writeFile(
    urls,
    `${site.urls.flatMap((url) => [0, 1, 2, 3, 4, 5].map((n) => `${url}/p/${n}`)).join('\n')}\n`,
  );
  const handler = async (code: string) => {
    const file = runner.path('handler.mjs');
    await writeFile(file, code);
    return ['compare', '--urls', urls, '--handler', file];
  };
  return { site, runner, urls, handler };
}

/** What is recommended. Other work on the machine may spoil a measurement: it is made three times at most. */
async function comparisonOf(runner: CommandRunner, args: string[], wanted: string) {
  for (let times = 1; ; times++) {
    const [found] = await runner.json<Comparison>([...args, '--overwrite', '--json']);
    if (found?.recommendation === wanted) return { found, times };
    assert.ok(times < 3, JSON.stringify(found));
  }
}

describe('drover compare', { concurrency: 2 }, () => {
  test('a handler that computes gets a pool of threads, and the plot and the log of the server agree', async (t) => {
    const { site, runner, handler } = await openStage(t);
    const plot = runner.path('plot.svg');
    const args = await handler(computes);
    const more = ['--replica', '--sample', '3', '--budget', '12s', '--concurrencies', '6', '--threads', '2'];
    const { found, times } = await comparisonOf(runner, [...args, ...more, '--plot', plot], 'hybrid');
    assert.match(found.reason, /^The handler computes \d+ ms a page/);
    assert.deepEqual(found.settings.handler, { blocking: true });
    assert.ok(found.surety === null || found.runs.some(({ rounds }) => rounds >= 3), JSON.stringify(found));
    assert.ok(found.runs.some(({ mode, loopDelayP99Ms }) => mode === 'loop' && loopDelayP99Ms >= 40));
    assert.ok(
      found.runs.every(({ errors }) => Object.keys(errors).length === 0),
      JSON.stringify(found.runs),
    );
    const log = await site.log();
    const fetched = log.filter(({ path }) => path !== '/robots.txt').length;
    assert.equal(fetched, 3 * times, 'each URL was fetched once');
    assert.match(await readFile(plot, 'utf8'), /drover compare recommends hybrid/);
    const again = await runner.run([...args, '--plot', plot]);
    assert.deepEqual([again.code, /E_FILE_EXISTS/.test(again.stderr)], [2, true]);
  });

  test('a handler that waits synchronously gets many threads', async (t) => {
    const { runner, handler } = await openStage(t);
    const args = [...(await handler(sleeps)), '--replica', '--budget', '10s', '--concurrencies', '8'];
    const { found } = await comparisonOf(runner, [...args, '--threads', '2'], 'threads');
    assert.equal(found.threads, 8);
    assert.match(found.reason, /^The handler blocks its thread for \d+ ms a page .*a synchronous wait/);
  });

  test('without --replica the hosts keep their limits, and the output says that they limit', async (t) => {
    const { site, runner, handler } = await openStage(t, { robots: 'User-agent: *\nDisallow: /p/5\n' });
    const args = [...(await handler(handlerOf(''))), '--budget', '8s', '--per-host', '2'];
    const { code, stdout, stderr } = await runner.run(args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^recommendation: loop, /m);
    assert.match(stdout, /note: The hosts' limits are what limits: the sample has one host\s+and allows 2\s/);
    assert.match(stdout, /note: 1 of the sample could not be fetched/);
    const log = await site.log();
    assert.equal(log.filter(({ path }) => path === '/p/5').length, 0, 'robots.txt holds');
    const mostAtOnce = log.map(
      ({ start }) => log.filter((one) => one.start <= start && one.end > start).length,
    );
    assert.ok(Math.max(...mostAtOnce) <= 2, `${Math.max(...mostAtOnce)} at once`);
  });

  test('handlers that loop for ever or throw end as errors of their runs, and compare ends', async (t) => {
    const { runner, handler } = await openStage(t);
    const loops = handlerOf("if (page.url.endsWith('/p/1')) for (;;);").replace(
      'run(',
      'timeoutMs: 300, run(',
    );
    const args = [
      ...(await handler(loops)),
      '--replica',
      '--sample',
      '6',
      '--budget',
      '10s',
      '--concurrencies',
      '4',
    ];
    const { code, stdout, stderr } = await runner.run([...args, '--json']);
    assert.equal(code, 0, stderr);
    const { runs } = JSON.parse(stdout) as Comparison;
    const timedOut = runs.filter(({ errors }) => (errors.E_HANDLER_TIMEOUT ?? 0) > 0);
    assert.ok(
      timedOut.some(({ errorTexts }) => / had 300 ms/.test(errorTexts.E_HANDLER_TIMEOUT ?? '')),
      stdout,
    );
    const throws = await runner.run([
      ...(await handler(handlerOf("throw new Error('no');"))),
      '--replica',
      '--budget',
      '3s',
    ]);
    assert.deepEqual(
      [throws.code, /E_COMPARE/.test(throws.stderr), /E_HANDLER\)/.test(throws.stderr)],
      [2, true, true],
    );
  });

  test('a handler that fetches by itself is told in each mode that this is not measured, even if it catches that', async (t) => {
    const { site, runner, handler } = await openStage(t);
    const fetches = `export default { name: 'measured', async run({ fetch }) { await fetch('${site.url}/p/9').catch(() => null); } };\n`;
    const args = ['--replica', '--sample', '3', '--budget', '3s', '--concurrencies', '2', '--threads', '2'];
    const { code, stderr } = await runner.run([...(await handler(fetches)), ...args]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /compare measures no fetches of handlers \(http.*\/p\/9\)\. \(E_HANDLER_FETCH\).*E_COMPARE/s,
    );
    assert.equal((await site.log()).filter(({ path }) => path === '/p/9').length, 0);
    const onLoop = 'const { isMainThread, workerData } = await import("node:worker_threads");';
    for (const mode of ['hybrid']) {
      // It fetches in this mode alone: then the pages of this mode alone are errors.
      const inMode = {
        loop: 'connections === 10000',
        threads: 'connections === 1',
        hybrid: 'connections === undefined',
      }[mode];
      const only = `${onLoop} export default { name: 'measured', async run({ fetch, emit }) { const { connections } = isMainThread ? {} : workerData; if (${inMode}) await fetch('${site.url}/p/9'); emit({}); } };\n`;
      const [found] = await runner.json<Comparison>([...(await handler(only)), ...args, '--json']);
      for (const run of found?.runs ?? [])
        assert.equal(
          /measures no fetches/.test(run.errorTexts.E_HANDLER_FETCH ?? ''),
          run.mode === mode,
          JSON.stringify(run),
        );
    }
  });

  test('wrong input gets an error that says what to do', async (t) => {
    const { runner, urls, handler } = await openStage(t);
    const args = await handler(handlerOf(''));
    const failed = async (given: readonly string[]) => {
      const { code, stderr } = await runner.run(given);
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(await failed(['compare', '--urls', urls]), /needs URLs and a handler.*E_USAGE/s);
    assert.match(await failed(['compare', '--urls', runner.path('none.txt'), ...args.slice(3)]), /E_FILE/);
    await writeFile(runner.path('none.txt'), '# nothing\n');
    assert.match(
      await failed(['compare', '--urls', runner.path('none.txt'), ...args.slice(3)]),
      /no URL.*E_USAGE/s,
    );
    const other = await handler(
      "export default { name: 'other', match: { url: 'https://x.example/*' }, run() {} };",
    );
    assert.match(await failed(other), /accepts none of the 6 pages.*E_COMPARE/s);
    assert.match(await failed(await handler('export default { name: 1 };')), /E_HANDLER_FILE/);
    await writeFile(urls, `${await readFile(urls, 'utf8')}ftp://x.example/\n`);
    const bad = await failed([...(await handler(handlerOf(''))), '--budget', '2s', '--concurrencies', '1']);
    assert.match(bad, /urls\.txt, line 7: .*E_URL_SCHEME/);
  });

  test('Ctrl-C ends it at once, with its threads and its replica', async (t) => {
    const { site, runner, handler } = await openStage(t);
    const running = runner.start([...(await handler(sleeps)), '--replica'], {});
    // Each page of the sample is fetched before the first run, and robots.txt before them.
    await until(async () => (await site.log()).length > 6, {
      what: 'the sample was fetched',
      deadlineMs: 30_000,
    });
    const since = performance.now();
    running.killGroup('SIGINT');
    const { code } = await running.exit;
    assert.equal(code, 130, running.stderr());
    assert.ok(performance.now() - since < 2000);
  });
});
