// The program of a child process for handlers with isolate: 'process'. It ends when its consumer has ended.
import { lookOutForParent } from './look-out.ts';
import type { FromChild, FromThread, ThreadSetUp, ToThread } from './messages.ts';
import { PageRunner } from './page-runner.ts';

/** Its argument is its set-up, as JSON. */
const setUp = JSON.parse(process.argv[2] ?? '') as ThreadSetUp;
const tell = (message: FromThread) => void process.send?.({ ofDrover: message } satisfies FromChild);
const runner = new PageRunner(setUp, tell, process.memoryUsage.rss);

process.on('message', async (message: ToThread) => {
  if (message.kind !== 'run') return runner.hear(message);
  const { page, task } = message;
  tell({ kind: 'reply', page, reply: await runner.run(task) });
});
process.on('disconnect', () => process.exit());
// Ctrl-C in a terminal goes to all of its processes: the consumer decides when its pages end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

// A handler that computes for ever does not hear that the consumer has ended.
lookOutForParent(0);
