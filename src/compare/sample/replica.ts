// Starts the replica of a sample in a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ReplicaPage } from './replica-answer.ts';

export interface Replica {
  readonly port: number;
  /** Ends it at once. */
  stop(): void;
}

/** The page with index 3 is at http://127.0.0.1:PORT/3. */
export async function startReplica(pages: readonly ReplicaPage[]): Promise<Replica> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const child = fork(fileURLToPath(new URL(`./replica-server.${ending}`, import.meta.url)), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true, // Ctrl-C is for the command, which ends it; it ends by itself when the command is gone
  });
  child.send([...pages]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the replica ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }];
  return { port, stop: () => void child.kill('SIGKILL') };
}
