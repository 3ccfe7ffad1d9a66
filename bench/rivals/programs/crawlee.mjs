// Crawlee's CheerioCrawler: follows the links of the site from its root, and stores an item for each page.
// Usage: node crawlee.mjs URL CONCURRENCY OUTPUT files|memory
//
// With `files`, queue and dataset are files, as Crawlee keeps them unless told otherwise. With `memory`, they
// are not written; the handler appends the lines itself.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { CheerioCrawler, Configuration, Dataset, log } from '@crawlee/cheerio';

const [, , url, concurrency, output, kept] = process.argv;
const inFiles = kept === 'files';
log.setLevel(log.LEVELS.ERROR);
const configuration = Configuration.getGlobalConfig();
configuration.set('persistStorage', inFiles);
configuration.set('storageClientOptions', {
  localDataDirectory: `${output}.storage`,
  persistStorage: inFiles,
});
const most = Number(concurrency);
const lines = inFiles ? null : createWriteStream(output);

const crawler = new CheerioCrawler({
  // From the first page on as many as the others have, without growing to it.
  autoscaledPoolOptions: { minConcurrency: most, desiredConcurrency: most, maxConcurrency: most },
  maxRequestRetries: 0,
  respectRobotsTxtFile: true,
  async requestHandler({ $, body, request, response, enqueueLinks }) {
    const { processedRequests } = await enqueueLinks({ strategy: 'same-hostname' });
    const item = {
      url: request.url,
      status: response.statusCode,
      title: $('title').text(),
      links: processedRequests.map(({ uniqueKey }) => uniqueKey),
      body: String(body),
    };
    if (inFiles) await Dataset.pushData(item);
    else if (!lines.write(`${JSON.stringify(item)}\n`)) await once(lines, 'drain');
  },
});
await crawler.run([url]);
if (inFiles) {
  // The dataset is a file for each item: one line for each is what is counted.
  const counted = createWriteStream(output);
  await (await Dataset.open()).forEach(
    ({ url: of }) => void counted.write(`${JSON.stringify({ url: of })}\n`),
  );
  counted.end();
  await once(counted, 'finish');
} else {
  lines.end();
  await once(lines, 'finish');
}
