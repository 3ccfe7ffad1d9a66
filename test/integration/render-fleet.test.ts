// Pages for browsers in a fleet of which one consumer has a browser; what is left when one is killed.
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { chromiumPath } from '../support/api/browser.ts';
import { openFleets } from '../support/fleets.ts';
import { isRunning, processesBelow } from '../support/render/processes.ts';
import { type ScriptedSite, startScriptedSite } from '../support/render/site.ts';
import { until } from '../support/signals.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const skip = chromiumPath() === null && 'there is no Chromium here';
const fleets = openFleets();
const made = "document.getElementById('app').textContent = 'made of ' + location.pathname;";
let site: ScriptedSite;

before(async () => {
  site = await startScriptedSite({
    '/made/': `const script = document.createElement('script');
      script.src = '/app.js';
      script.onload = () => { document.getElementById('app').textContent = window.shared + location.pathname; };
      document.body.append(script);`,
    '/plain/': made,
    '/endless/': 'for (;;) {}',
  });
});
after(() => site?.stop());

const list = (path: string, count: number, more: object) =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({ url: `${site.urls.site}${path}${index}`, ...more }),
  ).join('\n');

const chromiums = (pid: number) =>
  processesBelow(pid).filter(({ command }) => command.includes('headless-shell'));

test('pages for a browser wait for the consumer that has one, and others go on', { skip }, async () => {
  const { runner, fleet } = await fleets.open();
  const lines = `${list('/plain/', 10, {})}\n${list('/made/', 30, { render: true })}\n`;
  await writeFile(runner.path('seeds.ndjson'), lines);
  const limits = ['--per-host', '8', '--timeout-render', '5s'];
  const offered = await runner.run(['enqueue', runner.path('seeds.ndjson'), '--crawl', 'f', ...limits]);
  assert.equal(offered.code, 0, offered.stderr);
  const plain = runner.start(['consume', '--processes', '1']);
  await plain.line(/has one|E_RENDER_NONE|there is none here/);
  await until(async () => (await runner.status('f')).recorded === 10, { what: 'the plain pages' });
  const explained = await runner.run(['explain', `${site.urls.site}/made/3`, '--crawl', 'f']);
  assert.match(explained.stdout, /waiting for a consumer that has a browser|in its lane|lane/);
  assert.match(explained.stdout, /a browser makes the page/);
  assert.ok((await fleet.redis.zcard(fleet.keys.renders)) > 0);

  const own = runner.start(['consume', '--processes', '1', '--render', '2']);
  await until(async () => (await runner.status('f')).state === 'finished', {
    ...{ what: 'the end', deadlineMs: 60_000, everyMs: 300 },
  });
  const processes = chromiums(own.child.pid ?? 0);
  const renderers = processes.filter(({ command }) => command.includes('--type=renderer'));
  assert.ok(processes.length > 0 && renderers.length <= 4, `${renderers.length} renderers are left`);
  const records = await runner.results('f');
  assert.equal(records.length, 40);
  for (const { url, rendered, body, attempts } of records) {
    const { pathname } = new URL(url);
    assert.equal(attempts, 1);
    if (pathname.startsWith('/plain/')) assert.equal(rendered, null);
    else assert.match(body ?? '', new RegExp(`from app.js${pathname}<`));
  }
  const scripts = site.asked.filter((line) => line.endsWith('/app.js')).length;
  assert.ok(scripts < 10, `the script that all pages share was asked for ${scripts} times`);
  const after = await runner.run(['explain', `${site.urls.site}/made/3`, '--crawl', 'f']);
  assert.match(after.stdout, /a browser made the page in .* requests/);
  const counts = await runner.status('f');
  assert.equal(counts.recorded, 40, 'what pages in browsers ask for is no page');
  own.kill('SIGTERM');
  plain.kill('SIGTERM');
  assert.equal((await own.exit).code, 0);
  assert.ok(!processes.some(({ pid }) => isRunning(pid)), 'it leaves no process behind');
});

test('a tab that is killed, and a page without end, cost an attempt each', { skip }, async () => {
  const { runner } = await fleets.open();
  const running = runner.start([
    ...['crawl', `${site.urls.site}/endless/1`, '--crawl', 'e', '--render', '--render-pages', '1'],
    ...['--timeout-render', '2s', '--attempts', '2', '--backoff', '10ms', '--processes', '1'],
  ]);
  const tab = await until(
    () => chromiums(running.child.pid ?? 0).find(({ command }) => command.includes('--type=renderer')),
    { what: 'a tab', deadlineMs: 20_000 },
  );
  await until(() => site.asked.includes('127.0.0.1 /endless/1'), { what: 'the page' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const { pid, command } of chromiums(running.child.pid ?? 0))
    if (command.includes('--type=renderer')) process.kill(pid, 'SIGKILL');
  assert.ok(tab);
  assert.equal((await running.exit).code, 1);
  const [record] = await runner.results('e');
  assert.equal(record?.error?.code, 'E_RENDER_TIMEOUT');
  assert.equal(record?.attempts, 2);
  const { stdout } = await runner.run(['explain', `${site.urls.site}/endless/1`, '--crawl', 'e', '--json']);
  assert.match(stdout, /E_RENDER_CRASHED/, 'the first attempt');
});

test('a killed consumer leaves no browser behind, even with a page that computes for ever', {
  skip,
}, async () => {
  const { runner } = await fleets.open();
  const temporary = await temporaryDirectory('left');
  const running = runner.start(
    [
      ...['crawl', `${site.urls.site}/endless/2`, '--crawl', 'k', '--render', '--timeout-render', '1m'],
      ...['--processes', '1'],
    ],
    { env: { TMPDIR: temporary } },
  );
  const pid = running.child.pid ?? 0;
  await until(() => site.asked.includes('127.0.0.1 /endless/2'), { what: 'the page', deadlineMs: 20_000 });
  const processes = await until(
    () => {
      const all = chromiums(pid);
      return all.some(({ command }) => command.includes('--type=renderer')) && all;
    },
    { what: 'the browser', deadlineMs: 20_000 },
  );
  running.kill('SIGKILL');
  await running.exit;
  await until(() => !processes.some((one) => isRunning(one.pid)), { what: 'the end of all its processes' });
  const left = (await readdir(temporary)).filter((name) => /browser|playwright/.test(name));
  assert.equal(left.length, 2, `${left}: its own folder and the profile`);
  const next = runner.start(
    ['crawl', `${site.urls.site}/plain/1`, '--crawl', 'n', '--render', '--processes', '1'],
    { env: { TMPDIR: temporary } },
  );
  assert.equal((await next.exit).code, 0, next.stderr());
  assert.deepEqual(
    (await readdir(temporary)).filter((name) => /browser|playwright/.test(name)),
    [],
    'the next one removes what was left, and leaves nothing',
  );
});
