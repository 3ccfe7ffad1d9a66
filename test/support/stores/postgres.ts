// A PostgreSQL for one test, of Debian's package, on a free port of 127.0.0.1, in a temporary directory. It
// ends with the process of the test, even when that is killed.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../redis.ts';

export const PASSWORD = 'p@ss/w%rd';

export interface TestPostgres {
  /** With the user drover and its password, which needs escapes. */
  readonly url: string;
  /** The same without the password. */
  readonly plainUrl: string;
  readonly port: number;
  readonly dir: string;
  /** The process id of the server that runs now. */
  readonly pid: number;
  /** Runs SQL as the superuser and returns its output, a row a line, columns separated by tabs. */
  sql(text: string, database?: string): Promise<string>;
  /** Kills all of the server with SIGKILL, like a crash. The data stay for start(). */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The folder of initdb and postgres, or null where the package is missing. */
export function postgresPrograms(): string | null {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions)
    if (existsSync(join(root, version, 'bin', 'initdb'))) return join(root, version, 'bin');
  const onPath = (process.env.PATH ?? '').split(delimiter);
  return onPath.find((directory) => existsSync(join(directory, 'initdb'))) ?? null;
}

/** For tests: they are left out, and say so, on a machine where the set-up could bring no PostgreSQL. */
export const needsPostgres = {
  skip: postgresPrograms() === null && 'there is no PostgreSQL: npm run setup -- --postgres',
};

/** PostgreSQL refuses to run as root: then it runs as nobody. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const asUser = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** Starts a server and waits until it answers. Throws an Error with its log if it does not within 20 s. */
export async function startTestPostgres({ args = [] as string[] } = {}): Promise<TestPostgres> {
  const programs = postgresPrograms();
  if (programs === null) throw new Error('PostgreSQL is missing: npm run setup -- --postgres');
  const dir = await mkdtemp(join(tmpdir(), 'drover-postgres-'));
  const [data, socket, log] = [join(dir, 'data'), join(dir, 'socket'), join(dir, 'postgres.log')];
  await mkdir(socket);
  await chmod(dir, 0o755);
  if (isRoot) for (const path of [dir, socket]) await chown(path, NOBODY, NOBODY);
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, 'postgres');
  if (isRoot) await chown(passwordFile, NOBODY, NOBODY);
  const init = [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
  ];
  execFileSync(join(programs, 'initdb'), [...init, '--no-sync', '--locale=C'], {
    ...asUser,
    cwd: dir,
    stdio: 'pipe',
  });
  const port = await freePort();
  const serverArgs = [
    ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
    ...['-c', `unix_socket_directories=${socket}`, '-c', 'max_connections=60', '-c', 'shared_buffers=64MB'],
    ...args,
  ];

  let server = await start();
  const guard = startGuard(dir);

  async function start(): Promise<ChildProcess> {
    const out = `exec "$0" "$@" >>${log} 2>&1`;
    const child = spawn('sh', ['-c', out, join(programs ?? '', 'postgres'), ...serverArgs], {
      ...asUser,
      cwd: dir,
      stdio: 'ignore',
    });
    child.unref();
    await once(child, 'spawn');
    await writeFile(join(dir, 'pid'), String(child.pid));
    const deadline = Date.now() + 20_000;
    while (!(await sql('select 1').catch(() => ''))) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`postgres did not start:\n${await readFile(log, 'utf8').catch(() => 'no log')}`);
      await sleep(20);
    }
    return child;
  }

  /** What the killed server leaves in shared memory may be there for a moment longer. */
  async function restarted(deadline = Date.now() + 10_000): Promise<ChildProcess> {
    return start().catch((error: unknown) => {
      if (Date.now() > deadline) throw error;
      return restarted(deadline);
    });
  }

  async function sql(text: string, database = 'postgres'): Promise<string> {
    const psql = ['-X', '-A', '-t', '-F', '\t', '-q', '-v', 'ON_ERROR_STOP=1', '-c', text];
    const at = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', database];
    const { stdout } = await promisify(execFile)(join(programs ?? '', 'psql'), [...psql, ...at], {
      env: { ...process.env, PGPASSWORD: 'postgres' },
      maxBuffer: 2 ** 28,
    });
    return stdout.replace(/\n$/, '');
  }

  async function kill(): Promise<void> {
    const pid = server.pid ?? 0;
    if (server.exitCode !== null || server.signalCode !== null) return;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
    const ended = once(server, 'exit');
    server.ref();
    server.kill('SIGKILL');
    for (const child of children.split('\n').map(Number).filter(Boolean)) endQuietly(child);
    await ended;
  }

  await sql(`create role drover login password '${PASSWORD}'`);
  await sql('create database drover owner drover');
  return {
    url: `postgres://drover:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/drover`,
    plainUrl: `postgres://drover@127.0.0.1:${port}/drover`,
    port,
    dir,
    get pid() {
      return server.pid ?? 0;
    },
    sql,
    kill,
    async start() {
      await kill();
      await rm(join(data, 'postmaster.pid'), { force: true });
      server = await restarted();
    },
    async stop() {
      await kill();
      guard.kill('SIGKILL');
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Reads from a pipe of this process; when it closes, this process has ended, and the server is killed. */
function startGuard(dir: string): ChildProcess {
  const script =
    'read -r _; p="$(cat "$0/pid")"; k="$(ps -o pid= --ppid "$p")"; kill -9 "$p" $k; rm -rf "$0"';
  const guard = spawn('sh', ['-c', script, dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}
