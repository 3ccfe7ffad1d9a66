// Fetches what is enqueued and runs handlers of your own on it, until Ctrl-C. In a checkout: node
// --conditions=drover-source examples/consume.ts
import { createConsumer } from 'drover';
import handlers from './price-monitor.ts';

const consumer = await createConsumer({ handlers, concurrency: 20 });
console.log('consuming; Ctrl-C stops');
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => consumer.close());
