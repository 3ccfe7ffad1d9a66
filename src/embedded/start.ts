// Starts the embedded Redis. The caller must hold the lock.
import { execFile } from 'node:child_process';
import { appendFile, readFile, readlink, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DroverError } from '../errors.ts';
import { diskFailure, type RedisFiles, writeConfig } from './redis-files.ts';
import { startWarden, type Warden } from './warden.ts';
import { dial, say } from './wire.ts';

const startLimitMs = 10_000;
const startMark = '\n# drover starts';
const run = promisify(execFile);

/**
 * Starts the server, and resolves when it answers, even if it is still loading its data. Throws
 * E_REDIS_MISSING, E_REDIS_VERSION, E_DATA_DIR, E_DISK_FULL, or E_REDIS_START with the last lines of the log.
 */
export async function startServer(files: RedisFiles): Promise<void> {
  const version = await checkVersion();
  await endStray(files);
  const warden = await launch(files, version);
  const deadline = Date.now() + startLimitMs;
  while (!(await isAnswering(files))) {
    if (warden.hasEnded() || Date.now() > deadline) throw await startFailure(files);
    await sleep(3);
  }
}

async function launch(files: RedisFiles, version: string): Promise<Warden> {
  try {
    await writeConfig(files);
    await appendFile(files.log, `${startMark} ${new Date().toISOString()} redis-server ${version}\n`);
    return await startWarden(files);
  } catch (error) {
    throw diskFailure(files.dir, error);
  }
}

/** Whether a server accepts connections on the socket and answers. */
export async function isAnswering(files: RedisFiles): Promise<boolean> {
  const socket = await dial(files.socket);
  const reply = socket && (await say(socket, 'PING'));
  socket?.destroy();
  return reply !== null;
}

/**
 * The version of the redis-server in the PATH. It prints 'Redis server v=7.0.15 sha=…' or 'Valkey server
 * v=8.0.1 …'. Throws E_REDIS_MISSING if there is none, and E_REDIS_VERSION if it is older than 6.2.
 */
export async function checkVersion(): Promise<string> {
  const { stdout } = await run('redis-server', ['--version']).catch((cause) => {
    throw new DroverError('E_REDIS_MISSING', '', { cause });
  });
  const [, version, major, minor] = /\bv=((\d+)\.(\d+)[\w.]*)/.exec(stdout) ?? [];
  if (version === undefined || Number(major) < 6 || (Number(major) === 6 && Number(minor) < 2)) {
    throw new DroverError('E_REDIS_VERSION', `redis-server --version says: ${stdout.trim().slice(0, 100)}.`);
  }
  return version;
}

/**
 * Ends a server that still runs but cannot be reached because its socket was deleted. It would write into the
 * same append-only file as the new server.
 */
async function endStray(files: RedisFiles): Promise<void> {
  const pid = Number(await readFile(files.pidFile, 'utf8').catch(() => ''));
  if (!pid || !(await isServerOf(files, pid))) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 5000;
  while (await isServerOf(files, pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(5);
  }
}

/**
 * Whether the process is the server of this directory. The process id may meanwhile belong to another
 * program.
 */
async function isServerOf(files: RedisFiles, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    return directory === files.dir && /^(redis|valkey)/.test(name);
  }
  const { stdout } = await run('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return /(redis|valkey)-server/.test(stdout);
}

async function startFailure(files: RedisFiles): Promise<DroverError> {
  if (await isDiskFull(files)) return new DroverError('E_DISK_FULL', `${files.dir}.`);
  const last = (await readLastRun(files)).trim().split('\n').slice(-3).join(' ').slice(-600);
  return new DroverError('E_REDIS_START', `${files.log} ends: ${last || '(nothing)'}`);
}

/**
 * Whether the server ended because the disk is full. With `appendfsync always`, Redis then ends itself. Its
 * log says so, mostly as a short write, unless there was no space for the log either.
 */
export async function isDiskFull(files: RedisFiles): Promise<boolean> {
  const log = await readLastRun(files);
  if (/No space left on device|Disk quota exceeded|Short write while writing/.test(log)) return true;
  const { bavail, bsize } = await statfs(files.dir);
  return bavail * bsize < 65_536;
}

/** The log from the last start on. */
async function readLastRun(files: RedisFiles): Promise<string> {
  const log = await readFile(files.log, 'utf8').catch(() => '');
  return log.slice(log.lastIndexOf(startMark) + 1);
}
