// The file of -o and other files that a user names: never overwritten silently, never written by two at once,
// and an error that names the file where it cannot be used.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { openCommandRunner, recordsOf } from '../support/crawls.ts';
import { bundledDrover } from '../support/project/bundle.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test('a file that has content is replaced only with --overwrite, and by one command at a time', async (t) => {
  const site = await startSite({ pages: 30 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const out = runner.path('out.jsonl');
  const crawl = ['crawl', `${site.url}/p/1`, '--depth', '0', '--quiet', '-o', out];
  await writeFile(out, ''); // as mktemp leaves it
  assert.equal((await runner.run([...crawl, '--crawl', 'a'])).code, 0);
  const first = await readFile(out, 'utf8');
  await symlink(out, runner.path('link'));
  for (const args of [
    [...crawl, '--crawl', 'a'],
    ['results', 'a', '-o', runner.path('link')],
    ['dead', 'export', '-o', out],
  ]) {
    const { code, stderr } = await runner.run(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, /-o \S+(out\.jsonl|link)\.\n.*--overwrite.*\(E_FILE_EXISTS\)/);
    assert.equal(await readFile(out, 'utf8'), first);
  }
  // Nothing began: the refusal comes before the crawl.
  assert.deepEqual((await runner.json<{ crawl: string }>(['status', '--json'])).length, 1);

  const slow = [
    'crawl',
    `${site.url}/`,
    '--crawl',
    'slow',
    '--delay',
    '200',
    '--quiet',
    '--overwrite',
    '-o',
    out,
  ];
  const running = runner.start(slow);
  await until(async () => (await runner.status('slow').catch(() => null))?.recorded, {
    what: 'its first page',
  });
  const busy = await runner.run(['results', 'a', '--overwrite', '-o', out]);
  assert.equal(busy.code, 2);
  assert.match(busy.stderr, /another command.*E_FILE_BUSY/is);
  // A crawl that was killed goes on with the same command, although its lock is still there.
  running.kill('SIGKILL');
  await running.exit;
  assert.ok((await readdir(runner.dir)).includes('out.jsonl.lock'));
  const again = await runner.run(slow.map((word) => (word === '200' ? '0' : word)));
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await recordsOf(out)).length, 31);
  assert.deepEqual((await readdir(runner.dir)).toSorted(), ['data', 'link', 'out.jsonl']);
  assert.equal((await runner.run(['results', 'slow', '-o', '/dev/null'])).code, 0);
});

const program = bundledDrover();
const NOBODY = 65_534;

test('every file that a user names and may not use is named by E_FILE or E_DATA_DIR, and never blamed on Redis', async () => {
  const dir = await temporaryDirectory('files');
  const at = (name: string) => join(dir, name);
  await Promise.all(['data', 'closed', 'locked'].map((name) => mkdir(at(name))));
  await writeFile(at('file'), 'x');
  await writeFile(at('list.txt'), 'http://127.0.0.1:1/\n');
  await writeFile(at('drover.config.json'), '{}');
  // Root may do everything, so the command runs as another user.
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  await Promise.all([chmod(dir, 0o755), chmod(at('data'), 0o777)]);
  for (const name of ['closed', 'list.txt', 'drover.config.json']) await chmod(at(name), isRoot ? 0o700 : 0);
  await chmod(at('locked'), 0o555);
  const crawl = ['crawl', 'http://127.0.0.1:1/', '--data-dir', at('data')];
  const rows: [args: string[], path: string, code: string, cwd?: string][] = [
    [[...crawl, '-o', at('closed/x')], at('closed/x'), 'E_FILE'],
    [[...crawl, '-o', at('locked/x')], at('locked/x'), 'E_FILE'],
    [[...crawl, '-o', at('file/x')], at('file/x'), 'E_FILE'],
    [[...crawl, '-o', at('locked')], at('locked'), 'E_FILE'],
    [['dead', 'export', '-o', at('locked/x'), '--data-dir', at('data')], at('locked/x'), 'E_FILE'],
    [['crawl', at('list.txt'), '--data-dir', at('data')], at('list.txt'), 'E_FILE'],
    [['enqueue', at('closed/list.txt'), '--data-dir', at('data')], at('closed/list.txt'), 'E_FILE'],
    [['crawl', at('file/list.txt'), '--data-dir', at('data')], at('file/list.txt'), 'E_FILE'],
    [[...crawl], at('drover.config.json'), 'E_FILE', dir],
    [['status', '--data-dir', at('locked/d')], at('locked/d'), 'E_DATA_DIR'],
    [['status', '--data-dir', at('locked')], at('locked'), 'E_DATA_DIR'],
  ];
  for (const [args, path, code, cwd = '/'] of rows) {
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
      ...{ ...as, cwd, encoding: 'utf8' as const },
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, HOME: dir },
    });
    const told = `drover ${args.join(' ')}\n${stderr}`;
    assert.equal(status, code === 'E_FILE' ? 2 : 3, told);
    assert.ok(stderr.includes(path) && stderr.includes(`(${code})`), told);
    assert.doesNotMatch(stderr, /Redis/, told);
  }
});
