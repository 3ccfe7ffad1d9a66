// Crawlee's CheerioCrawler at the same work: it follows the links of the site from its root, reads the title
// of each page, and stores an item for each. It is installed into a temporary folder, once for each version.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Bench,
  runProgram,
  type Sample,
  spanOf,
  watchServer,
  withDirectory,
} from '../measure/measure.ts';

const VERSION = '3.18.1';

const program = `import { CheerioCrawler, Configuration, Dataset, log } from '@crawlee/cheerio';
const [, , url, concurrency, storage] = process.argv;
log.setLevel(log.LEVELS.ERROR);
Configuration.getGlobalConfig().set('storageClientOptions', { localDataDirectory: storage });
const most = Number(concurrency);
const crawler = new CheerioCrawler({
  autoscaledPoolOptions: { minConcurrency: most, desiredConcurrency: most, maxConcurrency: most },
  async requestHandler({ $, request, enqueueLinks }) {
    await Dataset.pushData({ url: request.url, title: $('title').text() });
    await enqueueLinks({ strategy: 'same-hostname' });
  },
});
await crawler.run([url]);
const { itemCount } = await (await Dataset.open()).getInfo();
console.log(itemCount);
`;

/** Its folder, with Crawlee installed. */
async function installed(): Promise<string> {
  const folder = join(tmpdir(), `drover-bench-crawlee-${VERSION}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'crawl.mjs'), program);
  if (existsSync(join(folder, 'node_modules', '@crawlee', 'cheerio', 'package.json'))) return folder;
  process.stderr.write(`installing @crawlee/cheerio ${VERSION} into ${folder}\n`);
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', `@crawlee/cheerio@${VERSION}`, '--no-audit', '--no-fund', '--ignore-scripts'];
  await promisify(execFile)('npm', args, { cwd: folder });
  return folder;
}

export async function crawleeCrawl({ site, pages, concurrency }: Bench): Promise<Sample> {
  const folder = await installed();
  return withDirectory(async (storage) => {
    const args = [join(folder, 'crawl.mjs'), `${site.url}/`, String(concurrency), storage];
    const { result, server, log } = await watchServer(site, () => runProgram(args));
    const items = Number(result.stdout);
    if (items !== pages + 1)
      throw new Error(`Crawlee stored ${items} items, not ${pages + 1}: this measured nothing`);
    const { first, seconds } = spanOf(log, pages + 1);
    const { usage, wallSeconds, busySeconds, startedAt } = result;
    const startSeconds = (first - startedAt) / 1000;
    return {
      ...{ pages: pages + 1, seconds, wallSeconds, busySeconds, startSeconds },
      ...{ process: usage, server, redis: null },
    };
  });
}
