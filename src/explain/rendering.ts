// Whether a browser makes, or has made, the page of a request.
import { renderWishOf } from '../config/render-wish.ts';
import type { Facts, Step } from './explanation.ts';
import { span } from './words.ts';

/** Null for a page that no browser makes. */
export function renderStep({ subject, where }: Facts): Step | null {
  if (!where) return null;
  const record = where.place.kind === 'ended' ? where.placed?.record : null;
  if (record) {
    const { rendered } = record;
    if (!rendered) return null;
    const { ms, requests, refused, wentTo, leftOut } = rendered;
    const parts = [
      `a browser made the page in ${span(ms)}: ${requests} requests`,
      refused.length > 0 ? `${refused.length} refused` : '',
      wentTo === null ? '' : `it went to ${wentTo}`,
    ];
    return { step: 'render', ok: true, text: parts.filter(Boolean).join(', '), detail: { refused, leftOut } };
  }
  const wish = where.request && renderWishOf(subject.loadedCrawl.settings, where.request.extras);
  if (!wish) return null;
  const text = `a browser makes the page${wish === 'empty' ? ' if it has no text as it is fetched' : ''}`;
  return { step: 'render', ok: null, text };
}
