// What tests wait for instead of sleeping: a condition with a deadline, and drover's own processes with their lines and their end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface UntilOptions {
  /** What is waited for, as the end of "waited in vain for …". */
  what: string;
  /** Default 10,000. */
  deadlineMs?: number;
  /** Default 10. */
  everyMs?: number;
}

/** Asks again and again until the condition gives something truthy, and returns that. Throws when the deadline has passed. */
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
  /** Both as far as they have come. */
  stdout(): string;
  stderr(): string;
  /** When the process has ended and its output has been read. */
  readonly exit: Promise<Exit>;
  /** The first line of either output that matches, past ones included. Throws if the process ends, or 20 s pass, without one. */
  line(matching: RegExp, deadlineMs?: number): Promise<string>;
  /** To the process alone, as `kill PID` does; killGroup to all that it started as well. */
  kill(signal?: NodeJS.Signals): void;
  killGroup(signal?: NodeJS.Signals): void;
}

export interface SpawnOptions {
  /** Besides the present environment; undefined removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Ends it after the last test of the file, not after the test (or hook!) at hand: for a process started in before(). */
  wholeFile?: boolean;
  /** Written to standard input, which is then closed; without it, standard input is empty. */
  input?: string;
}

const lasting: (() => void)[] = [];
after(() => {
  for (const kill of lasting) kill();
});

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs `drover ARGS` (from the sources, with the Node that runs this) in a process group of its own. Whatever of the group is still there
 * after the test that called this is killed.
 */
export function spawnDrover(args: readonly string[], options: SpawnOptions = {}): DroverProcess {
  return spawnProgram([`${root}cli/drover.ts`, ...args], options);
}

/** Like spawnDrover, for any program of the house: the arguments of `node`. */
export function spawnProgram(args: readonly string[], options: SpawnOptions = {}): DroverProcess {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? root,
    // Of the test runner's own: a node that finds it would report as a test, not as a program.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...options.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const killGroup = (signal: NodeJS.Signals = 'SIGKILL') => signalGroup(child, signal);
  if (options.wholeFile) lasting.push(killGroup);
  else after(() => killGroup());
  child.stdin.on('error', () => {}); // it may end without having read all
  child.stdin.end(options.input ?? '');

  const output = { stdout: '', stderr: '', ended: false };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (piece: string) => {
      output[name] += piece;
    });
  }
  // 'close' is the end of the output too, but never comes while something that the program left behind holds its pipes.
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

/** A whole line that matches; the last one counts only once the output has ended. */
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
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // all of it has ended
  }
}
