// Starts the server of a place. The caller holds the lock.
import { execFile } from 'node:child_process';
import { appendFile, readFile, readlink, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DroverError } from '../errors.ts';
import { diskFailure, type Place, writeConfig } from './place.ts';
import { startWarden, type Warden } from './warden.ts';
import { dial, say } from './wire.ts';

const startLimitMs = 10_000;
const startMark = '\n# drover starts';
const run = promisify(execFile);

/**
 * Resolves when the server answers, be it only that it is loading. Throws E_REDIS_MISSING, E_REDIS_VERSION, E_DATA_DIR,
 * E_DISK_FULL, or E_REDIS_START with the last lines of its log.
 */
export async function startServer(place: Place): Promise<void> {
  const version = await checkVersion();
  await endStray(place);
  const warden = await launch(place, version);
  const deadline = Date.now() + startLimitMs;
  while (!(await answers(place))) {
    if (warden.hasEnded() || Date.now() > deadline) throw await startFailure(place);
    await sleep(3);
  }
}

async function launch(place: Place, version: string): Promise<Warden> {
  try {
    await writeConfig(place);
    await appendFile(place.log, `${startMark} ${new Date().toISOString()} redis-server ${version}\n`);
    return await startWarden(place);
  } catch (error) {
    throw diskFailure(place.dir, error);
  }
}

/** True if a server takes connections there and answers. */
export async function answers(place: Place): Promise<boolean> {
  const socket = await dial(place.socket);
  const reply = socket && (await say(socket, 'PING'));
  socket?.destroy();
  return reply !== null;
}

/** 'Redis server v=7.0.15 sha=…', 'Valkey server v=8.0.1 …'. Throws E_REDIS_MISSING or E_REDIS_VERSION. */
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
 * A server that lives but cannot be reached (its socket was deleted) would write into the same append-only file as the new
 * one: it must end first.
 */
async function endStray(place: Place): Promise<void> {
  const pid = Number(await readFile(place.pidFile, 'utf8').catch(() => ''));
  if (!pid || !(await isServerOf(place, pid))) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 5000;
  while (await isServerOf(place, pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(5);
  }
}

/** The process id may have been given to another program since. */
async function isServerOf(place: Place, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    return directory === place.dir && /^(redis|valkey)/.test(name);
  }
  const { stdout } = await run('ps', ['-p', String(pid), '-o', 'command=']).catch(() => ({ stdout: '' }));
  return /(redis|valkey)-server/.test(stdout);
}

async function startFailure(place: Place): Promise<DroverError> {
  if (await isDiskFull(place)) return new DroverError('E_DISK_FULL', `${place.dir}.`);
  const last = (await readLastRun(place)).trim().split('\n').slice(-3).join(' ').slice(-600);
  return new DroverError('E_REDIS_START', `${place.log} ends: ${last || '(nothing)'}`);
}

/**
 * True if the server ended for want of space, as it does with every write synced: its log says so (a write cut short is the
 * usual form), unless there was no space for that either.
 */
export async function isDiskFull(place: Place): Promise<boolean> {
  const log = await readLastRun(place);
  if (/No space left on device|Disk quota exceeded|Short write while writing/.test(log)) return true;
  const { bavail, bsize } = await statfs(place.dir);
  return bavail * bsize < 65_536;
}

/** What the log says of the last start and all that came after it. */
async function readLastRun(place: Place): Promise<string> {
  const log = await readFile(place.log, 'utf8').catch(() => '');
  return log.slice(log.lastIndexOf(startMark) + 1);
}
