// The bundle that npm runs in a checkout, made of the present sources.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundle, bundledDrover } from '../support/project/bundle.ts';
import { spawnProgram } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test('a defect is told with the files and lines of the sources, whether it is caught or not', async () => {
  const directory = await temporaryDirectory('bundle');
  const preload = join(directory, 'preload.mjs');
  const run = async (code: string) => {
    await writeFile(preload, code);
    const failing = spawnProgram(['--import', preload, bundledDrover(), 'status', '--data-dir', directory]);
    await failing.exit;
    return failing.stderr();
  };
  const broken = (how: string) => `process.stdout.write = () => ${how};`;
  const caught = await run(broken("{ throw new Error('broken') }"));
  assert.match(caught, /this is a defect of drover/);
  assert.match(caught, /^ +at .*\/cli\/status\.ts:\d+:\d+\)?$/m);
  const uncaught = await run(
    broken("{ const e = new Error('broken'); setImmediate(() => { throw e; }); return true; }"),
  );
  assert.doesNotMatch(uncaught, /this is a defect of drover/);
  assert.match(uncaught, /^ +at .*\/cli\/status\.ts:\d+:\d+\)?$/m);
  const line = Number(/status\.ts:(\d+)/.exec(uncaught)?.[1]);
  const source = await readFile(new URL('../../cli/status.ts', import.meta.url), 'utf8');
  assert.match(source.split('\n')[line - 1] ?? '', /stdout\.write/);
});

test('the packages in it come with their licences', async () => {
  const text = await readFile(join(bundle(), 'LICENSES.txt'), 'utf8');
  for (const name of ['bullmq', 'ioredis', 'zod', 'got', 'commander', 'tldts']) {
    const folder = new URL(`../../node_modules/${name}/`, import.meta.url);
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each)) ?? '';
    assert.ok(text.includes((await readFile(new URL(file, folder), 'utf8')).trim()), name);
  }
});

const handler = (name: string, page: number, more: string) => `import { defineHandler, Fatal } from 'drover';
const title: (page: { $: Function }) => string = (page) => page.$('title').text();
export default defineHandler({
  name: '${name}', match: { url: '*/p/${page}' }, ${more}
  run({ page }) {
    throw title(page) ? new Fatal(title(page)) : new Error('no title');
  },
});
`;

test('the bundle and the sources do the same: a crawl with handlers in TypeScript, on the loop, on a thread and in a process', {
  timeout: 120_000,
}, async (t) => {
  const site = await startSite({ pages: 3 });
  t.after(() => site.stop());
  const modes = { here: '', threaded: 'blocking: true,', apart: "blocking: true, isolate: 'process'," };
  const sources = fileURLToPath(new URL('../../cli/drover.ts', import.meta.url));
  const seen: unknown[] = [];
  for (const program of [sources, bundledDrover()]) {
    const cwd = await temporaryDirectory('bundle-handlers');
    for (const [page, [name, more]] of Object.entries(modes).entries())
      await writeFile(join(cwd, `${name}.ts`), handler(name, page, more));
    const drover = async (args: string[]) => {
      const ran = spawnProgram([program, ...args, '--quiet'], { cwd, env: { REDIS_URL: undefined } });
      const { code } = await ran.exit;
      assert.equal(code, 1, ran.stderr());
      return ran.stdout();
    };
    const handlers = Object.keys(modes).flatMap((name) => ['--handler', `${name}.ts`]);
    const crawled = await drover(['crawl', `${site.url}/`, '--json', '--per-host', '4', ...handlers]);
    const { counts } = JSON.parse(crawled);
    // Another copy of the package than the handlers import would not know their Fatal.
    assert.deepEqual([counts.errors, counts.retries], [{ E_HANDLER_FATAL: 3 }, 0]);
    seen.push(counts);
  }
  assert.deepEqual(seen[0], seen[1]);
});
