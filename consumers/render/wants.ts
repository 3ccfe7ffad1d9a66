// Whether a browser is to make the page of a job.
import { type RenderWish, renderWishOf } from '../../src/config/render-wish.ts';
import type { ActiveJob } from '../context.ts';

export function renderWish({ request, loadedCrawl, memory }: ActiveJob): RenderWish {
  const wish = renderWishOf(loadedCrawl.settings, request.extras);
  // It was fetched before, and had no text.
  return wish === 'empty' && memory.render ? 'page' : wish;
}
