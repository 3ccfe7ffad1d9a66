// Runs other programs, and makes errors whose message says in one line why the set-up cannot go on.
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const modules = join(root, 'node_modules');

/** Something cannot be installed. The message says what, and what the user can do. */
export class Impossible extends Error {}

/** Runs a program and waits for its end. If there is no such program, `stderr` says so. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
    ...options,
  });
  return { status, stdout: stdout ?? '', stderr: stderr || String(error ?? '') };
}

/** Prints the output of a command that failed, and returns an error with the reason in one line. */
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

/** The path of a program on the PATH, or null if there is none. */
export function onPath(program) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory || '.', program);
    try {
      fs.accessSync(path, fs.constants.X_OK);
      return path;
    } catch {
      // It is not in this folder: try the next one.
    }
  }
  return null;
}

/** When the file was modified, in milliseconds since 1970; 0 if there is no such file. */
export function modified(path) {
  return fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
