// Where the embedded Redis of a data directory lives: its files, its socket, its configuration.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, realpath, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DroverError } from '../errors.ts';

export interface Place {
  /** <data directory>/redis, without symbolic links. */
  readonly dir: string;
  readonly socket: string;
  /** Present while somebody starts or stops the server. */
  readonly lock: string;
  readonly pidFile: string;
  /** Holds the process id of the warden. */
  readonly wardenFile: string;
  readonly config: string;
  readonly log: string;
}

/** The address of a unix socket holds 108 bytes on Linux and 104 on macOS, with the zero at its end. */
const socketPathLimit = 103;
const logLimit = 1_000_000;

/** Makes the directory (mode 0700) if need be. Throws E_DATA_DIR or E_DISK_FULL. */
export async function findPlace(dataDir: string): Promise<Place> {
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
 * With its parents (mode 0700), one by one: with `recursive`, Node 24 tries for ever below /proc. Another process may be
 * making the same ones. Throws the error of the file system.
 */
export async function makeDirectory(path: string): Promise<void> {
  if (existsSync(path)) return;
  await makeDirectory(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** In the data directory; for a path too long, in a private directory of the system's temporary one, noted in a file. */
async function socketPath(dir: string): Promise<string> {
  const near = join(dir, 'redis.sock');
  if (Buffer.byteLength(near) <= socketPathLimit) return near;
  const note = join(dir, 'socket-path');
  // The note names its directory too, since a copy of the data directory must not share the socket.
  const [owner, noted] = (await readFile(note, 'utf8').catch(() => '')).split('\n');
  const hash = createHash('sha256').update(dir).digest('hex').slice(0, 16);
  const far = owner === dir && noted ? noted : join(tmpdir(), `drover-${hash}`, 'redis.sock');
  await makePrivate(join(far, '..'));
  if (noted !== far) await writeFile(note, `${dir}\n${far}\n`);
  return far;
}

/** Anybody may write into the temporary directory: a directory there is ours only if it says so. */
async function makePrivate(path: string): Promise<void> {
  await makeDirectory(path);
  const { uid, mode } = await lstat(path);
  if (uid !== process.getuid?.() || mode & 0o077) {
    throw new DroverError('E_DATA_DIR', `${path} belongs to somebody else.`);
  }
}

/**
 * Writes redis.conf and keeps the log short. Old names of options, which every version from 6.2 on and Valkey know.
 * Throws the error of the file system.
 */
export async function writeConfig(place: Place): Promise<void> {
  const settings: [string, string | number][] = [
    ['port', 0],
    ['unixsocket', place.socket],
    ['unixsocketperm', 700],
    ['dir', place.dir],
    ['pidfile', place.pidFile],
    ['logfile', place.log],
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
  await replaceFile(place.config, text);
  const log = await stat(place.log).catch(() => null);
  if (log && log.size > logLimit) await truncate(place.log);
}

/** Writes a file anew beside the old one, which a running program may still be reading. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export function diskFailure(path: string, cause: unknown): DroverError {
  if (cause instanceof DroverError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new DroverError(full ? 'E_DISK_FULL' : 'E_DATA_DIR', `${path}: ${message}.`, { cause });
}
