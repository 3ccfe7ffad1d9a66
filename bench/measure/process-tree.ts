// Runs a command and measures it with all processes that it starts: CPU time, peak and steady memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Readable, type Writable } from 'node:stream';
import { cpuSecondsIn, type Usage } from './process-use.ts';

export interface TreeUsage extends Usage {
  /** The median of the resident memory over the second half of the time. */
  steadyBytes: number;
}

export interface CommandEnd {
  /** The exit code; null if a signal ended the command. */
  code: number | null;
  /** Whether the time limit ended it. */
  isTooLate: boolean;
  stdout: string;
  stderr: string;
  usage: TreeUsage;
}

export interface CommandOptions {
  cwd?: string;
  /** Variables beside those of this process. */
  env?: Readonly<Record<string, string>>;
  /** After this time the command and all that it started are killed. Default: no limit. */
  limitMs?: number;
}

const READINGS_APART_MS = 100;
/** What a command may print. More is cut off at its beginning. */
const MOST_OUTPUT = 2 ** 20;

/**
 * Ends with the CPU time of the children for which a shell has waited, and of theirs, in the words of
 * /proc/PID/stat.
 */
const shell = '"$@"; code=$?; read -r stat </proc/$$/stat; echo "$stat" >&3; exit $code';

/** Runs the command to its end, whatever the end is. Throws an Error if there is no such program. */
export async function runCommand(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandEnd> {
  const child = spawn('sh', ['-c', shell, 'sh', ...command], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const shellPid = child.pid ?? 0;
  const memory = watchMemory(() => descendantsOf(shellPid));
  let isTooLate = false;
  const limit = setTimeout(
    () => {
      isTooLate = true;
      for (const pid of descendantsOf(shellPid)) kill(pid);
    },
    options.limitMs ?? 2 ** 31 - 1,
  );
  try {
    const texts = [child.stdout, child.stderr, child.stdio[3]].map(textOf);
    const [[code], ...outputs] = await Promise.all([once(child, 'close'), ...texts]);
    const [stdout = '', stderr = '', stat = ''] = outputs;
    if (code === 127) throw new Error(`${command[0]} cannot be run: ${stderr.trim()}`);
    const cpuSeconds = stat === '' ? 0 : cpuSecondsIn(stat).children;
    return { code, isTooLate, stdout, stderr, usage: { cpuSeconds, ...memory.stop() } };
  } finally {
    clearTimeout(limit);
    memory.stop();
  }
}

/** Reads the resident memory of processes until stop(), which returns its peak and its steady height. */
export function watchMemory(pids: () => readonly number[]): {
  stop(): Pick<TreeUsage, 'peakBytes' | 'steadyBytes'>;
} {
  let peakBytes = 0;
  const resident: number[] = [];
  const read = () => {
    const each = pids().map(memoryOf);
    const sum = (of: 'peakBytes' | 'residentBytes') => each.reduce((all, one) => all + one[of], 0);
    // The kernel keeps the peak of each process, so that no peak between two readings is missed.
    peakBytes = Math.max(peakBytes, sum('peakBytes'));
    if (each.length > 0) resident.push(sum('residentBytes'));
  };
  const timer = setInterval(read, READINGS_APART_MS);
  return {
    stop() {
      clearInterval(timer);
      return { peakBytes, steadyBytes: steadyOf(resident) };
    },
  };
}

/** The median of the second half. */
export function steadyOf(readings: readonly number[]): number {
  const half = readings.slice(Math.floor(readings.length / 2)).sort((a, b) => a - b);
  return half[Math.floor(half.length / 2)] ?? 0;
}

/** All processes that a process has started and that run now, and theirs. Itself is not among them. */
export function descendantsOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    textOfFile(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it has ended
  }
}

/** The resident memory of a process; 0 if it has ended. */
export const residentOf = (pid: number): number => memoryOf(pid).residentBytes;

function memoryOf(pid: number): { peakBytes: number; residentBytes: number } {
  const status = textOfFile(`/proc/${pid}/status`);
  const bytes = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { peakBytes: bytes('VmHWM'), residentBytes: bytes('VmRSS') };
}

/** Empty for a process that has ended. */
function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

async function textOf(stream: Readable | Writable | null | undefined): Promise<string> {
  let text = '';
  if (!(stream instanceof Readable)) return text;
  for await (const piece of stream.setEncoding('utf8')) text = (text + piece).slice(-MOST_OUTPUT);
  return text;
}
