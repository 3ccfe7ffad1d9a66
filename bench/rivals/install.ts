// Brings what the rivals need: npm packages in exact versions into a cache folder, Python's modules by the
// system's package manager. What cannot be had is an error that says why.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installOne } from '../../scripts/setup/system-packages.mjs';

const run = promisify(execFile);

/** A rival cannot be run here. The message says what is missing. */
export class CannotBeHad extends Error {}

/** The path of a program beside this file. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url));
}

/**
 * Installs a package from npm, once for each version, without running its scripts. Resolves with its folder,
 * which begins to look for packages in what was installed. Throws CannotBeHad.
 */
export async function npmPackage(name: string, version: string): Promise<string> {
  const plain = name.replace('@', '').replaceAll('/', '-');
  const folder = join(homedir(), '.cache', 'drover-bench', `${plain}-${version}`);
  if (existsSync(join(folder, 'installed'))) return folder;
  process.stderr.write(`installing ${name} ${version} into ${folder}\n`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const args = [
    'install',
    `${name}@${version}`,
    '--save-exact',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
  ];
  try {
    await run('npm', args, { cwd: folder });
  } catch (error) {
    throw new CannotBeHad(`npm cannot install ${name} ${version}: ${reasonOf(error)}`);
  }
  await writeFile(join(folder, 'installed'), '');
  return folder;
}

/** A copy of the program in the folder of a package, where it finds the package. */
export async function programIn(folder: string, name: string): Promise<string> {
  const copy = join(folder, basename(name));
  await copyFile(programPath(name), copy);
  return copy;
}

export interface Python {
  /** The interpreter that has the module. */
  path: string;
  /** The version of the module. */
  version: string;
}

/** Debian's packages are for Debian's Python, which is not always the first on the PATH. */
const interpreters = ['/usr/bin/python3', 'python3'];

/**
 * A Python that has the module; it is installed by the system's package manager if none has it. Throws
 * CannotBeHad.
 */
export async function pythonModule(module: string): Promise<Python> {
  const found = await pythonWith(module);
  if (found) return found;
  const names = [`python3-${module}`];
  try {
    installOne({
      what: module,
      wish: `${module} for Python is needed`,
      otherwise: 'do without it',
      names: { 'apt-get': names, dnf: names },
    });
  } catch (error) {
    throw new CannotBeHad(error instanceof Error ? error.message : String(error));
  }
  const installed = await pythonWith(module);
  if (!installed) throw new CannotBeHad(`${names[0]} was installed, and no Python can import ${module}`);
  return installed;
}

async function pythonWith(module: string): Promise<Python | null> {
  for (const path of interpreters) {
    try {
      const { stdout } = await run(path, ['-c', `import ${module}; print(${module}.__version__)`]);
      return { path, version: stdout.trim() };
    } catch {
      // There is no such interpreter, or it lacks the module: try the next one.
    }
  }
  return null;
}

/** The version of a package that drover itself has. */
export async function ownVersion(name: string): Promise<string> {
  const path = name === 'drover' ? 'package.json' : `node_modules/${name}/package.json`;
  return JSON.parse(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')).version;
}

/** The line of npm's output that says what was wrong. */
function reasonOf(error: unknown): string {
  const { stderr = '', message = String(error) } = error as { stderr?: string; message?: string };
  const lines = (stderr || message).split('\n').filter(Boolean);
  return (lines.find((line) => /^npm err\S* (?!code|errno|syscall)/i.test(line)) ?? lines[0] ?? '')
    .replace(/^npm err\S* /i, '')
    .trim();
}
