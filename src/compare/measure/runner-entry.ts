// The process in which runs take place: fork it, give it a set-up, and order one run after the other. A
// handler that loops or crashes harms only this process and its run.
import type { FromRunner, ToRunner } from './messages.ts';
import { Runner } from './runner.ts';

function tell(message: FromRunner): void {
  process.send?.(message);
}

function serve(): void {
  let runner: Runner | null = null;
  const failed = (error: unknown) => {
    const { code = 'E_HANDLER_FILE', detail = String(error) } = error as { code?: string; detail?: string };
    tell({ kind: 'failed', code, detail });
  };
  // The command ends this process. Its terminal must not end it before.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit());
  process.on('message', (message: ToRunner) => {
    switch (message.kind) {
      case 'set up':
        runner = new Runner(message.setUp, message.isPolite, tell);
        break;
      case 'start':
        runner?.start(message.way).then(() => tell({ kind: 'ready' }), failed);
        break;
      case 'run':
        runner?.run(message.order).then((figures) => tell({ kind: 'ended', figures }), failed);
        break;
      case 'reply':
        runner?.reply(message.id, message.reply);
        break;
      default:
        message satisfies never;
    }
  });
}

if (import.meta.main) serve();
