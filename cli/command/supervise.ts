// Consumers in processes of their own: started, replaced when they die, stopped together.
import { type ChildProcess, spawn } from 'node:child_process';

export interface Crew {
  /** Lets them finish what is in flight; resolves when the last has ended. */
  stop(): Promise<void>;
  /** Ends them at once; nothing is lost. */
  kill(): void;
}

/** Between the death of a child and the start of the one in its place. */
const PAUSE_MS = 1000;

/** Keeps `count` children running `drover ARGS` until stopped. They stop too when this process is gone: the channel ends with it. */
export function superviseConsumers(count: number, args: readonly string[]): Crew {
  const children = new Set<ChildProcess>();
  const ended: Promise<void>[] = [];
  let stopping = false;
  const start = () => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.add(child);
    ended.push(
      new Promise((resolve) => {
        child.on('exit', () => {
          children.delete(child);
          if (!stopping) setTimeout(() => stopping || start(), PAUSE_MS);
          resolve();
        });
      }),
    );
  };
  for (let started = 0; started < count; started++) start();
  return {
    async stop() {
      stopping = true;
      for (const child of children) child.kill('SIGTERM');
      await Promise.all(ended);
    },
    kill() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
