// Builds dist/, which is what the package holds: the bundle, and the types of its entry. It is made beside
// and then put in the place of the former dist/, so that a drover that is installed from this folder finds
// one at any time.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeBundle } from './bundle/bundle.mjs';
import { modules, root } from './setup/run.mjs';

const dist = join(root, 'dist');
const part = join(root, '.bundle', `dist.${process.pid}`);
const former = `${part}.former`;

try {
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  await makeBundle(part, dist);
  const types = ['-p', join(root, 'tsconfig.build.json'), '--outDir', part];
  const { status } = spawnSync(join(modules, '.bin', 'tsc'), types, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
  else replace();
} finally {
  for (const folder of [part, former]) rmSync(folder, { recursive: true, force: true });
}

/**
 * Several builds may end at the same time. Then one of them finds no former dist/ or a new one in its place.
 */
function replace() {
  for (;;) {
    try {
      if (existsSync(dist)) renameSync(dist, former);
      return renameSync(part, dist);
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
      rmSync(former, { recursive: true, force: true });
    }
  }
}
