// A Redis for one test, on a Unix socket in a temporary directory, with every write synced to disk.
// It ends with the process of the test, even when that is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TestRedisOptions {
  /** More options of redis-server, such as ['--maxmemory', '10mb']. They override the defaults. */
  args?: string[];
  /** Whether to listen on a free port of 127.0.0.1 instead of the socket. */
  tcp?: boolean;
  /** The path of a configuration file by which it is a Sentinel. Needs `tcp`. */
  sentinel?: string;
  /** Keeps its options in a file, so that it comes back with what Sentinels have changed in them. */
  keepsChanges?: boolean;
}

export interface TestRedis {
  /** unix:/path/redis.sock, or redis://127.0.0.1:port with `tcp`. */
  readonly url: string;
  /** The process id of the server that runs now. It changes with restart(). */
  readonly pid: number;
  readonly dir: string;
  /** Kills the server and removes its directory. */
  stop(): Promise<void>;
  /** Kills the server with SIGKILL, like a crash. The data stay for restart(). */
  kill(): void;
  /**
   * Starts the server again with the same data and address. A server that still runs is killed with SIGKILL
   * first. Resolves when the data are loaded.
   */
  restart(): Promise<void>;
}

/**
 * Starts a redis-server and waits until it answers. Throws an Error with its log if it does not answer within
 * 10 s.
 */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'drover-redis-'));
  const socketPath = join(dir, 'redis.sock');
  const port = options.tcp ? await freePort() : 0;
  const all = [...serverArgs(dir, socketPath, port), ...(options.args ?? [])];
  const args = options.sentinel
    ? [options.sentinel, '--sentinel', '--port', String(port), '--bind', '127.0.0.1', '--dir', dir]
    : options.keepsChanges
      ? [await configOf(all, join(dir, 'redis.conf'))]
      : all;
  const where = port ? { port, host: '127.0.0.1' } : { path: socketPath };

  let server = await start();
  const guard = startGuard(dir);

  async function start(): Promise<ChildProcess> {
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    child.unref();
    await once(child, 'spawn');
    await writeFile(join(dir, 'pid'), String(child.pid));
    await untilReady(child, where, join(dir, 'redis.log'));
    return child;
  }

  return {
    url: port ? `redis://127.0.0.1:${port}` : `unix:${socketPath}`,
    get pid() {
      return server.pid ?? 0;
    },
    dir,
    async stop() {
      await end(server);
      await end(guard);
      await rm(dir, { recursive: true, force: true });
    },
    kill() {
      server.kill('SIGKILL');
    },
    async restart() {
      await end(server);
      server = await start();
    },
  };
}

function serverArgs(dir: string, socketPath: string, port: number): string[] {
  const listen = port ? ['--bind', '127.0.0.1'] : ['--unixsocket', socketPath, '--unixsocketperm', '700'];
  return [
    ...['--port', String(port), ...listen, '--dir', dir, '--logfile', join(dir, 'redis.log'), '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
    ...['--hash-max-ziplist-value', '512', '--list-compress-depth', '1', '--set-max-intset-entries', '512'],
  ];
}

/** Writes options of the command line into a file, and returns its path. */
async function configOf(args: readonly string[], path: string): Promise<string> {
  let text = '';
  for (const word of args) text += word.startsWith('--') ? `\n${word.slice(2)}` : ` ${word || '""'}`;
  await writeFile(path, `${text.trimStart()}\n`);
  return path;
}

/**
 * Starts a process that reads from a pipe of this one. When the pipe closes, this process has ended; it kills
 * the server.
 */
function startGuard(dir: string): ChildProcess {
  const script = 'read -r _; kill -9 "$(cat "$0/pid")"; rm -rf "$0"';
  const guard = spawn('sh', ['-c', script, dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function untilReady(child: ChildProcess, where: Where, log: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await answers(where))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`redis-server did not start:\n${await readFile(log, 'utf8').catch(() => 'no log')}`);
    }
    await sleep(3);
  }
}

type Where = { path: string } | { port: number; host: string };

/** Whether the server answers a PING with anything but LOADING. A server with a password answers NOAUTH. */
function answers(where: Where): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(where, () => socket.write('PING\r\n'));
    socket.on('error', () => resolve(false));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(!data.toString().startsWith('-LOADING'));
    });
    socket.on('close', () => resolve(false));
  });
}

/**
 * A port of 127.0.0.1 on which no process listens now. It lies below those that the system gives to outgoing
 * connections, so none of these takes it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
