// Whether a browser is to make the page of a job.
import type { ActiveJob } from '../context.ts';

/** page: in any case. empty: if it has no text as it was fetched. Null: no. */
export type RenderWish = 'page' | 'empty' | null;

export function renderWish({ request: { extras }, loadedCrawl, memory }: ActiveJob): RenderWish {
  const { render, renderWhen } = loadedCrawl.settings;
  if (!render && renderWhen === null && !extras?.render) return null;
  if (extras?.checkOnly || extras?.sitemap || extras?.requisite !== undefined) return null;
  if (extras?.render === false) return null;
  if (extras?.render || memory.render) return 'page';
  return renderWhen ?? 'page';
}
