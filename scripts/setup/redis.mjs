// A redis-server on the PATH, installed by the system's package manager if there is none.
import * as fs from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { Impossible, modified, modules, onPath, run } from './run.mjs';
import { installOne } from './system-packages.mjs';

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

function installRedis() {
  const names = {
    'apt-get': ['redis-server'],
    // Valkey's stand-in where Redis has left the distribution.
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
