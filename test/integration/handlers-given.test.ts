// Every way to give handlers to drover leads to the same items: the flag, the variable, drover.config, with
// crawl, consume and serve.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { ItemLine } from '../../src/records/export/items.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const handler = `import { defineHandler } from 'drover';
export default defineHandler({ name: 'given', run({ page, emit }) { emit(page.status); } });
`;

/** What stands in a folder beside the handler h.ts, and how it is given. */
const ways: { way: string; files?: Record<string, string>; args?: string[]; env?: Record<string, string> }[] =
  [
    { way: 'flag', args: ['--handler', 'h.ts'] },
    { way: 'variable', env: { DROVER_HANDLERS: './h.ts' } },
    { way: 'config-ts', files: { 'drover.config.ts': "export default { handlers: ['h.ts'] };" } },
    { way: 'config-json', files: { 'drover.config.json': '{"handlers": ["h.ts"]}' } },
    {
      way: 'config-objects',
      files: { 'drover.config.ts': "import h from './h.ts';\nexport default { handlers: [h] };" },
    },
  ];

test('handlers are given by flag, variable or config, as files or as objects, to crawl, consume and serve', async (t) => {
  const site = await startSite({ pages: 1 });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const wanted = [{ url: `${site.url}/p/0`, handler: 'given', item: 200 }];
  const folderOf = async (way: string, files: Record<string, string> = {}) => {
    const folder = join(runner.dir, way);
    await mkdir(folder);
    for (const [name, text] of Object.entries({ 'h.ts': handler, ...files }))
      await writeFile(join(folder, name), text);
    return folder;
  };
  await Promise.all(
    ways.map(async ({ way, files, args = [], env = {} }) => {
      const cwd = await folderOf(way, files);
      const crawl = ['crawl', `${site.url}/p/0`, '--depth', '0', '--crawl', way];
      // A consumer serves its own crawl alone, so the others do not take its page.
      const { code, stderr } = await runner.run([...crawl, ...args], {
        cwd,
        env: { ...env, DROVER_NAMESPACE: way },
      });
      assert.equal(code, 0, `${way}: ${stderr}`);
      assert.match(stderr, /\nItems\n {2}given {2}1\n/, way);
      const items = await runner.run(['items', way], { env: { DROVER_NAMESPACE: way } });
      assert.deepEqual(JSON.parse(items.stdout) as ItemLine, wanted[0], way);
    }),
  );

  const cwd = await folderOf('serving', { 'drover.config.json': '{"handlers": ["h.ts"]}' });
  const programs = [
    runner.start(['serve', '--port', '0', '--allow-private', '127.0.0.1'], {
      cwd,
      env: { DROVER_NAMESPACE: 'serve' },
    }),
    runner.start(['consume', '--processes', '2'], { cwd, env: { DROVER_NAMESPACE: 'consume' } }),
  ];
  for (const namespace of ['serve', 'consume']) {
    const env = { DROVER_NAMESPACE: namespace };
    await runner.run(['enqueue', `${site.url}/p/0`, '--depth', '0', '--crawl', namespace, '--quiet'], {
      env,
    });
    const isDone = async () =>
      JSON.parse((await runner.run(['status', namespace, '--json'], { env })).stdout).state === 'finished';
    await until(isDone, { what: `the crawl of ${namespace}`, deadlineMs: 30_000, everyMs: 200 });
    const items = await runner.run(['items', namespace], { env });
    assert.deepEqual(JSON.parse(items.stdout), wanted[0], namespace);
  }
  for (const program of programs) program.kill('SIGTERM');
  for (const program of programs) assert.equal((await program.exit).code, 0, program.stderr());
});
