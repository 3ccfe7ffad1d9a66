// Finds the broken links of a site, and the pages on which they stand. Links to other sites are checked too,
// but not followed. In a checkout: node --conditions=drover-source examples/link-checker.ts
// https://example.com/
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CrawlRecord,
  catalogue,
  createConsumer,
  createProducer,
  defineHandler,
  readResults,
} from 'drover';

const site = new URL(process.argv[2] ?? 'http://127.0.0.1:8080/');

/** A page of the site: all that it links to is requested. */
const own = defineHandler({
  name: 'own',
  match: { url: `${site.origin}/**` },
  follow: false,
  run({ page, enqueue }) {
    const isOwn = new URL(page.url).origin === site.origin; // it may have led elsewhere
    if (isOwn) enqueue(page.links);
  },
});

/** A page of another site: that it answers is enough. */
const other = defineHandler({ name: 'other', follow: false, run() {} });

// scope: links may lead to any host. body: records keep no pages, only their links and how they ended.
const producer = await createProducer({ crawl: `links-${site.hostname}`, scope: 'any', body: 'none' });
await producer.add(site.href);
const consumer = await createConsumer({ handlers: [own, other] });
while ((await producer.counts()).waiting > 0) await sleep(200);
await producer.close();
await consumer.close();

/** A handler gets only pages that are there. What became of all requests stands in their records. */
const isRefused = ({ error }: CrawlRecord) => error !== null && catalogue[error.code].ends === 'refused';
const broken = new Map<string, { why: string; on: string[] }>();
let checked = 0;
let refused = 0;
for await (const record of readResults({ crawl: producer.crawl })) {
  checked++;
  if (isRefused(record)) refused++;
  else if (!record.ok) broken.set(record.url, { why: String(record.status ?? record.error?.code), on: [] });
}
for await (const { url, links } of readResults({ crawl: producer.crawl }))
  for (const link of links ?? []) broken.get(link)?.on.push(url);

for (const [url, { why, on }] of broken)
  console.log(`${why} ${url}\n${on.map((page) => `  on ${page}`).join('\n')}`);
console.log(
  `${checked} URLs, ${broken.size} broken, ${refused} not checked because robots.txt or scope forbids it`,
);
process.exitCode = broken.size > 0 ? 1 : 0;
