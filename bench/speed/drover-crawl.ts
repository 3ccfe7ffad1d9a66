// Measures drover as a user starts it: a crawl that follows links from one page, and a list of URLs, a
// crawl with handlers. The records are written to a file.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledDrover } from '../../test/support/project/bundle.ts';
import {
  type Bench,
  runProgram,
  type Sample,
  spanOf,
  watchServer,
  withDirectory,
} from '../measure/measure.ts';
import { watchRedis } from '../measure/redis-use.ts';

/** Crawls from the root and finds all pages by their links. */
export function droverCrawl(bench: Bench): Promise<Sample> {
  return drover(bench, bench.pages + 1, async () => [`${bench.site.url}/`]);
}

/** Crawls the same pages from a list. */
export function droverList(bench: Bench): Promise<Sample> {
  return drover(bench, bench.pages, async (directory) => {
    const list = join(directory, 'list.txt');
    const urls = Array.from({ length: bench.pages }, (_, n) => `${bench.site.url}/p/${n}\n`);
    await writeFile(list, urls.join(''));
    return [list, '--depth', '0'];
  });
}

/** The crawl with an inline handler that does nothing. */
export function droverHandler(bench: Bench): Promise<Sample> {
  return withHandler(bench, 'run() {}');
}

/** The crawl with a handler that reads the title from the parsed page and emits it. */
export function droverQuery(bench: Bench): Promise<Sample> {
  return withHandler(bench, "run({ page, emit }) { emit({ title: page.$('title').text() }); }");
}

/** The same work with cheerio called by the handler itself. */
export function droverOwnCheerio(bench: Bench): Promise<Sample> {
  const root = JSON.stringify(import.meta.url);
  const before = `import { createRequire } from 'node:module';
const { load } = createRequire(${root})('cheerio/slim');
`;
  const parse = 'load(page.text, { xml: { xmlMode: false, decodeEntities: true } })';
  return withHandler(
    bench,
    `run({ page, emit }) { const $ = ${parse}; emit({ title: $('title').text() }); }`,
    before,
  );
}

function withHandler(bench: Bench, run: string, before = ''): Promise<Sample> {
  return drover(bench, bench.pages + 1, async (directory) => {
    const file = join(directory, 'handler.mjs');
    await writeFile(file, `${before}export default { name: 'bench', ${run} };\n`);
    return [`${bench.site.url}/`, '--handler', file];
  });
}

async function drover(
  { site, concurrency, processes = 1 }: Bench,
  pages: number,
  seeds: (directory: string) => Promise<string[]>,
): Promise<Sample> {
  return withDirectory(async (directory) => {
    const output = join(directory, 'records.jsonl');
    const perHost = concurrency * (processes === 'auto' ? 1 : processes);
    const command = (redis: string, what: string[]) => [
      ...[bundledDrover(), 'crawl', ...what],
      ...['-c', String(concurrency), '--per-host', String(perHost), '--processes', String(processes)],
      ...['--allow-private', '127.0.0.1/32'],
      ...['--redis', redis, '--data-dir', join(directory, 'data'), '-o', output, '--quiet'],
    ];
    const given = await seeds(directory);
    const { result, redis } = await watchRedis(({ url }) =>
      watchServer(site, () => runProgram(command(url, given))),
    );
    const records = (await readFile(output, 'utf8')).split('\n').length - 1;
    if (records !== pages)
      throw new Error(`${records} records were written, not ${pages}: this measured nothing`);
    const { first, seconds } = spanOf(result.log, pages);
    const { usage, wallSeconds, busySeconds, startedAt } = result.result;
    const startSeconds = (first - startedAt) / 1000;
    return {
      pages,
      seconds,
      wallSeconds,
      busySeconds,
      startSeconds,
      process: usage,
      server: result.server,
      redis,
    };
  });
}
