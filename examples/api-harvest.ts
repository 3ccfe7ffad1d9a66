// Harvests a JSON API that gives its orders in pages, behind a bearer token and a quota. In a checkout:
// API_TOKEN=… npm run crawl -- https://api.example/v1/orders --handler examples/api-harvest.ts --crawl orders
import { defineHandler, Fatal, RetryAfter } from 'drover';
import { z } from 'zod';

/** What the API answers: a page of orders with the address of the next one, or what is wrong. */
const answers = z.union([
  z.object({ orders: z.array(z.unknown()), next: z.string().nullable() }),
  z.object({ error: z.literal('quota'), retryAfterSeconds: z.number() }),
]);

export default defineHandler({
  name: 'order',
  match: { url: '/v1/orders*', type: 'application/json' },
  schema: z.object({
    id: z.int(),
    total: z.number().nonnegative(),
    currency: z.string().length(3),
    placedAt: z.iso.datetime(),
  }),

  /** Adds the token just before a request is sent, so it stands neither in the queue nor in a record. */
  before() {
    const { API_TOKEN } = process.env;
    if (!API_TOKEN) throw new Fatal('set the variable API_TOKEN');
    return { headers: { authorization: `Bearer ${API_TOKEN}` } };
  },

  run({ page, emit, enqueue, log }) {
    const answer = answers.parse(page.json());
    // drover itself waits when an answer is a 429 or a 503. This API tells of its quota in a 200.
    if ('error' in answer) throw new RetryAfter(`${answer.retryAfterSeconds}s`, 'the quota is used up');
    for (const order of answer.orders) emit(order as Parameters<typeof emit>[0]); // the schema checks it
    log.info('harvested', { orders: answer.orders.length });
    enqueue(answer.next); // null after the last page
  },
});
