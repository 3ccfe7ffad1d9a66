// Where npm gets the drover that runs: a project that it writes must depend on the same.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { diskError } from '../../src/records/disk.ts';

/** An entry of the lock file that npm keeps in node_modules. */
interface Installed {
  resolved?: string;
}

/**
 * What stands behind `drover` in the dependencies of a project: a version range if this drover came from a
 * registry, else the archive or the git repository from which it was installed. Else, and for a checkout, its
 * folder, which npm links.
 */
export function packageSource({ folder, content }: { folder: string; content: { version: string } }): string {
  const own = resolve(folder);
  const { resolved = '' } = installedFrom(own) ?? {};
  if (/^https?:.*\/drover\/-\/drover-[^/]+\.tgz/.test(resolved)) return `^${content.version}`;
  if (/^(https?|git\+\w+):/.test(resolved)) return resolved;
  const [, path] = /^file:(.+)$/.exec(resolved) ?? [];
  if (path !== undefined) {
    const archive = resolve(own, '../..', path);
    if (existsSync(archive)) return `file:${archive}`;
  }
  return `file:${own}`;
}

/** What npm noted when it installed this folder; null if npm did not, or keeps no note. */
function installedFrom(own: string): Installed | null {
  const modules = dirname(own);
  const file = join(modules, '.package-lock.json');
  if (basename(modules) !== 'node_modules' || !existsSync(file)) return null;
  try {
    const { packages = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
      packages?: Record<string, Installed>;
    };
    return packages[`node_modules/${basename(own)}`] ?? null;
  } catch (cause) {
    throw diskError(cause, file);
  }
}
