// A lock for the set-up, so that it runs only once when several commands are started together in a fresh
// clone.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { Impossible, modified, modules } from './run.mjs';

const lockFile = join(modules, '.drover-setup.lock');

/**
 * Runs `work` under the lock. Other processes wait meanwhile, and then find the work done. Throws Impossible.
 */
export function withLock(work) {
  fs.mkdirSync(modules, { recursive: true });
  while (!takeLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  try {
    return work();
  } finally {
    fs.rmSync(lockFile, { force: true });
  }
}

function takeLock() {
  try {
    fs.writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new Impossible(`${modules} cannot be written: ${error.message}`);
    if (isStale()) fs.rmSync(lockFile, { force: true });
    return false;
  }
}

/**
 * Whether the lock was left by a process that was killed. A lock without content is either just being written
 * or was left empty.
 */
function isStale() {
  const age = Date.now() - modified(lockFile);
  try {
    const pid = Number(fs.readFileSync(lockFile, 'utf8'));
    if (!pid) return age > 2000;
    process.kill(pid, 0);
    return pid === process.pid || age > 1_800_000;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
