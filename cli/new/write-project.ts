// Writes the files of a project: those of the folder project/ beside this file as they are, with the name of
// the project in its README, and a package.json.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OwnPackage } from '../../src/config/own-package.ts';
import { DroverError } from '../../src/errors.ts';
import { diskError } from '../../src/records/disk.ts';

export interface NewProject {
  name: string;
  /** An absolute path. */
  folder: string;
  /** drover's own package.json, whose versions the project takes over. */
  own: OwnPackage;
  /** What the project depends on as `drover`. */
  source: string;
}

const templates = fileURLToPath(new URL('project/', import.meta.url));
/** Names that npm would not pack as they are. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

/**
 * Resolves with the paths of the files, within the folder. A folder that is not empty is left as it is:
 * E_FILE_EXISTS. After any other error (E_FILE, E_DISK_FULL), what was written is removed.
 */
export async function writeProject(project: NewProject): Promise<string[]> {
  const { folder, name } = project;
  const isNew = await makeEmpty(folder);
  const written: string[] = [];
  const write = async (path: string, text: string) => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    written.push(path);
    await writeFile(file, text, { flag: 'wx' });
  };
  try {
    await write('package.json', `${JSON.stringify(packageOf(project), null, 2)}\n`);
    const entries = await readdir(templates, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const paths = files.map(({ parentPath, name: file }) =>
      join(parentPath, file).slice(templates.length).replaceAll('\\', '/'),
    );
    for (const path of paths.sort()) {
      const text = await readFile(join(templates, path), 'utf8');
      await write(renamed[path] ?? path, text.replaceAll('{name}', name));
    }
    return written;
  } catch (cause) {
    await remove(folder, written, isNew);
    throw diskError(cause, folder);
  }
}

/** Makes the folder if it is missing; returns whether it was. Throws E_FILE_EXISTS, E_FILE. */
async function makeEmpty(folder: string): Promise<boolean> {
  try {
    const made = await mkdir(folder, { recursive: true });
    if (made !== undefined) return true;
    const [first] = await readdir(folder);
    if (first === undefined) return false;
    throw new DroverError('E_FILE_EXISTS', `${folder} is not empty: it holds ${first}.`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new DroverError('E_FILE_EXISTS', `${folder} is no folder.`, { cause });
    throw diskError(cause, folder);
  }
}

async function remove(folder: string, written: readonly string[], isNew: boolean): Promise<void> {
  const tops = new Set(written.map((path) => path.split('/')[0] ?? path));
  const paths = isNew ? [folder] : [...tops].map((path) => join(folder, path));
  for (const path of paths) await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

/**
 * `node` brings Node 24 along, which runs TypeScript, for machines that have an older one. Without
 * `allowScripts`, npm warns of the scripts by which packages install themselves.
 */
function packageOf({ name, own, source }: NewProject): object {
  const { dependencies, devDependencies, allowScripts } = own;
  return {
    name,
    private: true,
    type: 'module',
    scripts: { crawl: 'drover crawl', test: 'node --test', check: 'tsc' },
    dependencies: { drover: source, zod: dependencies.zod },
    devDependencies: {
      '@types/node': devDependencies['@types/node'],
      node: dependencies.node,
      typescript: devDependencies.typescript,
    },
    allowScripts: { ...allowScripts, [source.startsWith('file:') ? source : 'drover']: true },
  };
}
