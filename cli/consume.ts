// drover consume: runs one consumer in this process, or several in processes of their own.
import { consume } from '../consumers/run.ts';
import { EXIT } from './command/failures.ts';
import { onInterrupt } from './command/interrupt.ts';
import { openConsumerSession } from './command/session.ts';
import { superviseConsumers } from './command/supervise.ts';
import type { ConsumeOptions } from './options.ts';

/** Resolves with the exit code after it was stopped. */
export async function run(_args: string[], options: ConsumeOptions): Promise<number> {
  const { processes } = options;
  const session = await openConsumerSession(options.settings);
  const say = (line: string) => (options.quiet ? undefined : process.stderr.write(`${line}\n`));
  const children = superviseConsumers(processes === 1 ? 0 : processes, argumentsOfChildren());
  const interrupt = onInterrupt({ note: say }, session.settings.grace, children.kill);
  if (processes === 1) {
    say(`consuming with ${session.settings.concurrency} fetches at a time; Ctrl-C stops`);
    await consume({
      settings: session.settings,
      address: session.address,
      log: session.log,
      stop: interrupt.wait,
      say: (line) => void process.stderr.write(`${line}\n`),
    });
  } else {
    say(
      `consuming in ${processes} processes with ${session.settings.concurrency} fetches at a time each; Ctrl-C stops`,
    );
    await interrupt.wait;
    await children.stop();
  }
  await session.close();
  interrupt.done();
  return EXIT.recorded;
}

/** The arguments of this command without --processes, for a child. */
function argumentsOfChildren(): string[] {
  const own = process.argv.slice(2);
  const args = own.filter((arg, index) => !arg.startsWith('--processes') && own[index - 1] !== '--processes');
  return [...args, '--quiet'];
}
