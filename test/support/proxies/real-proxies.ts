// Real proxies for tests, of Debian's packages: tinyproxy (http) and microsocks (SOCKS 5), each on a free
// port of 127.0.0.1. They connect from an address of their own, and end with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort } from '../redis.ts';
import { until } from '../signals.ts';
import { temporaryDirectory } from '../temporary.ts';
import type { Cleaned } from './own-proxy.ts';

export type RealKind = 'tinyproxy' | 'microsocks';

const programOf = (name: string) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path)) ?? null;

/** For tests: they are left out, and say so, on a machine where the set-up could bring no proxies. */
export const needsProxies = {
  skip:
    (programOf('tinyproxy') === null || programOf('microsocks') === null) &&
    'there is no tinyproxy or microsocks: npm run setup -- --proxies',
};

export interface RealProxy {
  readonly url: string;
  /** The address that it connects from. */
  readonly from: string;
  /** Kills it with SIGKILL. */
  kill(): Promise<void>;
}

interface Wanted {
  from?: string;
  login?: { user: string; password: string } | null;
}

export async function startRealProxy(
  t: Cleaned,
  kind: RealKind,
  { from = '127.0.0.2', login = null }: Wanted = {},
): Promise<RealProxy> {
  const port = await freePort();
  const child = kind === 'tinyproxy' ? await tinyproxy(port, from, login) : microsocks(port, from, login);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  await until(() => accepts(port), { what: `${kind} on port ${port}` });
  const prefix = login ? `${login.user}:${encodeURIComponent(login.password)}@` : '';
  const scheme = kind === 'tinyproxy' ? 'http' : 'socks5';
  return { url: `${scheme}://${prefix}127.0.0.1:${port}`, from, kill };
}

/** Without ConnectPort it makes tunnels to any port. */
async function tinyproxy(port: number, from: string, login: Wanted['login']): Promise<ChildProcess> {
  const directory = await temporaryDirectory('tinyproxy');
  const file = join(directory, 'tinyproxy.conf');
  const lines = [
    ...[
      `Port ${port}`,
      'Listen 127.0.0.1',
      `Bind ${from}`,
      'Allow 127.0.0.1',
      'Timeout 60',
      'MaxClients 200',
    ],
    ...[`LogFile "${join(directory, 'log')}"`, `PidFile "${join(directory, 'pid')}"`],
    ...(login ? [`BasicAuth ${login.user} ${login.password}`] : []),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return spawn(programOf('tinyproxy') ?? '', ['-d', '-c', file], { stdio: 'ignore' });
}

function microsocks(port: number, from: string, login: Wanted['login']): ChildProcess {
  const args = ['-i', '127.0.0.1', '-p', String(port), '-b', from];
  if (login) args.push('-u', login.user, '-P', login.password);
  return spawn(programOf('microsocks') ?? '', args, { stdio: 'ignore' });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => undefined).once('connect', () => socket.destroy());
  });
}
