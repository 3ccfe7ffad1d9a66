// drover consume: one consumer in this process, or several in processes of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { consume } from '../consumers/fetch.ts';
import { DroverError } from '../src/errors.ts';
import { EXIT } from './failures.ts';
import { onInterrupt } from './interrupt.ts';
import { openSession } from './session.ts';

/** Resolves with the exit code once it was stopped. */
export async function run(_args: string[], options: Record<string, unknown>): Promise<number> {
  const processes = Number(options.processes);
  if (!Number.isInteger(processes) || processes < 1 || processes > 256) {
    throw new DroverError(
      'E_USAGE',
      `--processes: expected a number from 1 to 256 (got ${JSON.stringify(options.processes)}).`,
    );
  }
  const session = await openSession(options);
  const say = (line: string) => (options.quiet ? undefined : process.stderr.write(`${line}\n`));
  const children = new Set<ChildProcess>();
  const interrupt = onInterrupt({ note: say }, () => {
    for (const child of children) child.kill('SIGKILL');
  });
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
  if (processes === 1) {
    say(`consuming with ${session.settings.concurrency} fetches at a time; Ctrl-C stops`);
    await consume({
      settings: session.settings,
      address: session.address,
      log: session.log,
      stop: interrupt.wait,
    });
  } else {
    say(
      `consuming in ${processes} processes with ${session.settings.concurrency} fetches at a time each; Ctrl-C stops`,
    );
    await superviseChildren(processes, children, interrupt);
  }
  await session.close();
  interrupt.done();
  return EXIT.recorded;
}

/** Keeps so many children running the same command until stopped; one that dies is replaced after a second. */
async function superviseChildren(
  count: number,
  children: Set<ChildProcess>,
  interrupt: { asked(): boolean; wait: Promise<void> },
): Promise<void> {
  const args = process.argv
    .slice(1)
    .filter((arg, index, all) => !arg.startsWith('--processes') && all[index - 1] !== '--processes');
  const ended: Promise<void>[] = [];
  const start = () => {
    const child = spawn(process.execPath, [...process.execArgv, ...args, '--quiet'], {
      // A child whose parent is gone stops: the channel ends with it.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.add(child);
    ended.push(
      new Promise((resolve) => {
        child.on('exit', () => {
          children.delete(child);
          if (!interrupt.asked()) setTimeout(() => interrupt.asked() || start(), 1000);
          resolve();
        });
      }),
    );
  };
  for (let i = 0; i < count; i++) start();
  await interrupt.wait;
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(ended);
}
