// The process of runs, as the command sees it: forked once for each mode, so that its memory is that of one
// mode, and forked anew when a run did not end.
import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';
import { environmentWith } from '../../config/read.ts';
import { DroverError, type ErrorCode } from '../../errors.ts';
import type { RunFigures, Way } from '../ways.ts';
import type { FromRunner, LaneSetUp, Question, Reply, RunOrder, ToRunner } from './messages.ts';

/** A process that takes so much longer than its order hangs. */
const HANG_MS = 2000;

export interface RunnerProcess {
  /** Starts the lanes of a way. False when they did not start in time. Throws E_HANDLER_FILE. */
  start(way: Way, limitMs: number): Promise<boolean>;
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

  /** Null when the answer does not come in time, or its process died. Then the next one starts anew. */
  async function asked(message: ToRunner, limitMs: number): Promise<FromRunner | null> {
    if (isKilled) return null;
    child ??= start();
    const running = child;
    const answered = Promise.withResolvers<FromRunner | null>();
    const hear = (heard: FromRunner) => {
      if (heard.kind === 'question')
        void answer?.(heard.question).then((reply) => tell(running, { kind: 'reply', id: heard.id, reply }));
      else answered.resolve(heard);
    };
    const onExit = () => answered.resolve(null);
    running.on('message', hear);
    running.once('exit', onExit);
    const timer = setTimeout(onExit, limitMs);
    tell(running, message);
    const heard = await answered.promise;
    clearTimeout(timer);
    running.off('message', hear);
    running.off('exit', onExit);
    if (heard !== null && heard.kind !== 'failed') return heard;
    end();
    if (heard) throw new DroverError(heard.code as ErrorCode, heard.detail);
    return null;
  }

  return {
    async start(way, limitMs) {
      return (await asked({ kind: 'start', way }, limitMs)) !== null;
    },
    async run(order) {
      const limitMs = order.startMs + order.mostMs + order.settleMs + HANG_MS;
      const heard = await asked({ kind: 'run', order }, limitMs);
      return heard?.kind === 'ended' ? heard.figures : null;
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
