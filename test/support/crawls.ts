// Runs drover commands as a user does, in a data directory of the test's own, and reads the results.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrawlCounts } from '../../src/crawl/progress.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { type DroverProcess, type SpawnOptions, spawnDrover } from './signals.ts';
import { temporaryDirectory } from './temporary.ts';

export interface CommandRunner {
  dir: string;
  /** The path of a file in `dir`. */
  path(name: string): string;
  /** Starts a command with this data directory. */
  start(args: readonly string[], options?: SpawnOptions): DroverProcess;
  /** Runs a command to its end. */
  run(
    args: readonly string[],
    options?: SpawnOptions,
  ): Promise<{ code: number | null; stdout: string; stderr: string }>;
  status(crawl: string): Promise<CrawlCounts>;
  results(crawl: string): Promise<CrawlRecord[]>;
  /**
   * Runs a command that prints one JSON value on each line, and returns these. Fails unless it exits with 0.
   */
  json<T>(args: readonly string[]): Promise<T[]>;
}

/** Makes a runner. Every command gets `environment` in addition to the present environment. */
export async function openCommandRunner(environment: Record<string, string> = {}): Promise<CommandRunner> {
  const dir = await temporaryDirectory('runner');
  const start: CommandRunner['start'] = (args, options = {}) =>
    spawnDrover(args, {
      ...options,
      env: { DROVER_DATA_DIR: join(dir, 'data'), ...environment, ...options.env },
    });
  const run: CommandRunner['run'] = async (args, options) => {
    const drover = start(args, options);
    const { code } = await drover.exit;
    return { code, stdout: drover.stdout(), stderr: drover.stderr() };
  };
  const json: CommandRunner['json'] = async (args) => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, stderr);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  return {
    dir,
    path: (name) => join(dir, name),
    start,
    run,
    json,
    status: async (crawl) => (await json<CrawlCounts>(['status', crawl, '--json']))[0] as CrawlCounts,
    results: (crawl) => json<CrawlRecord>(['results', crawl]),
  };
}

/** The records of an output file. */
export async function recordsOf(path: string): Promise<CrawlRecord[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as CrawlRecord);
}

/** Fails unless the crawl's numbers add up: accepted = recorded + refused + dead + waiting. */
export function assertAddsUp(counts: CrawlCounts): void {
  const { accepted, recorded, refused, dead, waiting } = counts;
  assert.equal(accepted, recorded + refused + dead + waiting, JSON.stringify(counts));
  assert.ok(waiting >= 0, JSON.stringify(counts));
}
