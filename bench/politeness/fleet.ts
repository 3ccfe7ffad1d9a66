// A fleet as its user runs it: commands in one directory with a drover.config.json, on the embedded Redis, consumers in processes of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import type { CrawlRecord } from '../../src/record.ts';
import type { Site } from '../../test/support/site/site.ts';
import { withDirectory } from '../measure/measure.ts';
import { busySeconds } from '../measure/process-use.ts';

export interface Consumer {
  readonly pid: number;
  /** kill -9. Returns when it was sent: milliseconds since 1970. */
  kill(): number;
}

export interface Fleet {
  /** Offers a list, one URL a line, to the crawl. Throws unless each line was accepted as a request of its own. */
  enqueue(crawl: string, list: string, args?: readonly string[]): Promise<void>;
  /** Starts `drover consume -c CONCURRENCY`. */
  consume(concurrency: number): Consumer;
  status(crawl: string): Promise<CrawlCounts>;
  /** Returns when `drover status` says that the crawl is finished. Throws when it does not within a minute. */
  finished(crawl: string): Promise<CrawlCounts>;
  results(crawl: string): Promise<CrawlRecord[]>;
  redisPid(): Promise<number>;
}

/** A crawl of which nothing is heard for so long has come to a stand. */
const SILENCE_MS = 60_000;

/** Each look at a crawl is a process of its own, which the two cores of a small machine feel. */
const LOOK_EVERY_MS = 1000;

/** Runs `work` with a fleet in a directory of its own, stops the consumers as Ctrl-C does, and throws if one ended otherwise than killed.
 * `drover`: the path of the command, this checkout's if not given. */
export async function withFleet<T>(
  settings: object,
  work: (fleet: Fleet) => Promise<T>,
  drover = fileURLToPath(new URL('../../cli/drover.ts', import.meta.url)),
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

/** Waits until so many requests have ended at the site. Throws when there were none for a minute. */
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

/** Answers, whenever asked, which share of the machine's CPUs was used since, by this and by others: near 1, figures are of the machine. */
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
    async enqueue(crawl, list, args = []) {
      const path = join(directory, `${crawl}.txt`);
      await writeFile(path, list);
      const told = await run(['enqueue', path, '--crawl', crawl, '--depth', '0', '--json', ...args]);
      const lines = list.trimEnd().split('\n').length;
      if (JSON.parse(told).accepted !== lines) throw new Error(`of ${lines} URLs: ${told}`);
    },
    consume(concurrency) {
      const consumer = startCommand(place, ['consume', '-c', String(concurrency), '--quiet']);
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
  /** What it wrote to standard output, when it has ended. Rejects with all that it said if it ended otherwise than with 0 or killed by us. */
  output: Promise<string>;
  killed: boolean;
}

function startCommand({ directory, drover }: Place, args: readonly string[]): Command {
  const child = spawn(process.execPath, [drover, ...args], {
    cwd: directory,
    // On the Redis and in the directory of this fleet, whatever the user has set.
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

function killHard(command: Command): number {
  command.killed = true;
  command.child.kill('SIGKILL');
  return performance.timeOrigin + performance.now();
}
