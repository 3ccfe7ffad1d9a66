// A redis-server on the PATH, installed by the system's package manager if there is none.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { failed, Impossible, modified, modules, onPath, run } from './run.mjs';

/** Which redis-server was found good: asking it for its version takes longer than all the rest. */
const stampFile = join(modules, '.drover-setup.json');

/** Finds one of version 6.2 or later, or installs it. Throws Impossible. */
export function prepareRedis() {
  if (hasKnownRedis()) return;
  const found = goodRedis() ?? withLock(() => goodRedis() ?? installRedis());
  if (found) return remember(found);
  const version = redisVersion();
  throw new Impossible(
    version
      ? `the redis-server on the PATH is ${version}; install 6.2 or later, or set REDIS_URL`
      : 'redis-server was installed, but is not on the PATH; add it, or set REDIS_URL',
  );
}

/** True if the redis-server on the PATH is the one that was found good before. */
function hasKnownRedis() {
  const path = onPath('redis-server');
  const { redis } = readStamp();
  return path !== null && redis?.path === path && redis.modified === modified(path);
}

function remember(path) {
  try {
    fs.writeFileSync(stampFile, JSON.stringify({ redis: { path, modified: modified(path) } }));
  } catch {
    // Where nothing can be written, the version is asked each time.
  }
}

function readStamp() {
  try {
    return JSON.parse(fs.readFileSync(stampFile, 'utf8'));
  } catch {
    return {};
  }
}

function goodRedis() {
  const [major = 0, minor = 0] = redisVersion().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 2) ? onPath('redis-server') : null;
}

/** '7.0.15'; '' if there is none. */
function redisVersion() {
  const path = onPath('redis-server');
  return path ? (/\bv=(\d+\.\d+[\w.]*)/.exec(run(path, ['--version']).stdout)?.[1] ?? '0') : '';
}

/** Ask nothing; and RUNLEVEL 1 keeps Debian's scripts from starting a service where there is no systemd. */
const quiet = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
/** Each manager's packages in the order to try (Valkey's stand-in where Redis has left the distribution). */
const managers = [
  { name: 'apt-get', packages: ['redis-server'], add: ['install', '-y', '-q'], update: ['update', '-q'] },
  { name: 'dnf', packages: ['redis', 'valkey-compat-redis'], add: ['install', '-y', '-q'] },
  { name: 'apk', packages: ['redis', 'valkey-compat'], add: ['add', '--no-cache'] },
  { name: 'brew', packages: ['redis'], add: ['install', '-q'], asUser: true },
];

function installRedis() {
  const manager = managers.find(({ name }) => onPath(name));
  const wish = 'redis-server 6.2 or later is needed';
  if (!manager) throw new Impossible(`${wish}; install it, or set REDIS_URL`);
  const byHand = `${manager.asUser ? '' : 'sudo '}${manager.name} ${manager.add[0]} ${manager.packages[0]}`;
  const prefix = privilege(manager);
  if (!prefix) throw new Impossible(`${wish}: run \`${byHand}\`, or set REDIS_URL`);

  console.error(`drover: installing redis-server with ${manager.name} (once)…`);
  const manage = (args) => {
    const [program, ...rest] = [...prefix, manager.name, ...args];
    return run(program, rest, { env: { ...process.env, ...quiet } });
  };
  let last;
  for (const name of manager.packages) {
    last = manage([...manager.add, name]);
    if (last.status !== 0 && manager.update) {
      manage(manager.update);
      last = manage([...manager.add, name]);
    }
    if (last.status === 0) return goodRedis();
  }
  throw failed(`${wish}, and \`${byHand}\` failed`, last);
}

/** What to put before the command: nothing, sudo, or null if there is no permission to be had without a password. */
function privilege(manager) {
  if (manager.asUser || process.getuid?.() === 0) return [];
  const keep = Object.entries(quiet).map(([name, value]) => `${name}=${value}`);
  return run('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', 'env', ...keep] : null;
}
