// The npm packages, and Node 24 as one of them.
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { failed, modified, modules, root, run } from './run.mjs';

/** npm's own mark and ours: npm may leave its own as it was, or (by its settings) write none. */
const marks = [join(modules, '.package-lock.json'), join(modules, '.drover-packages')];
const nodeLink = join(modules, '.bin', 'node');

/** Installs what package-lock.json names if it is newer than what was installed last. Throws Impossible. */
export function preparePackages() {
  if (!hasPackages()) withLock(() => hasPackages() || installPackages());
}

function hasPackages() {
  const done = Math.max(...marks.map(modified));
  return done > 0 && done >= modified(join(root, 'package-lock.json')) && fs.existsSync(nodeLink);
}

function installPackages() {
  console.error('drover: installing packages (once)…');
  // Not `npm ci`, which would remove what runs at this moment; the development packages too, since the tests need them.
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
  return /^npm/.test(basename(given))
    ? run(process.execPath, [given, ...args], { cwd })
    : run('npm', args, { cwd });
}

/** The package `node` fetches its program in an install script, which newer versions of npm may not have run. */
function provideNode() {
  if (isRightNode(versionOf(nodeLink))) return;
  const path = join(modules, 'node');
  const script = run(process.execPath, ['installArchSpecificPackage.js'], { cwd: path });
  const program = join(path, 'bin', 'node');
  if (fs.existsSync(program)) link(join('..', 'node', 'bin', 'node'));
  if (isRightNode(versionOf(nodeLink))) return;
  // There is none for this system (musl, say): the one that runs this will do, if it is new enough.
  if (isRightNode(process.version) && process.execPath !== nodeLink) return link(process.execPath);
  throw failed('Node 24 cannot be had from npm; install it yourself (https://nodejs.org)', script);
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
