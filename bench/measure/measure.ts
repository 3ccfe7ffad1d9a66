// Runs a program against the test site, and measures its time, CPU and memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LogEntry, Site } from '../../test/support/site/site.ts';
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

/** What all parts work on: a site and the number of its pages. */
export interface Bench {
  site: Site;
  pages: number;
  concurrency: number;
}

export interface Ran {
  stdout: string;
  startedAt: number;
  wallSeconds: number;
  busySeconds: number;
  usage: Usage;
}

/** Runs `node ARGS` to its end. Throws an Error with its output if it fails. */
export async function runProgram(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return withDirectory(async (directory) => {
    const usageFile = join(directory, 'usage.json');
    const preload = fileURLToPath(new URL('usage.ts', import.meta.url));
    const startedAt = performance.timeOrigin + performance.now();
    const busyBefore = busySeconds();
    const child = spawn(process.execPath, ['--import', preload, ...args], {
      env: { ...process.env, ...more, BENCH_USAGE: usageFile },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, 'exit'),
    ]);
    const wallSeconds = (performance.timeOrigin + performance.now() - startedAt) / 1000;
    if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    const busy = busySeconds() - busyBefore;
    return {
      stdout,
      startedAt,
      wallSeconds,
      busySeconds: busy,
      usage: JSON.parse(await readFile(usageFile, 'utf8')),
    };
  });
}

/** Runs `work` and measures the server meanwhile: its log, and the CPU time and memory of its process. */
export async function watchServer<T>(
  site: Site,
  work: () => Promise<T>,
): Promise<{ result: T; server: Usage; log: LogEntry[] }> {
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
export function spanOf(log: readonly LogEntry[], pages: number): { first: number; seconds: number } {
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

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const piece of stream.setEncoding('utf8')) text += piece;
  return text;
}
