// Runs a program against the test site, and measures its time, CPU and memory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogEntry, Site } from '../../test/support/site/site.ts';
import { type CommandOptions, runCommand, type TreeUsage } from './process-tree.ts';
import { busySeconds, type Usage, usageOf } from './process-use.ts';
import type { RedisUse } from './redis-use.ts';

/** The figures of one run of one part. */
export interface Sample {
  pages: number;
  /**
   * From the first request to the end of the last, by the server's log. Without a server, the program
   * measures it.
   */
  seconds: number;
  /** From the start of the program to its end. */
  wallSeconds: number;
  /** CPU seconds of the whole machine during `wallSeconds`. */
  busySeconds: number;
  /** From the start of the program to its first request. */
  startSeconds: number | null;
  process: Usage;
  server: Usage | null;
  redis: RedisUse | null;
}

/** What is noted of each request: see LogEntry. `bytes`: all that was sent, with the headers. */
export type Served = Pick<LogEntry, 'start' | 'end' | 'status' | 'path'> & { bytes?: number };

/** A site that one process serves, and that logs its requests. */
export interface MeasuredSite extends Pick<Site, 'url' | 'pid' | 'clearLog'> {
  log(): Promise<Served[]>;
}

/** What all parts work on: a site and the number of its pages. */
export interface Bench {
  site: MeasuredSite;
  pages: number;
  /** Fetches in flight in each process. */
  concurrency: number;
  /** Processes that fetch. Default: 1. */
  processes?: number | 'auto';
}

export interface Ran {
  stdout: string;
  startedAt: number;
  wallSeconds: number;
  busySeconds: number;
  usage: TreeUsage;
}

/** Runs `node ARGS` to its end. Throws an Error with its output if it fails. */
export function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return runMeasured([process.execPath, ...args], { env });
}

/**
 * Runs a command to its end and measures it, together with the processes that it starts. Throws an Error with
 * its output if it fails.
 */
export async function runMeasured(command: readonly string[], options: CommandOptions = {}): Promise<Ran> {
  const startedAt = performance.timeOrigin + performance.now();
  const busyBefore = busySeconds();
  const { code, isTooLate, stdout, stderr, usage } = await runCommand(command, options);
  const wallSeconds = (performance.timeOrigin + performance.now() - startedAt) / 1000;
  if (isTooLate) throw new Error(`${command.join(' ')} had not ended after ${wallSeconds.toFixed(0)} s`);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  return { stdout, startedAt, wallSeconds, busySeconds: busySeconds() - busyBefore, usage };
}

/** Runs `work` and measures the server meanwhile: its log, and the CPU time and memory of its process. */
export async function watchServer<T>(
  site: MeasuredSite,
  work: () => Promise<T>,
): Promise<{ result: T; server: Usage; log: Served[] }> {
  await site.clearLog();
  const before = usageOf(site.pid);
  const result = await work();
  const after = usageOf(site.pid);
  const server = { ...after, cpuSeconds: after.cpuSeconds - before.cpuSeconds };
  return { result, server, log: await site.log() };
}

/**
 * The time of the first request of a log, and the seconds from it to the end of the last. Requests for
 * robots.txt do not count. Throws an Error if pages are missing.
 */
export function spanOf(log: readonly Served[], pages: number): { first: number; seconds: number } {
  const served = log.filter(({ status, path }) => status === 200 && path !== '/robots.txt');
  const different = new Set(served.map(({ path }) => path)).size;
  if (different !== pages)
    throw new Error(`${different} pages were fetched, not ${pages}: this measured nothing`);
  const first = served.reduce((least, { start }) => Math.min(least, start), Number.POSITIVE_INFINITY);
  const last = served.reduce((most, { end }) => Math.max(most, end), 0);
  return { first, seconds: (last - first) / 1000 };
}

/** Runs `work` with a temporary directory, which is removed at the end. */
export async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'drover-bench-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
