import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test, { describe } from 'node:test';
import { type DroverProcess, spawnProgram, until } from './signals.ts';
import { temporaryDirectory, temporaryFile } from './temporary.ts';

const inline = (script: string, options = {}) => spawnProgram(['-e', script], options);

test('until gives what its condition gave, at once when it holds', async () => {
  assert.equal(await until(() => 7, { what: 'seven', deadlineMs: 0 }), 7);
});

test('until says what it waited for in vain', async () => {
  await assert.rejects(
    until(() => false, { what: 'the moon', deadlineMs: 20 }),
    /waited 20 ms in vain for the moon/,
  );
});

test('a line is found in either output, before it comes and after it has come', async () => {
  const program = inline(
    `console.log('one'); console.error('two'); setTimeout(() => console.log('three'), 50)`,
  );
  assert.equal(await program.line(/thr/), 'three');
  assert.equal(await program.line(/^o/), 'one');
  assert.equal(await program.line(/^t/), 'three');
  assert.deepEqual(await program.exit, { code: 0, signal: null });
  assert.equal(program.stderr(), 'two\n');
});

test('a line that never comes is told with the output there was', async () => {
  const program = inline(`process.stdout.write('half a line'); process.exitCode = 3`);
  await assert.rejects(program.line(/other/), /ended without .*other[\s\S]*half a line/);
  assert.equal(await program.line(/half/), 'half a line');
  assert.equal((await program.exit).code, 3);
});

test('input and environment reach the program', async () => {
  const script = `process.stdin.pipe(process.stdout); console.error(process.env.COLOUR)`;
  const program = inline(script, { input: 'hello', env: { COLOUR: 'red' } });
  await program.exit;
  assert.deepEqual([program.stdout(), program.stderr()], ['hello', 'red\n']);
});

test('the end of a program is told even while something it left behind holds its output', async () => {
  const program = inline(`
    require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' }).unref(); console.log('left')`);
  assert.deepEqual(await program.exit, { code: 0, signal: null });
});

test('a directory of a file is gone when the file has ended', async () => {
  const temporary = new URL('temporary.ts', import.meta.url).href;
  const script = `
    import test, { before } from 'node:test'; import { existsSync } from 'node:fs';
    import { temporaryDirectory } from ${JSON.stringify(temporary)};
    let directory;
    before(async () => { directory = await temporaryDirectory(); });
    test('', () => console.log(existsSync(directory) + ' ' + directory));`;
  const program = spawnProgram(['--input-type=module', '-e', script]);
  const [there, directory = ''] = (await program.line(/drover-test/)).split(' ');
  assert.equal(there, 'true');
  await program.exit;
  assert.ok(!existsSync(directory));
});

test('a drover that waits for its Redis ends with a test that was killed', async () => {
  const [signals, redis] = ['signals.ts', 'redis.ts'].map((file) => new URL(file, import.meta.url).href);
  const script = `
    import { spawnDrover } from ${JSON.stringify(signals)}; import { startTestRedis } from ${JSON.stringify(redis)};
    import test from 'node:test';
    test('', async () => {
      const { url } = await startTestRedis();
      const env = { REDIS_URL: url, DROVER_DATA_DIR: process.env.DIRECTORY };
      const args = ['crawl', 'http://127.0.0.1:9/', '--attempts', '100', '--grace', '1s'];
      const drover = spawnDrover(args, { env });
      await drover.line(/^crawl /);
      console.log('drover ' + drover.child.pid);
      await drover.exit;
    });`;
  const env = { DIRECTORY: await temporaryDirectory() };
  const killed = spawnProgram(['--input-type=module', '-e', script], { env });
  const pid = Number((await killed.line(/drover \d/)).replace(/.*drover /, ''));
  killed.kill('SIGKILL');
  await until(() => hasEnded(pid), { what: 'its end' });
});

describe('after its test', () => {
  let program: DroverProcess;
  let sleeperPid: number;
  let directory: string;
  let file: string;

  test('(which starts a process that starts another)', async () => {
    program = inline(`
      const sleeper = require('child_process').spawn('sleep', ['60']); console.log(sleeper.pid); setInterval(() => {}, 1000)`);
    sleeperPid = Number(await program.line(/\d/));
    directory = await temporaryDirectory();
    file = await temporaryFile('list.txt', 'a\n');
    assert.ok(existsSync(directory) && existsSync(file));
  });

  test('the whole group is gone', async () => {
    assert.equal((await program.exit).signal, 'SIGKILL');
    await until(() => hasEnded(sleeperPid), { what: 'the end of the grandchild' });
  });

  test('its temporary directories are still there, to be gone after the file', () => {
    assert.ok(existsSync(directory) && existsSync(file));
  });
});

/**
 * Whether the process has ended. It may still exist as a zombie, which in a container perhaps no parent
 * removes.
 */
function hasEnded(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
