import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { recordsOf } from '../support/crawls.ts';
import { spawnProgram } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

const program = (url: string) => `import { createProducer } from 'drover';
const producer = await createProducer({ crawl: 'shop', depth: 0, timeoutConnect: '2s' });
const { accepted } = await producer.add(${JSON.stringify(url)});
console.log(producer.crawl, accepted, (await producer.counts()).waiting satisfies number);
await producer.close();
`;

/** The dashboard's own files, its libraries and the raw queues all come from the package. */
async function assertServes(t: test.TestContext, home: string): Promise<void> {
  const serving = spawnProgram(
    [join(home, 'node_modules/drover/dist/cli/drover.js'), 'serve', '--port', '0'],
    {
      cwd: home,
    },
  );
  t.after(() => serving.kill());
  const [url = ''] = /http:\/\/\S+/.exec(await serving.line(/^listening on /)) ?? [];
  const pages = [
    '/',
    '/assets/main.js',
    '/assets/uplot.js',
    '/assets/uplot.css',
    '/openapi.json',
    '/queues',
    '/docs/HANDLERS.md',
  ];
  for (const path of pages) assert.equal((await fetch(`${url}${path}`)).status, 200, path);
}

/** What `drover new` writes, installed as a user installs it, with the Node and npm of this machine. */
async function assertBegins(home: string, drover: (...args: string[]) => Promise<unknown>): Promise<void> {
  await drover('new', 'shop');
  const shop = join(home, 'shop');
  const npm = async (...args: string[]) =>
    (await run('npm', [...args], { cwd: shop, maxBuffer: 1e8, env: withoutSettings() })).stdout;
  // The packages are there already, so that npm has only to add what the project needs besides.
  await rename(join(home, 'node_modules'), join(shop, 'node_modules'));
  await npm('install', '--no-audit', '--no-fund', '--prefer-offline');
  await npm('run', 'crawl', '--', '--quiet');
  const printed = await npm('exec', 'drover', 'items', 'demo');
  const items = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).item);
  assert.equal(items.length, 256);
  assert.ok(items.some(({ name, year }) => name === 'Silver mantel clock' && year === 1920));
  assert.match(await npm('test'), /^. pass 3$/m);
  await npm('run', 'check');
}

/** The environment without what the tests, or whoever runs them, set for drover and Node. */
function withoutSettings(): NodeJS.ProcessEnv {
  // Certificates of the way to the registry are those of the machine.
  const own = /^(DROVER_|NODE_(?!EXTRA_CA_CERTS$)|npm_|REDIS_URL$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

test('the packed package, installed in an empty folder, answers --version, crawls, is imported with its types, writes a project that runs, and serves its dashboard', {
  timeout: 180_000,
}, async (t) => {
  const site = await startSite({ pages: 30 });
  t.after(() => site.stop());
  const dir = await temporaryDirectory('package');
  const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', dir], {
    cwd: root,
    maxBuffer: 1e8,
  });
  const tarball = /drover-[\w.-]+\.tgz/.exec(stdout)?.[0];
  assert.ok(tarball, stdout);
  const home = join(dir, 'home');
  await mkdir(home);
  await writeFile(join(home, 'package.json'), '{"private": true}');
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(dir, tarball)], {
    cwd: home,
    maxBuffer: 1e8,
  });
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const drover = (...args: string[]) => run(join(home, 'node_modules/.bin/drover'), args, { cwd: home });
  assert.equal((await drover('--version')).stdout.trim(), version);
  await drover('crawl', `${site.url}/`, '-o', 'pages.jsonl', '--per-host', '10', '--quiet');
  assert.equal((await recordsOf(join(home, 'pages.jsonl'))).length, 31);
  // Five lines of a program of the user's, with their types.
  await writeFile(join(home, 'enqueue.mts'), program(`${site.url}/p/1`));
  const checked = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
  const types = ['--typeRoots', join(root, 'node_modules/@types')];
  await run(join(root, 'node_modules/.bin/tsc'), [...checked, ...types, 'enqueue.mts'], { cwd: home });
  const { stdout: told } = await run(process.execPath, ['enqueue.mts'], { cwd: home });
  assert.equal(told, 'shop 1 1\n');
  await assertServes(t, home);
  await assertBegins(home, drover);
});

test('a checkout that is installed as a folder is built on the way', { timeout: 180_000 }, async () => {
  const home = await temporaryDirectory('package-folder');
  await writeFile(join(home, 'package.json'), '{"private": true}');
  const since = Date.now();
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', root], { cwd: home });
  const drover = join(home, 'node_modules/.bin/drover');
  assert.ok((await stat(drover)).mtimeMs >= since - 1000, 'the command is as old as the installation');
  assert.match((await run(drover, ['--version'], { cwd: home })).stdout, /^\d+\.\d+\.\d+\n$/);
});
