// Runs one scenario: its site with and without the faults, each crawled by the drover command as its user
// starts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../../cli/command/failures.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { startTestRedis } from '../../test/support/redis.ts';
import { startSite } from '../../test/support/site/site.ts';
import { withDirectory } from '../measure/measure.ts';
import { type CrawlFigures, figuresOf } from './figures.ts';
import { behavioursOf, listOf, type Scene } from './sites.ts';

export interface Crawled extends CrawlFigures {
  /** URLs without a record; all of them, if it was stopped. */
  missing: number;
  /** It was stopped, because it took longer than it was given. */
  isCut: boolean;
}

const RETRY_AFTER_MS = 1000;

/**
 * `drover`: the path of the command. A crawl that takes longer than `mostMs` is interrupted, as by Ctrl-C.
 */
export async function crawlScene(
  scene: Scene,
  { drover, mostMs }: { drover: string; mostMs: number },
): Promise<Crawled> {
  const { hosts, pagesEach, latencyMs, args } = scene;
  const behaviours = behavioursOf(scene);
  const site = await startSite({
    hosts,
    pages: pagesEach,
    bytes: 2000,
    linksPerPage: 1,
    latencyMs,
    behaviours,
  });
  try {
    return await withDirectory(async (directory) => {
      const list = join(directory, 'list.txt');
      await writeFile(list, listOf(site.urls, pagesEach));
      const output = join(directory, 'records.jsonl');
      const where = ['--data-dir', join(directory, 'data'), '-o', output, '--quiet'];
      const redis = await startTestRedis();
      const command = [drover, 'crawl', list, '--depth', '0', ...args, '--redis', redis.url, ...where];
      const { isCut } = await run(command, mostMs).finally(() => redis.stop());
      // The file is there when the crawl has ended.
      const text = isCut ? '' : await readFile(output, 'utf8');
      const recorded = new Set(recordsOf(text).map(({ url }) => url));
      const missing = hosts * pagesEach - recorded.size;
      return { ...figuresOf(await site.log(), RETRY_AFTER_MS), missing, isCut };
    });
  } finally {
    await site.stop();
  }
}

function recordsOf(text: string): CrawlRecord[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as CrawlRecord);
}

/** Throws with what it said unless it ended with 0, or 1 for dead letters, or was interrupted here. */
async function run(args: readonly string[], mostMs: number): Promise<{ isCut: boolean }> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    said += piece;
  });
  let isCut = false;
  const timer = setTimeout(() => {
    isCut = true;
    child.kill('SIGINT');
  }, mostMs);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (!isCut && code !== EXIT.recorded && code !== EXIT.dead)
    throw new Error(`node ${args.join(' ')} ended with ${code}\n${said}`);
  return { isCut };
}
