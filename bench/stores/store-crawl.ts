// Measures a crawl that keeps its records in one of the stores. It counts only if every page is there.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bench, runProgram, spanOf, watchServer, withDirectory } from '../measure/measure.ts';
import { cpuSecondsOfTrees } from '../measure/process-use.ts';
import { watchRedis } from '../measure/redis-use.ts';
import type { StoreSample } from './report.ts';
import type { MeasuredStore } from './servers.ts';

const program = fileURLToPath(new URL('../../cli/drover.ts', import.meta.url));

/** Throws an Error when a page has no record, or more than one. */
export async function storeCrawl(
  { site, pages, concurrency }: Bench,
  { address, env, pids }: MeasuredStore,
): Promise<StoreSample> {
  return withDirectory(async (directory) => {
    const place = (redis: string) => ['--redis', redis, '--data-dir', join(directory, 'data')];
    const crawl = (redis: string) => [
      ...[program, 'crawl', `${site.url}/`, '--crawl', 'bench', '--store', address, ...place(redis)],
      ...['-c', String(concurrency), '--per-host', String(concurrency), '--allow-private', '127.0.0.1/32'],
      '--quiet',
    ];
    const before = cpuSecondsOfTrees(pids());
    const { result } = await watchRedis(async ({ url }) => {
      const watched = await watchServer(site, () => runProgram(crawl(url), env));
      const storeCpuSeconds = cpuSecondsOfTrees(pids()) - before;
      await readAll(
        [program, 'results', 'bench', ...place(url)],
        { ...env, DROVER_STORE: address },
        pages + 1,
      );
      await promisify(execFile)(process.execPath, [program, 'forget', 'bench', '--records', ...place(url)], {
        env: { ...process.env, ...env, DROVER_STORE: address },
      });
      return { ...watched, storeCpuSeconds };
    });
    const { usage, startedAt, wallSeconds } = result.result;
    const { first } = spanOf(result.log, pages + 1);
    return {
      pages: pages + 1,
      // The last records may be written after the last request.
      seconds: wallSeconds - (first - startedAt) / 1000,
      cpuSeconds: usage.cpuSeconds,
      storeCpuSeconds: result.storeCpuSeconds,
      peakBytes: usage.peakBytes,
    };
  });
}

async function readAll(args: string[], env: Record<string, string>, pages: number): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 30,
  });
  const urls = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).url as string);
  const different = new Set(urls).size;
  if (urls.length !== pages || different !== pages)
    throw new Error(`${urls.length} records of ${different} pages, not ${pages}: this measured nothing`);
}
