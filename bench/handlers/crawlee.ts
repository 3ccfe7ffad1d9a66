// Crawlee's CheerioCrawler at the same work: it follows the links of the site from its root, reads the title
// of each page, and stores an item for each. It is installed into a cache folder, once for each version.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Bench,
  runProgram,
  type Sample,
  spanOf,
  watchServer,
  withDirectory,
} from '../measure/measure.ts';
import { npmPackage } from '../rivals/install.ts';
import { CRAWLEE_VERSION } from '../rivals/rivals.ts';

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
  const folder = await npmPackage('@crawlee/cheerio', CRAWLEE_VERSION);
  await writeFile(join(folder, 'crawl.mjs'), program);
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
