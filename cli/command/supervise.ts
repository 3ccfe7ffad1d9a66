// Runs consumers in processes of their own: starts them, replaces those that die, stops all together.
import { type ChildProcess, spawn } from 'node:child_process';

export interface ConsumerProcesses {
  /** Stops them after their fetches in flight; resolves when the last one has ended. */
  stop(): Promise<void>;
  /** Ends them at once. No request is lost. */
  kill(): void;
}

/** Wait before a dead child is replaced. */
const PAUSE_MS = 1000;

/**
 * Keeps `count` children running `drover ARGS` until stopped. Children also stop when this process dies,
 * because their IPC channel closes.
 */
export function superviseConsumers(count: number, args: readonly string[]): ConsumerProcesses {
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
