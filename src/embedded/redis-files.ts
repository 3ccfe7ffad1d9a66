// The files of the embedded Redis of a data directory: its directory, its socket, its configuration.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, realpath, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DroverError } from '../errors.ts';

export interface RedisFiles {
  /** <data directory>/redis, without symbolic links. */
  readonly dir: string;
  readonly socket: string;
  /** The lock file. It exists while a process starts or stops the server. */
  readonly lock: string;
  readonly pidFile: string;
  /** Contains the process id of the warden. */
  readonly wardenFile: string;
  readonly config: string;
  readonly log: string;
}

/** The path of a Unix socket may have 108 bytes on Linux and 104 on macOS, including the zero at its end. */
const socketPathLimit = 103;
const logLimit = 1_000_000;

/**
 * The files of a data directory's Redis. Makes their directory (mode 0700) if necessary. Throws E_DATA_DIR or
 * E_DISK_FULL.
 */
export async function prepareFiles(dataDir: string): Promise<RedisFiles> {
  try {
    await makeDirectory(resolve(dataDir, 'redis'));
    const dir = await realpath(join(dataDir, 'redis'));
    if ((await stat(dir)).mode & 0o077) await chmod(dir, 0o700);
    return {
      dir,
      socket: await socketPath(dir),
      lock: join(dir, 'lock'),
      pidFile: join(dir, 'redis.pid'),
      wardenFile: join(dir, 'warden.pid'),
      config: join(dir, 'redis.conf'),
      log: join(dir, 'redis.log'),
    };
  } catch (error) {
    throw diskFailure(dataDir, error);
  }
}

/**
 * Makes a directory and its parents (mode 0700), one by one: with the option `recursive`, Node 24 never
 * returns for a path below /proc. Other processes may make the same directories meanwhile. Throws the error
 * of the file system.
 */
export async function makeDirectory(path: string): Promise<void> {
  if (existsSync(path)) return;
  await makeDirectory(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/**
 * The path of the socket. It is in the data directory if the path is short enough. Otherwise it is in a
 * private directory within the system's temporary directory, and the file socket-path in the data directory
 * contains it.
 */
async function socketPath(dir: string): Promise<string> {
  const near = join(dir, 'redis.sock');
  if (Buffer.byteLength(near) <= socketPathLimit) return near;
  const note = join(dir, 'socket-path');
  // The file also names its own directory, because a copy of the data directory must not use the same socket.
  const [owner, noted] = (await readFile(note, 'utf8').catch(() => '')).split('\n');
  const hash = createHash('sha256').update(dir).digest('hex').slice(0, 16);
  const far = owner === dir && noted ? noted : join(tmpdir(), `drover-${hash}`, 'redis.sock');
  await makePrivate(join(far, '..'));
  if (noted !== far) await writeFile(note, `${dir}\n${far}\n`);
  return far;
}

/**
 * Makes a directory and checks that it belongs to this user and that nobody else has access: every user may
 * write into the temporary directory.
 */
async function makePrivate(path: string): Promise<void> {
  await makeDirectory(path);
  const { uid, mode } = await lstat(path);
  if (uid !== process.getuid?.() || mode & 0o077) {
    throw new DroverError('E_DATA_DIR', `${path} belongs to somebody else.`);
  }
}

/**
 * Writes redis.conf, and empties the log if it is too long. The options have their old names, which Valkey
 * and all versions of Redis since 6.2 know. Throws the error of the file system.
 */
export async function writeConfig(files: RedisFiles): Promise<void> {
  const settings: [string, string | number][] = [
    ['port', 0],
    ['unixsocket', files.socket],
    ['unixsocketperm', 700],
    ['dir', files.dir],
    ['pidfile', files.pidFile],
    ['logfile', files.log],
    ['save', ''],
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['aof-load-truncated', 'yes'],
    ['auto-aof-rewrite-percentage', 100],
    ['auto-aof-rewrite-min-size', '64mb'],
    ['maxmemory-policy', 'noeviction'],
    ['hash-max-ziplist-value', 512],
    ['list-compress-depth', 1],
    ['set-max-intset-entries', 512],
  ];
  const text = settings.map(([name, value]) => `${name} ${JSON.stringify(String(value))}\n`).join('');
  await replaceFile(files.config, text);
  const log = await stat(files.log).catch(() => null);
  if (log && log.size > logLimit) await truncate(files.log);
}

/** Replaces a file atomically. A running program that is reading the old file goes on reading that. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/**
 * The error of the file system as a DroverError: E_DISK_FULL if there is no space left, otherwise E_DATA_DIR.
 */
export function diskFailure(path: string, cause: unknown): DroverError {
  if (cause instanceof DroverError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new DroverError(full ? 'E_DISK_FULL' : 'E_DATA_DIR', `${path}: ${message}.`, { cause });
}
