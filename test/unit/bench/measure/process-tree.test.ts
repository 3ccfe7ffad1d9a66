// What the benchmarks measure of a command: its own processes count, however deep they are started.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, steadyOf } from '../../../../bench/measure/process-tree.ts';

/** A shell that starts a shell that runs the script, and waits for it. */
const below = (script: string, ...args: string[]) => [
  'sh',
  '-c',
  'sh -c "$0" "$@"; exit $?',
  script,
  ...args,
];

test('the CPU time of a child of a child counts', async () => {
  const busy = 'while (process.cpuUsage().user < 300_000);';
  const { code, usage } = await runCommand(below('"$0" -e "$1"; exit $?', process.execPath, busy));
  assert.equal(code, 0);
  assert.ok(usage.cpuSeconds >= 0.3, `${usage.cpuSeconds} s`);
});

test('the peak of memory is that of all processes together', async () => {
  // The second one lives for some readings, and the first one as long as it.
  const second = 'const held = Buffer.alloc(80e6, 1); setTimeout(() => held, 600);';
  const first = `const held = Buffer.alloc(80e6, 1);
    require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(second)}]);
    held;`;
  const { usage } = await runCommand([process.execPath, '-e', first]);
  assert.ok(usage.peakBytes >= 160e6, `${usage.peakBytes}`);
  assert.ok(usage.steadyBytes > 0 && usage.steadyBytes <= usage.peakBytes, `${usage.steadyBytes}`);
});

test('a command past its time is killed with all that it started', async () => {
  const { isTooLate, stdout, code } = await runCommand(below('echo $$; sleep 60; exit $?'), { limitMs: 500 });
  assert.ok(isTooLate);
  assert.notEqual(code, 0);
  while (isRunning(Number(stdout.trim()))) await sleep(5);
});

/** Whether a process runs: one that was killed stays as a zombie until somebody asks how it ended. */
function isRunning(pid: number): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
  return /\) [^Z]/.test(stat);
}

test('the exit code and the output are those of the command', async () => {
  const { code, stdout, stderr } = await runCommand(['sh', '-c', 'echo a; echo b >&2; exit 7']);
  assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: 'a\n', stderr: 'b\n' });
});

test('a program that does not exist is an error that names it', async () => {
  await assert.rejects(runCommand(['no-such-program-at-all']), /no-such-program-at-all cannot be run/);
});

test('steady is the median of the second half', () => {
  assert.equal(steadyOf([1, 1, 1, 9, 5, 7]), 7);
  assert.equal(steadyOf([]), 0);
});
