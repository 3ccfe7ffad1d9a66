// A drover process that is kept running, as a service manager does: it is killed, and comes back.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandRunner } from '../crawls.ts';
import type { DroverProcess, SpawnOptions } from '../signals.ts';

export interface Kept {
  readonly name: string;
  readonly pid: number;
  readonly isUp: boolean;
  /** Since when the present process runs (performance.now()). */
  readonly since: number;
  readonly starts: number;
  /** How often it ended by itself in another way than it should. */
  readonly falls: number;
  kill(): void;
  /** Starts it again, if it is still needed. */
  start(): Promise<void>;
  /** Resolves when it has ended as it should, or is not needed any more. It is started again until then. */
  readonly done: Promise<void>;
  readonly isDone: boolean;
  /** What the processes have written to standard error, with the end of each. */
  told(): string;
  /** Ends it for good. */
  stop(): Promise<void>;
}

export interface Keeping {
  options?: () => SpawnOptions;
  /** Exit codes with which its work is done. */
  doneWith?: readonly number[];
  isNeeded?: () => Promise<boolean>;
}

const AGAIN_MS = 500;

export function keep(runner: CommandRunner, name: string, args: string[], keeping: Keeping = {}): Kept {
  const { options, doneWith = [0], isNeeded = async () => true } = keeping;
  let [now, since]: [DroverProcess | null, number] = [null, 0];
  let [starts, falls] = [0, 0];
  let [isDone, isOver] = [false, false];
  let told = '';
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });

  function end(): void {
    isDone = true;
    finish();
  }

  function begin(): void {
    if (isOver || isDone) return;
    const started = runner.start(args, options?.());
    since = performance.now();
    starts++;
    now = started;
    void started.exit.then(async ({ code, signal }) => {
      const wasKilled = now !== started;
      if (!wasKilled) now = null;
      told += `${started.stderr()}[${code ?? signal} after ${((performance.now() - since) / 1000).toFixed(1)} s]\n`;
      if (wasKilled || isOver) return;
      if (doneWith.includes(code ?? -1)) return end();
      falls++;
      await sleep(AGAIN_MS);
      await start();
    });
  }

  async function start(): Promise<void> {
    if (now !== null) return;
    if (!(await isNeeded())) end();
    else if (now === null) begin();
  }

  begin();
  return {
    name,
    get pid() {
      return now?.child.pid ?? 0;
    },
    get isUp() {
      return now !== null;
    },
    get since() {
      return since;
    },
    get starts() {
      return starts;
    },
    get falls() {
      return falls;
    },
    get isDone() {
      return isDone;
    },
    done,
    kill() {
      const killed = now;
      now = null;
      killed?.kill('SIGKILL');
    },
    start,
    told: () => told + (now?.stderr() ?? ''),
    async stop() {
      isOver = true;
      const last = now;
      last?.kill('SIGTERM');
      await last?.exit;
    },
  };
}
