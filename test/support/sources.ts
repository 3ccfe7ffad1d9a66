// The project's source files and their imports, for the tests of the layout. Imports are found with patterns
// and without a parser, because the formatter writes them all in the same way.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The rooms of the house, from the root of the project. */
export const rooms = [
  'src',
  'cli',
  'consumers',
  'producers',
  'bench',
  'scripts',
  'test',
  'docs',
  'ops',
  'examples',
];

export interface SourceFile {
  /** The path from the root of the project, such as src/url/host.ts. */
  path: string;
  text: string;
}

/**
 * The files in these folders of the project that have one of the endings, sorted by path. A folder may be
 * missing.
 */
export function sourcesIn(folders: readonly string[], endings = '{ts,mjs}'): SourceFile[] {
  const patterns = folders.map((folder) => `${folder}/**/*.${endings}`);
  const paths = globSync(patterns, { cwd: root }).sort();
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export interface Import {
  from: string;
  /**
   * For a file of the project its path from the root, for a package its name, for a module of Node node:….
   */
  to: string;
}

const patterns = [
  // import x from '…', import type { X } from '…', export { x } from '…', export * from '…'
  /^(?:import|export)\s[^'";]*?\bfrom\s*'([^']+)'/gm,
  /^import\s*'([^']+)'/gm,
  // import('…'), in code and in types
  /\bimport\(\s*'([^']+)'\s*\)/g,
  // the program of a worker thread or of a child process
  /\bnew URL\(\s*'(\.[^']*\.(?:ts|js|mjs))',\s*import\.meta\.url/g,
];

/** All imports of a file, each target once. Imports of types count too. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const code = withoutComments(text);
  const named = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
  return [...new Set(named)].map((name) => ({ from: path, to: target(path, name) }));
}

function target(from: string, name: string): string {
  if (name.startsWith('.')) return normalize(join(dirname(from), name));
  if (name.startsWith('node:') || builtinModules.includes(name)) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/**
 * The code without comments, with the same line numbers. If a string contains `//` after a space, its line is
 * cut there.
 */
export function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, '');
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, blank).replace(/(^|\s)\/\/.*$/gm, '$1');
}

/**
 * The first circle of imports that is found, as paths with the first one repeated at the end. Null if there
 * is none.
 */
export function findCycle(imports: readonly Import[]): string[] | null {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const visit = (file: string, way: string[]): string[] | null => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const { to } of targets.get(file) ?? []) {
      const cycle = visit(to, [...way, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return null;
  };
  for (const file of targets.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return null;
}

/** The numbers of the lines (from 1) on which the pattern matches. */
export function linesWith(text: string, pattern: RegExp): number[] {
  return text.split('\n').flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));
}

/** The name of a file without its ending, such as `host` for src/url/host.ts. */
export function stemOf(path: string): string {
  return basename(path).replace(/\..*$/, '');
}

export function fileExists(path: string): boolean {
  return existsSync(join(root, path));
}

/** The paths of all files below these folders of the project, or of these files, folders excluded; sorted. */
export function filesIn(folders: readonly string[]): string[] {
  const entries = globSync(
    folders.flatMap((folder) => [folder, `${folder}/**`]),
    { cwd: root, withFileTypes: true },
  );
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(root, join(entry.parentPath, entry.name))).sort();
}

/** The text of a file, by its path from the root of the project. */
export function readSource(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Fails with one line for each defect, and what to do about it. */
export function holds(defects: readonly string[], advice: string): void {
  assert.ok(defects.length === 0, `${advice}\n${defects.map((defect) => `  ${defect}`).join('\n')}\n`);
}
