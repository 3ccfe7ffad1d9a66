// Whether a browser is to make the page of a request.
import type { CrawlSettings } from './settings.ts';

/** What a request says of it. */
export interface RenderExtras {
  readonly render?: boolean;
  readonly checkOnly?: boolean;
  readonly sitemap?: unknown;
  readonly requisite?: unknown;
}

/** page: in any case. empty: if it has no text as it was fetched. Null: no. */
export type RenderWish = 'page' | 'empty' | null;

export function renderWishOf(
  { render, renderWhen }: Pick<CrawlSettings, 'render' | 'renderWhen'>,
  extras: RenderExtras | null,
): RenderWish {
  if (!render && renderWhen === null && !extras?.render) return null;
  if (extras?.checkOnly || extras?.sitemap || extras?.requisite !== undefined) return null;
  if (extras?.render === false) return null;
  return extras?.render ? 'page' : (renderWhen ?? 'page');
}
