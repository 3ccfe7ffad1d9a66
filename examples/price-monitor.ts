// Handlers that watch the prices of a shop. In a checkout: npm run crawl -- https://shop.example/ --handler
// examples/price-monitor.ts --crawl prices; then npm run drover -- items prices --format csv
import { Discard, defineHandler } from 'drover';
import { z } from 'zod';

const item = defineHandler({
  name: 'price',
  match: { label: 'item', type: 'text/html' },
  schema: z.object({
    name: z.string().trim().min(1),
    cents: z.int().positive(),
    currency: z.string().length(3),
  }),
  follow: false,
  run({ page, emit }) {
    const { $ } = page;
    if ($('.sold-out').length > 0) throw new Discard('sold out');
    const price = $('[data-cents]').first();
    emit({
      name: $('h1').text(),
      cents: Number(price.data('cents')),
      currency: String(price.data('currency')),
    });
  },
});

/** Every other page: a list of products, and perhaps a next one. */
const list = defineHandler({
  name: 'list',
  match: { type: 'text/html' },
  follow: false,
  run({ enqueue }) {
    enqueue('.product a', { label: 'item', priority: 5 });
    enqueue('a[rel=next]');
  },
});

export default [item, list];
