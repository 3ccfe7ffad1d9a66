// Real proxies for tests, of Debian's packages: tinyproxy and squid (http), microsocks and dante (SOCKS 5),
// each on a free port of 127.0.0.1. They connect from an address of their own, and end with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { delimiter, join } from 'node:path';
import { freePort } from '../redis.ts';
import { until } from '../signals.ts';
import { temporaryDirectory } from '../temporary.ts';
import type { Cleaned } from './own-proxy.ts';

export type RealKind = 'tinyproxy' | 'microsocks' | 'squid' | 'dante';

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

/** The same for the larger ones. dante is started by root alone. */
export const needsLargeProxies = {
  skip:
    programOf('squid') === null || programOf('danted') === null
      ? 'there is no squid or dante: npm run setup -- --proxies'
      : process.getuid?.() !== 0 && 'dante wants to be started by root',
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
  const child = await starters[kind](port, from, login);
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  await until(() => accepts(port), { what: `${kind} on port ${port}` });
  const prefix = login ? `${login.user}:${encodeURIComponent(login.password)}@` : '';
  const scheme = kind === 'tinyproxy' || kind === 'squid' ? 'http' : 'socks5';
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

/** It gives up being root, so what it reads and starts must be open to others. */
async function squid(port: number, from: string, login: Wanted['login']): Promise<ChildProcess> {
  const directory = await temporaryDirectory('squid');
  await chmod(directory, 0o755);
  const asks = join(directory, 'asks.sh');
  const lines = [
    ...[
      `http_port 127.0.0.1:${port}`,
      `tcp_outgoing_address ${from}`,
      'pid_filename none',
      'access_log none',
    ],
    ...['cache_log /dev/null', 'cache deny all', 'cache_mem 1 MB', 'shutdown_lifetime 0 seconds'],
    ...(login
      ? [`auth_param basic program ${asks}`, 'auth_param basic children 1', 'acl known proxy_auth REQUIRED']
      : []),
    ...[`http_access allow ${login ? 'known' : 'all'}`, 'http_access deny all'],
  ];
  if (login) {
    const line = `if [ "$user $password" = '${login.user} ${login.password}' ]; then echo OK; else echo ERR; fi`;
    await writeFile(asks, `#!/bin/sh\nwhile read -r user password; do ${line}; done\n`, { mode: 0o755 });
  }
  await writeFile(join(directory, 'squid.conf'), `${lines.join('\n')}\n`);
  return spawn(programOf('squid') ?? '', ['-N', '-f', join(directory, 'squid.conf')], { stdio: 'ignore' });
}

/** It knows users of the system alone, so here it asks nobody. */
async function dante(port: number, from: string): Promise<ChildProcess> {
  const directory = await temporaryDirectory('dante');
  const lines = [
    ...['logoutput: /dev/null', `internal: 127.0.0.1 port = ${port}`, `external: ${from}`],
    ...['socksmethod: none', 'clientmethod: none', 'user.privileged: root', 'user.unprivileged: nobody'],
    'client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
    'socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
  ];
  const file = join(directory, 'danted.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  return spawn(programOf('danted') ?? '', ['-f', file, '-p', join(directory, 'pid')], { stdio: 'ignore' });
}

const starters = { tinyproxy, microsocks, squid, dante };

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => undefined).once('connect', () => socket.destroy());
  });
}
