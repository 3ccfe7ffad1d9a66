// Builds dist/ when npm installs or packs this checkout as a package: npm install FOLDER, a git dependency,
// npm pack. npm calls it as the script `prepare`.
import { spawnSync } from 'node:child_process';
import { IN_SETUP } from './setup/packages.mjs';

if (!process.env[IN_SETUP]) {
  // npm's output would mix with what `npm pack --json` prints.
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 2, 2] });
  process.exitCode = status ?? 1;
}
