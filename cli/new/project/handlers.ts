// The handlers of this project. As they stand, they collect the objects of the demonstration museum that
// `npm run crawl` serves and crawls when it is given no URL. Change them for a site of your own.
import { defineHandler } from 'drover';
import { z } from 'zod';

/** The page of one object. A field that is not as the schema says makes the page a dead letter. */
export const objectPage = defineHandler({
  name: 'object',
  match: { url: '/objects/*', type: 'text/html' },
  schema: z.object({
    name: z.string().min(1),
    year: z.int().min(1000).max(2100),
  }),
  follow: false, // of this page, only what `run` enqueues is fetched
  run({ page, emit }) {
    const { $ } = page;
    const [, name = '', year] = /^(.+), (\d+)$/.exec($('h1').text().trim()) ?? [];
    emit({ name, year: Number(year) });
  },
});

/** Every other page: it leads to rooms and to objects. */
export const listPage = defineHandler({
  name: 'list',
  match: { type: 'text/html' },
  follow: false,
  run({ enqueue }) {
    enqueue('a[href^="/objects/"]', { priority: 5 });
    enqueue('a[href^="/rooms/"]');
  },
});

/** The first handler that matches takes the page. */
export default [objectPage, listPage];
