// What tests wait for instead of sleeping: a condition with a deadline, and lines and ends of drover's
// processes.
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline, Readable } from 'node:stream';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundledDrover } from './project/bundle.ts';

export interface UntilOptions {
  /** What the test waits for, as the end of the sentence "waited in vain for …". */
  what: string;
  /** How long to wait. Default: 10,000. */
  deadlineMs?: number;
  /** The interval between two checks. Default: 10. */
  everyMs?: number;
}

/**
 * Checks the condition until it returns a truthy value, and returns that. Throws an Error when the deadline
 * has passed.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, deadlineMs = 10_000, everyMs = 10 }: UntilOptions,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await sleep(everyMs);
  }
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface DroverProcess {
  readonly child: ChildProcess;
  /** The output so far, of each of the two streams. */
  stdout(): string;
  stderr(): string;
  /** Resolves when the process has ended and its output has been read. */
  readonly exit: Promise<Exit>;
  /**
   * The first line of the output that matches, including past lines. Throws if the process ends without such
   * a line, or after 20 s.
   */
  line(matching: RegExp, deadlineMs?: number): Promise<string>;
  /** `kill` sends the signal to this process only, `killGroup` also to all processes that it started. */
  kill(signal?: NodeJS.Signals): void;
  killGroup(signal?: NodeJS.Signals): void;
}

export interface SpawnOptions {
  /** Variables in addition to the present environment. The value undefined removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** A command, with its arguments, that runs the program: `unshare --pid`, `nice`. */
  within?: readonly string[];
  /**
   * Kills the process after the last test of the file instead of after the current test. Needed for a process
   * that is started in before(), because otherwise it is killed after that hook.
   */
  wholeFile?: boolean;
  /**
   * Text for standard input, which is then closed; or pieces of it, as they come. Without it, standard input
   * is empty.
   */
  input?: string | AsyncIterable<string>;
}

const lasting: (() => void)[] = [];
after(() => {
  for (const kill of lasting) kill();
});

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs `drover ARGS` from a bundle of the present sources, with the Node that runs the test, in a process
 * group of its own. After the test, all processes of the group that still run are killed. If the test itself
 * was killed, drover ends because its channel closes.
 */
export function spawnDrover(args: readonly string[], options: SpawnOptions = {}): DroverProcess {
  return spawnWith(['pipe', 'pipe', 'pipe', 'ipc'], [bundledDrover(), ...args], options);
}

/**
 * Like spawnDrover, for any program: `args` are the arguments of `node`. It has no channel, because some
 * programs report there if they have one.
 */
export function spawnProgram(args: readonly string[], options: SpawnOptions = {}): DroverProcess {
  return spawnWith(['pipe', 'pipe', 'pipe'], args, options);
}

function spawnWith(stdio: ('pipe' | 'ipc')[], args: readonly string[], options: SpawnOptions): DroverProcess {
  const [program = '', ...words] = [...(options.within ?? []), process.execPath, ...args];
  const child = spawn(program, words, {
    cwd: options.cwd ?? root,
    // The test runner sets this variable. A node that finds it would report as a test instead of running as a
    // program.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...options.env },
    detached: true,
    stdio,
  }) as ChildProcessWithoutNullStreams;
  child.channel?.unref();
  const killGroup = (signal: NodeJS.Signals = 'SIGKILL') => signalGroup(child, signal);
  if (options.wholeFile) lasting.push(killGroup);
  else after(() => killGroup());
  child.stdin.on('error', () => {}); // the process may end before it has read everything
  const { input = '' } = options;
  if (typeof input === 'string') child.stdin.end(input);
  else pipeline(Readable.from(input), child.stdin, () => {});

  const output = { stdout: '', stderr: '', ended: false };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (piece: string) => {
      output[name] += piece;
    });
  }
  // 'close' also means the end of the output, but it never comes while a process that the program left holds
  // the pipes.
  const closed = once(child, 'close');
  const exit = once(child, 'exit').then(async ([code, signal]): Promise<Exit> => {
    await Promise.race([closed, sleep(500, undefined, { ref: false })]);
    output.ended = true;
    return { code, signal };
  });
  return {
    child,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exit,
    line: (matching, deadlineMs = 20_000) => waitForLine(output, matching, deadlineMs),
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    killGroup,
  };
}

interface Output {
  stdout: string;
  stderr: string;
  ended: boolean;
}

async function waitForLine(output: Output, matching: RegExp, deadlineMs: number): Promise<string> {
  const what = `a line that matches ${matching}`;
  const found = () =>
    lineOf(output.stdout, matching, output.ended) ?? lineOf(output.stderr, matching, output.ended);
  const told = () => `stdout:\n${output.stdout}\nstderr:\n${output.stderr}`;
  await until(() => found() !== null || output.ended, { what, deadlineMs, everyMs: 5 }).catch((cause) => {
    throw new Error(`${cause.message}\n${told()}`, { cause });
  });
  const line = found();
  if (line === null) throw new Error(`ended without ${what}\n${told()}`);
  return line;
}

/** A complete line that matches. The last line counts only after the output has ended. */
function lineOf(text: string, matching: RegExp, ended: boolean): string | null {
  const lines = text.split('\n');
  if (!ended) lines.pop();
  return lines.find((line) => matching.test(line)) ?? null;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ESRCH: the whole group has ended
  }
}
