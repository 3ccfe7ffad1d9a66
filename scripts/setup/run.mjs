// Running other programs, and saying in one line why it cannot go on.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const modules = join(root, 'node_modules');

/** Something cannot be had; the message says what, and what to do. */
export class Impossible extends Error {}

/** Waits for the program's end; without one, `stderr` says so. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
    ...options,
  });
  return { status, stdout: stdout ?? '', stderr: stderr || String(error ?? '') };
}

/** Shows what the command said, and gives the reason in one line. */
export function failed(what, { stdout, stderr }) {
  const output = `${stdout}\n${stderr}`.trim();
  const lines = output.split('\n').filter((line) => line.trim());
  const reason =
    lines.find((line) => /^(npm err\S* (?!code|errno|syscall|path)|error|e:)/i.test(line)) ??
    lines.at(-1) ??
    'no output';
  if (output) console.error(output);
  return new Impossible(`${what}: ${reason.trim()}`);
}

/** The program's path, or null. */
export function onPath(program) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory || '.', program);
    try {
      fs.accessSync(path, fs.constants.X_OK);
      return path;
    } catch {
      // Not there: try the next.
    }
  }
  return null;
}

/** In milliseconds; 0 if there is no such file. */
export function modified(path) {
  return fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
