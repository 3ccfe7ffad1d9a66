// Runs this command again whenever a file beside the given ones is saved, until it is interrupted. Each run
// is a process of its own, because a module that was loaded once stays in memory.
import { watch } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { spawnOwn } from '../processes/spawn.ts';
import { EXIT } from './failures.ts';

/** An editor saves a file in several steps. */
const SETTLE_MS = 100;

/** Resolves with the exit code after Ctrl-C or SIGTERM. */
export async function rerunAtEachSave(files: readonly string[]): Promise<number> {
  const args = process.argv.slice(2).filter((arg) => arg !== '--watch');
  let isRunning = false;
  let isWanted = false;
  const rerun = async () => {
    isWanted = true;
    if (isRunning) return;
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      await runOnce(args);
      process.stderr.write('waiting for the next save; Ctrl-C stops\n');
    }
    isRunning = false;
  };
  let timer: NodeJS.Timeout | undefined;
  const folders = new Set(files.map((file) => dirname(resolve(file))));
  const watchers = [...folders].map((folder) =>
    watch(folder, () => {
      clearTimeout(timer);
      timer = setTimeout(rerun, SETTLE_MS);
    }),
  );
  rerun();
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
  for (const watcher of watchers) watcher.close();
  clearTimeout(timer);
  return EXIT.recorded;
}

function runOnce(args: readonly string[]): Promise<void> {
  return new Promise((done) => {
    const child = spawnOwn(args, 'inherit');
    child.on('exit', () => done());
    child.on('error', () => done());
  });
}
