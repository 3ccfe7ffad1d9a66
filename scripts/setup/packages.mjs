// Installs the npm packages. One of them is Node 24.
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { failed, modified, modules, root, run } from './run.mjs';

/**
 * Files that show when packages were installed: npm's own and ours. npm does not always write its own anew.
 */
const marks = [join(modules, '.package-lock.json'), join(modules, '.drover-packages')];
/** Set for the npm that the set-up runs, which has nothing to build. */
export const IN_SETUP = 'DROVER_IN_SETUP';
const nodeLink = join(modules, '.bin', 'node');

/**
 * Installs the packages of package-lock.json if that file is newer than the last installation. Throws
 * Impossible.
 */
export function preparePackages() {
  if (!hasPackages()) withLock(() => hasPackages() || installPackages());
}

function hasPackages() {
  const done = Math.max(...marks.map(modified));
  return done > 0 && done >= modified(join(root, 'package-lock.json')) && fs.existsSync(nodeLink);
}

function installPackages() {
  console.error('drover: installing packages (once)…');
  // Not `npm ci`, which would remove packages that are in use now. The tests need the development packages
  // too.
  const install = npm(
    ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    root,
  );
  if (install.status !== 0) throw failed('npm install failed', install);
  provideNode();
  fs.writeFileSync(marks[1], '');
}

function npm(args, cwd) {
  const given = process.env.npm_execpath ?? '';
  // An npm that installs this checkout as a package calls the set-up: its --global and the like are not ours.
  const foreign = /^npm_config_(global|location|prefix|local_prefix|dry_run|omit|package_lock)/i;
  const environment = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const options = { cwd, env: { ...Object.fromEntries(environment), [IN_SETUP]: '1' } };
  return /^npm/.test(basename(given))
    ? run(process.execPath, [given, ...args], options)
    : run('npm', args, options);
}

/**
 * Provides Node 24. The package `node` downloads it in an install script, which newer versions of npm may not
 * run.
 */
function provideNode() {
  if (isRightNode(versionOf(nodeLink))) return;
  const path = join(modules, 'node');
  const script = run(process.execPath, ['installArchSpecificPackage.js'], { cwd: path });
  const program = join(path, 'bin', 'node');
  if (fs.existsSync(program)) link(join('..', 'node', 'bin', 'node'));
  if (isRightNode(versionOf(nodeLink))) return;
  // There is none for this system (for example with musl). Use the Node that runs this, if it is new enough.
  if (isRightNode(process.version) && process.execPath !== nodeLink) return link(process.execPath);
  throw failed('npm could not install Node 24; install it yourself (https://nodejs.org)', script);
}

function versionOf(program) {
  return run(program, ['--version']).stdout.trim();
}

function isRightNode(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) >= 24;
}

function link(target) {
  fs.mkdirSync(dirname(nodeLink), { recursive: true });
  fs.rmSync(nodeLink, { force: true });
  fs.symlinkSync(target, nodeLink);
}
