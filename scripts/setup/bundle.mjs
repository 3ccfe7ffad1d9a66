// Makes a bundle of this checkout's sources, which starts in half the time, whenever the sources have
// changed. Each bundle has a folder of its own, named by a hash of all that it was made of, so nothing is
// ever changed in a bundle that a running drover may load parts of. The link `current` points to the newest.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, join, relative } from 'node:path';
import { withLock } from './lock.mjs';
import { failed, Impossible, modules, root, run } from './run.mjs';

const home = join(root, '.bundle');
const current = join(home, 'current');
const SOURCES = ['src', 'cli', 'producers', 'consumers', 'scripts/bundle'];
/** The packages: what is asked for, and what is installed. */
const PACKAGES = ['package.json', 'package-lock.json', 'node_modules/.package-lock.json'];
/**
 * A bundle that nothing has asked for since is kept for this long: a drover that runs may still load parts of
 * it.
 */
const KEEP_MS = 24 * 3_600_000;

/**
 * Makes the bundle of the present sources if there is none, and lets `current` point to it. Returns its
 * folder. Throws Impossible, with the reason in one line.
 */
export function prepareBundle() {
  const folder = join(home, hashOfSources());
  if (!fs.existsSync(folder)) withLock(() => fs.existsSync(folder) || makeBundle(folder));
  pointTo(folder);
  return folder;
}

/**
 * Like prepareBundle(); but where no bundle can be made, `current` leads to the sources, and the reason is
 * printed.
 */
export function prepareBundleOrSources() {
  try {
    prepareBundle();
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    console.error(`drover: ${error.message}; it starts from its sources, which takes longer`);
    const folder = join(home, 'sources');
    fs.mkdirSync(join(folder, 'cli'), { recursive: true });
    fs.writeFileSync(join(folder, 'cli/drover.js'), "import '../../../cli/drover.ts';\n");
    pointTo(folder);
  }
}

/**
 * The contents alone decide, because git changes times where no content has changed, and the other way round.
 * Takes some 15 ms.
 */
function hashOfSources() {
  const hash = createHash('sha256');
  const packages = PACKAGES.filter((file) => fs.existsSync(join(root, file)));
  for (const file of [...SOURCES.flatMap(filesBelow), ...packages]) {
    const content = fs.readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(folder) {
  return fs
    .readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** It is made under another name first, so that nobody finds half of it. */
function makeBundle(folder) {
  const part = `${folder}.${process.pid}`;
  removeOld();
  try {
    const made = run(join(modules, '.bin', 'node'), [join(root, 'scripts/bundle/bundle.mjs'), part], {
      cwd: root,
    });
    if (made.status !== 0) throw failed('drover could not be bundled', made);
    fs.renameSync(part, folder);
  } finally {
    fs.rmSync(part, { recursive: true, force: true });
  }
}

function removeOld() {
  const isOld = (path) => Date.now() - (fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEEP_MS;
  const used = linked();
  for (const name of fs.existsSync(home) ? fs.readdirSync(home) : []) {
    if (name === 'current' || name === used || !isOld(join(home, name))) continue;
    fs.rmSync(join(home, name), { recursive: true, force: true });
  }
}

/** The name of the folder that `current` points to, or null. */
function linked() {
  try {
    return fs.readlinkSync(current);
  } catch {
    return null;
  }
}

/** Replaces the link in one step. The time of a folder says until when it was the newest. */
function pointTo(folder) {
  const [name, former] = [basename(folder), linked()];
  if (former === name) return;
  const now = new Date();
  for (const path of [folder, join(home, former ?? name)])
    if (fs.existsSync(path)) fs.utimesSync(path, now, now);
  const link = `${current}.${process.pid}`;
  fs.rmSync(link, { force: true });
  fs.symlinkSync(name, link);
  fs.renameSync(link, current);
}
