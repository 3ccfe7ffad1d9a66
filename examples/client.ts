// Starts a crawl over the HTTP API, follows it, and reads its records. Needs `drover serve` and a consumer.
// In a checkout: node --conditions=drover-source examples/client.ts https://example.com/
import { createClient } from 'drover';

const { DROVER_URL: url, DROVER_API_TOKEN: token } = process.env;
const client = createClient({ url, token });
const seed = process.argv[2] ?? 'https://example.com/';
const { crawl } = await client.crawls.create({ url: seed, maxDepth: 1, limit: 100 });

for await (const { event, data } of client.events({ crawl })) {
  if (event !== 'crawls') continue;
  const now = data.crawls.find((view) => view.crawl === crawl);
  if (!now) continue;
  console.log(`${now.state}: ${now.recorded} recorded, ${now.waiting} waiting, ${now.dead} dead`);
  if (now.state === 'finished' || now.state === 'cancelled') break;
}

for await (const { status, url, title } of client.crawls.records(crawl)) console.log(status, url, title);
