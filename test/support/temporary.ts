// Temporary directories and files, which are removed after the test file that made them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const made: string[] = [];

// Removed after the file and not after the current test: a directory made in before() would be removed after
// that hook.
after(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true, maxRetries: 3 }))));

/** An empty directory, removed after the last test of the file. */
export async function temporaryDirectory(name = 'test'): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), `drover-${name}-`));
  made.push(path);
  return path;
}

/** A file in a directory of its own, removed after the last test of the file; returns its path. */
export async function temporaryFile(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryDirectory(), name);
  await writeFile(path, content);
  return path;
}
