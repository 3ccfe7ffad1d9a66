// A throwaway Redis of a test's own, on a unix socket in a temporary directory, with every write synced to disk.
// It ends with the test's process, even when that is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TestRedisOptions {
  /** Further options of redis-server, such as ['--maxmemory', '10mb']; they win over the defaults. */
  args?: string[];
  /** Listen on a free port of 127.0.0.1 instead of the socket. */
  tcp?: boolean;
}

export interface TestRedis {
  /** unix:/path/redis.sock, or redis://127.0.0.1:port with `tcp`. */
  readonly url: string;
  /** Of the server that runs now; another one after restart(). */
  readonly pid: number;
  readonly dir: string;
  /** Kills the server and removes its directory. */
  stop(): Promise<void>;
  /** kill -9, as a crash; the data stay for restart(). */
  kill(): void;
  /** Starts it again on the same data and address, after kill -9 if it still runs; returns when the data are loaded. */
  restart(): Promise<void>;
}

/** Starts a redis-server and returns when it answers. Throws with its log if it does not within 10 s. */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'drover-redis-'));
  const socketPath = join(dir, 'redis.sock');
  const port = options.tcp ? await freePort() : 0;
  const args = [...serverArgs(dir, socketPath, port), ...(options.args ?? [])];
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

/** A process that reads a pipe of ours: its end means that we are gone, and so must the server be. */
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

/** True if a PING is answered by anything but LOADING (a server with a password says NOAUTH). */
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

/** A port of 127.0.0.1 on which nothing listens (now). */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
