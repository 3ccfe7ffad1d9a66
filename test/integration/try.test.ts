// drover try: a handler on one page, and nothing is changed.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { TriedPage } from '../../src/handlers/try-page.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { violationsOf } from '../support/politeness/auditor.ts';
import { startSite } from '../support/site/site.ts';

const handler = `import { defineHandler } from 'drover';
export default defineHandler({
  name: 'tried',
  match: { type: 'text/html' },
  run({ page, emit, enqueue, request, log }) {
    log.info('looking', { label: request.label });
    if (page.url.endsWith('/p/3')) throw new Error('three');
    emit({ title: page.$('title').text(), data: request.userData });
    enqueue(['/p/1', 'http://other.example/', 'mailto:a@b.example'], { label: 'next' });
  },
});
`;

test('one page is fetched and handled; what would be emitted and enqueued is printed, and nothing is kept', async (t) => {
  const site = await startSite({
    ...{ pages: 10, robots: 'User-agent: *\nDisallow: /p/9\n' },
    behaviours: { '/p/8': { status: 429, retryAfter: 3 } },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const file = runner.path('handler.ts');
  await writeFile(file, handler);
  const tried = async (path: string, ...more: string[]) =>
    runner.run(['try', `${site.url}${path}`, '--handler', file, ...more]);

  const shown = await tried('/p/2', '--label', 'own', '--user-data', '{"n":1}');
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stderr, /^info: looking \{"label":"own"\}$/m);
  assert.doesNotMatch(shown.stderr, /leaves out/);
  const more = await tried('/p/2', '--login', 'login.ts', '--render');
  assert.match(more.stderr, /^drover try leaves out --login, --render: a crawl may get another page$/m);
  const lines = shown.stdout.split('\n');
  assert.match(lines[1] ?? '', /^200 text\/html.*, 10 kB, \d+ ms$/);
  assert.deepEqual(lines.slice(2), [
    'handler tried',
    '1 item',
    '  {"title":"Page 2","data":{"n":1}}',
    '2 requests',
    `  GET ${site.url}/p/1 {"label":"next"}`,
    '  GET http://other.example/ {"label":"next"} (left out: E_SCOPE)',
    '1 left out: E_URL_SCHEME',
    '',
  ]);
  const json = JSON.parse((await tried('/p/2', '--json')).stdout) as TriedPage;
  assert.deepEqual([json.handler, json.items.length, json.requests[1]?.leftOut], ['tried', 1, 'E_SCOPE']);

  const failed = await tried('/p/3');
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /E_HANDLER: .*Error: three, at .*handler\.ts:7:/);
  const refused = await tried('/p/9');
  assert.deepEqual([refused.code, /E_ROBOTS: /.test(refused.stdout)], [1, true]);
  assert.equal((await tried('/p/9', '--ignore-robots')).code, 0);
  assert.match(
    (await tried('/p/8')).stdout,
    /^E_RATE_LIMITED: The host has asked to come later\. Status 429\.$/m,
  );
  const bare = await runner.run(['try', `${new URL(site.url).host}/p/2`, '--handler', file]);
  assert.deepEqual([bare.code, bare.stdout.split('\n')[0]], [0, `${site.url}/p/2`]);
  assert.match(bare.stderr, /http is assumed/);
  assert.equal((await runner.run(['try', `${site.url}/`])).code, 2, 'without a handler');
  assert.ok(!existsSync(join(runner.dir, 'data')), 'nothing is kept');
});

for (const blocking of [false, true])
  test(`what a handler fetches is fetched: by robots.txt, the guard, and the delay of the host (blocking: ${blocking})`, async (t) => {
    const site = await startSite({
      pages: 10,
      hosts: 2,
      punctual: true,
      robots: 'User-agent: *\nDisallow: /p/9\n',
    });
    t.after(() => site.stop());
    const runner = await openCommandRunner();
    const file = runner.path('handler.mjs');
    await writeFile(
      file,
      `const codeOf = (asked) => asked.then(({ status }) => status, ({ code }) => code);
export default { name: 'f', blocking: ${blocking}, async run({ fetch, emit }) {
  emit(await Promise.all(['/p/1', '/p/2', '/p/9', '${site.urls[1]}/'].map((url) => codeOf(fetch(url)))));
} };\n`,
    );
    const { stdout, stderr } = await runner.run([
      'try',
      `${site.url}/`,
      '--handler',
      file,
      '--delay',
      '300',
      '--json',
    ]);
    assert.deepEqual((JSON.parse(stdout) as TriedPage).items, [[200, 200, 'E_ROBOTS', 'E_SSRF']], stderr);
    const log = (await site.log()).toSorted((a, b) => a.start - b.start);
    assert.deepEqual(log.map(({ path }) => path).slice(0, 2), ['/robots.txt', '/']);
    assert.equal(log.length, 4);
    assert.deepEqual(violationsOf(log.slice(1), { concurrency: 1, delayMs: 300 }, [], 10), []);
  });

test('--watch runs the handler again when its file is saved', async (t) => {
  const site = await startSite({ pages: 3 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const file = runner.path('handler.mjs');
  const code = (word: string) => `export default { name: 'w', run({ emit }) { emit('${word}'); } };\n`;
  await writeFile(file, code('before'));
  const watching = runner.start(['try', `${site.url}/`, '--handler', file, '--watch']);
  await watching.line(/"before"/);
  await watching.line(/waiting for the next save/);
  await writeFile(file, code('after'));
  await watching.line(/"after"/);
  watching.kill('SIGTERM');
  assert.equal((await watching.exit).code, 0);
});
