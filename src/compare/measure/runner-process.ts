// The process of runs, as the command sees it: forked once for each mode, so that its memory is that of one
// mode, and forked anew when a run did not end.
import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../config/read.ts';
import { DroverError, type ErrorCode } from '../../errors.ts';
import type { RunFigures } from '../ways.ts';
import type { FromRunner, LaneSetUp, Question, Reply, RunOrder, ToRunner } from './messages.ts';

/** Time for starting threads, beyond that of a run. */
const START_MS = 15_000;
const START_OF_THREAD_MS = 1500;

export interface RunnerProcess {
  /** Null when the run did not end or its process died. Throws E_HANDLER_FILE. */
  run(order: RunOrder): Promise<RunFigures | null>;
  /** Ends the process at once. */
  kill(): void;
}

/** `answer`: what the hosts allow; null against a replica. The process starts with its first run. */
export function createRunnerProcess(
  setUp: LaneSetUp,
  answer: ((question: Question) => Promise<Reply>) | null,
): RunnerProcess {
  let child: ChildProcess | null = null;
  let isKilled = false;

  function start(): ChildProcess {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const started = fork(fileURLToPath(new URL(`./runner-entry.${ending}`, import.meta.url)), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: environmentWith({ NODE_COMPILE_CACHE: getCompileCacheDir() }), // threads start in half the time
    });
    started.on('error', () => undefined); // its exit says the same
    tell(started, { kind: 'set up', setUp, isPolite: answer !== null });
    return started;
  }

  function end(): void {
    child?.kill('SIGKILL');
    child = null;
  }

  return {
    async run(order) {
      if (isKilled) return null;
      child ??= start();
      const running = child;
      const ended = Promise.withResolvers<FromRunner | null>();
      const hear = (message: FromRunner) => {
        if (message.kind === 'question')
          void answer?.(message.question).then((reply) =>
            tell(running, { kind: 'reply', id: message.id, reply }),
          );
        else if (message.kind !== 'ready') ended.resolve(message);
      };
      const onExit = () => ended.resolve(null);
      running.on('message', hear);
      running.once('exit', onExit);
      const limitMs = 2 * order.mostMs + START_MS + START_OF_THREAD_MS * order.way.threads;
      const timer = setTimeout(onExit, limitMs);
      tell(running, { kind: 'run', order });
      const message = await ended.promise;
      clearTimeout(timer);
      running.off('message', hear);
      running.off('exit', onExit);
      if (message?.kind === 'ended') return message.figures;
      end();
      if (message?.kind === 'failed') throw new DroverError(message.code as ErrorCode, message.detail);
      return null;
    },
    kill() {
      isKilled = true;
      end();
    },
  };
}

function tell(child: ChildProcess, message: ToRunner): void {
  if (child.connected) child.send(message, () => undefined); // it may end meanwhile
}
