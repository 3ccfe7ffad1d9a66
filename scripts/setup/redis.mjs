// Provides a redis-server on the PATH. If there is none, the system's package manager installs it.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { Impossible, modified, modules, onPath, run } from './run.mjs';
import { installOne } from './system-packages.mjs';

/**
 * Remembers the redis-server whose version was checked: asking for the version takes longer than everything
 * else.
 */
const stampFile = join(modules, '.drover-setup.json');

/** Finds a redis-server of version 6.2 or later, or installs it. Throws Impossible. */
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

/** Whether the redis-server on the PATH is the one whose version was checked before. */
function hasKnownRedis() {
  const path = onPath('redis-server');
  const { redis } = readStamp();
  return path !== null && redis?.path === path && redis.modified === modified(path);
}

function remember(path) {
  try {
    fs.writeFileSync(stampFile, JSON.stringify({ redis: { path, modified: modified(path) } }));
  } catch {
    // The file cannot be written: check the version each time.
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

/** The version of the redis-server on the PATH, such as '7.0.15'; '' if there is none. */
function redisVersion() {
  const path = onPath('redis-server');
  return path ? (/\bv=(\d+\.\d+[\w.]*)/.exec(run(path, ['--version']).stdout)?.[1] ?? '0') : '';
}

function installRedis() {
  const names = {
    'apt-get': ['redis-server'],
    // The replacement by Valkey, in distributions that no longer have Redis.
    dnf: ['redis', 'valkey-compat-redis'],
    apk: ['redis', 'valkey-compat'],
    brew: ['redis'],
  };
  installOne({
    what: 'redis-server',
    wish: 'redis-server 6.2 or later is needed',
    otherwise: 'set REDIS_URL',
    names,
  });
  return goodRedis();
}
