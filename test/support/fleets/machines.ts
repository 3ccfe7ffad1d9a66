// Consumers as on machines of their own: each with its own host name and process ids, where the system lets
// this user have them, and its own home, working directory, data directory and temporary directory.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { CommandRunner } from '../crawls.ts';
import type { SpawnOptions } from '../signals.ts';

const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const apart = ['unshare', ...asRoot, '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
const mayBeApart = spawnSync(apart[0] ?? '', [...apart.slice(1), 'hostname', 'other']).status === 0;

/** How to run a command on the machine of this name. */
export function machine(runner: CommandRunner, name: string, env: Record<string, string> = {}): SpawnOptions {
  const home = runner.path(name);
  mkdirSync(runner.path(`${name}/tmp`), { recursive: true });
  const own = {
    HOME: home,
    TMPDIR: runner.path(`${name}/tmp`),
    DROVER_DATA_DIR: runner.path(`${name}/data`),
  };
  return {
    env: { ...own, ...env },
    cwd: home,
    within: mayBeApart ? [...apart, 'sh', '-c', 'hostname "$0" && exec "$@"', name] : [],
  };
}
