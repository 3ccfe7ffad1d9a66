// What is taken of a page in a browser: its document and its picture.
import type { Page } from 'playwright-core';

export const VIEWPORT = { width: 1280, height: 800 };
const PICTURE_MS = 5000;
const MOST_PICTURE_HEIGHT = 8000;
const MOST_PICTURE_BYTES = 10 * 1024 * 1024;

/**
 * The document as HTML; null if it has more characters than this. It is measured within the browser, in a
 * world that scripts of the page cannot reach, so that no page can send more than is wanted.
 */
export async function htmlOf(page: Page, most: number): Promise<string | null> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    ...{ frameId: frameTree.frame.id, worldName: 'drover' },
  });
  const expression = `(() => {
    const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '';
    const html = type + (document.documentElement?.outerHTML ?? '');
    return html.length > ${most} ? null : html;
  })()`;
  const { result } = await session.send('Runtime.evaluate', { expression, contextId, returnByValue: true });
  return typeof result.value === 'string' ? result.value : null;
}

/** The whole page, up to a height; null if even a window of it would be too large. */
export async function pictureOf(page: Page): Promise<Buffer | null> {
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
  const clip = {
    x: 0,
    y: 0,
    width: VIEWPORT.width,
    height: Math.min(Math.max(height, 1), MOST_PICTURE_HEIGHT),
  };
  const whole = await page.screenshot({ fullPage: true, clip, timeout: PICTURE_MS });
  if (whole.length <= MOST_PICTURE_BYTES) return whole;
  const first = await page.screenshot({ timeout: PICTURE_MS });
  return first.length <= MOST_PICTURE_BYTES ? first : null;
}
