// A fleet as a user runs it: commands in one directory with a drover.config.json, on the embedded Redis. Each
// consumer is a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { bundledDrover } from '../../test/support/project/bundle.ts';
import type { Site } from '../../test/support/site/site.ts';
import { withDirectory } from '../measure/measure.ts';
import { busySeconds } from '../measure/process-use.ts';
import type { Kill } from './figures.ts';

export interface Consumer {
  readonly pid: number;
  /** Sends SIGKILL and waits for the end of the process. */
  kill(): Promise<Kill>;
}

export interface Fleet {
  /** Where its commands run, with drover's data in .drover. */
  readonly directory: string;
  /**
   * Offers a list to the crawl, one URL on each line. Throws unless each line was accepted as a new request.
   */
  enqueue(crawl: string, list: string, args?: readonly string[]): Promise<void>;
  /** Runs a command of drover to its end. Resolves to its standard output. */
  run(args: readonly string[]): Promise<string>;
  /** Starts `drover consume -c CONCURRENCY`, with more arguments. */
  consume(concurrency: number, args?: readonly string[]): Consumer;
  status(crawl: string): Promise<CrawlCounts>;
  /**
   * Waits until `drover status` says that the crawl is finished. Throws if that takes longer than a minute.
   */
  finished(crawl: string): Promise<CrawlCounts>;
  results(crawl: string): Promise<CrawlRecord[]>;
  redisPid(): Promise<number>;
}

/** A crawl without any progress for this time hangs. */
const SILENCE_MS = 60_000;

/** The interval of checks. Each check starts a process, which costs much on a machine with two cores. */
const LOOK_EVERY_MS = 1000;

/**
 * Runs `work` with a fleet in a directory of its own, then stops the consumers with SIGTERM. Throws if a
 * consumer failed that was not killed. `drover`: path of the command; this checkout's by default.
 */
export async function withFleet<T>(
  settings: object,
  work: (fleet: Fleet) => Promise<T>,
  drover = bundledDrover(),
): Promise<T> {
  return withDirectory(async (directory) => {
    await writeFile(join(directory, 'drover.config.json'), JSON.stringify(settings, null, 2));
    const consumers: Command[] = [];
    const broken = Promise.withResolvers<never>();
    try {
      const result = await Promise.race([
        work(fleetIn({ directory, drover }, consumers, broken.reject)),
        broken.promise,
      ]);
      for (const { child } of consumers) child.kill('SIGTERM');
      for (const consumer of consumers) await consumer.output;
      return result;
    } finally {
      for (const { child } of consumers) child.kill('SIGKILL');
    }
  });
}

/** Waits until `requests` requests have ended at the site. Throws if none ends for a minute. */
export async function untilServed(site: Site, requests: number): Promise<void> {
  let [served, since] = [0, performance.now()];
  while (served < requests) {
    await sleep(100);
    const now = await site.ended();
    if (now > served) [served, since] = [now, performance.now()];
    if (performance.now() - since > SILENCE_MS)
      throw new Error(`${served} of ${requests} requests, and no more for a minute`);
  }
}

/**
 * Returns a function that gives the share of the machine's CPUs that all processes have used since. If it is
 * near 1, the figures show the limits of the machine.
 */
export function busyMeter(): () => number {
  const [before, startedAt] = [busySeconds(), performance.now()];
  return () => {
    const seconds = (performance.now() - startedAt) / 1000;
    return (busySeconds() - before) / seconds / availableParallelism();
  };
}

interface Place {
  directory: string;
  /** Path of the command. */
  drover: string;
}

function fleetIn(place: Place, consumers: Command[], onBroken: (error: unknown) => void): Fleet {
  const { directory } = place;
  const run = (args: readonly string[]) => startCommand(place, args).output;
  const status = async (crawl: string) => JSON.parse(await run(['status', crawl, '--json'])) as CrawlCounts;
  return {
    directory,
    run,
    async enqueue(crawl, list, args = []) {
      const path = join(directory, `${crawl}.txt`);
      await writeFile(path, list);
      const told = await run(['enqueue', path, '--crawl', crawl, '--depth', '0', '--json', ...args]);
      const lines = list.trimEnd().split('\n').length;
      if (JSON.parse(told).accepted !== lines) throw new Error(`of ${lines} URLs: ${told}`);
    },
    consume(concurrency, args = []) {
      const consumer = startCommand(place, ['consume', '-c', String(concurrency), '--quiet', ...args]);
      consumers.push(consumer);
      consumer.output.catch(onBroken);
      return { pid: consumer.child.pid ?? 0, kill: () => killHard(consumer) };
    },
    status,
    async finished(crawl) {
      const since = performance.now();
      for (;;) {
        const counts = await status(crawl);
        if (counts.state === 'finished') return counts;
        if (performance.now() - since > SILENCE_MS)
          throw new Error(`it does not finish: ${JSON.stringify(counts)}`);
        await sleep(LOOK_EVERY_MS);
      }
    },
    async results(crawl) {
      const lines = (await run(['results', crawl])).trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line) as CrawlRecord);
    },
    async redisPid() {
      return Number(await readFile(join(directory, '.drover', 'redis', 'redis.pid'), 'utf8'));
    },
  };
}

interface Command {
  child: ChildProcess;
  /**
   * Resolves to the standard output when the command has ended. Rejects with all output if the command failed
   * and was not killed here.
   */
  output: Promise<string>;
  killed: boolean;
}

function startCommand({ directory, drover }: Place, args: readonly string[]): Command {
  const child = spawn(process.execPath, [drover, ...args], {
    cwd: directory,
    // Use the Redis and the directory of this fleet, whatever the user's environment says.
    env: { ...process.env, REDIS_URL: '', DROVER_DATA_DIR: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece;
  });
  const command: Command = { child, killed: false, output: once(child, 'close').then(outputOf) };
  function outputOf([code]: unknown[]): string {
    if (code !== 0 && !command.killed)
      throw new Error(`drover ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }
  return command;
}

async function killHard(command: Command): Promise<Kill> {
  command.killed = true;
  const gone = once(command.child, 'exit');
  command.child.kill('SIGKILL');
  const at = now();
  await gone;
  return { at, goneAt: now() };
}

/** Milliseconds since 1970, with fractions. */
const now = () => performance.timeOrigin + performance.now();
