// Enqueues URLs from a program of your own; consumers fetch them. In a checkout: node
// --conditions=drover-source examples/enqueue.ts URL…
import { createProducer } from 'drover';

const producer = await createProducer({ crawl: 'shop', depth: 0 });
const { accepted, duplicates, rejected } = await producer.add(process.argv.slice(2));
console.log(`crawl ${producer.crawl}: ${accepted} accepted, ${duplicates} known already`);
for (const { url, message } of rejected) console.error(`${url}: ${message}`);
await producer.close();
