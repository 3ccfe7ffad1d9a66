// Whether there is a browser for --render: what `drover doctor` says of it, and what a crawl asks before it
// begins.
import { currentPath } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';

interface BrowserCheck {
  readonly name: string;
  readonly ok: 'yes' | 'warn' | 'no';
  readonly says: string;
  readonly advice: string | null;
}

/** A machine without one can do all but --render; one that is told to have pages in a browser needs it. */
export async function checkBrowser(settings: Settings): Promise<BrowserCheck> {
  const { findBrowser } = await import('../../src/render/browser.ts');
  try {
    const path = await findBrowser(settings.browser, currentPath());
    return { name: 'browser', ok: 'yes', says: `${path} (for --render)`, advice: null };
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const isWanted = settings.browser !== null || (settings.renderPages ?? 0) > 0;
    const says = `none, so --render cannot be used here (${error.code})`;
    return { name: 'browser', ok: isWanted ? 'no' : 'warn', says, advice: error.advice };
  }
}

/** Before a crawl begins whose pages a browser of this command is to make. Throws E_RENDER_NONE. */
export async function requireBrowser(settings: Settings): Promise<void> {
  const { render, renderWhen, renderPages, browser } = settings;
  if ((!render && renderWhen === null) || renderPages === 0) return;
  const { findBrowser } = await import('../../src/render/browser.ts');
  await findBrowser(browser, currentPath());
}
