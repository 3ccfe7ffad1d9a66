// A real browser for the tests of the dashboard: Chromium, with pages that collect all their faults.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** The first is the same browser without its window: it takes a third of the CPU to start. */
const programs = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** The path of the first of these Chromiums that is on the PATH; null if there is none. */
export function chromiumPath(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = programs.flatMap((program) => folders.map((folder) => join(folder, program)));
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** Starts a browser with a user data directory of its own, and without requests to its vendor. */
export function openBrowser(executablePath: string): Promise<Browser> {
  const quiet = ['quic', 'background-networking', 'component-update', 'sync', 'gpu'].map(
    (what) => `--disable-${what}`,
  );
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--no-first-run', ...quiet] });
}

export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};

export interface WatchedPage {
  page: Page;
  /** Errors and warnings on the console, exceptions, and requests to another origin. */
  faults: string[];
  close(): Promise<void>;
}

/** Opens an empty page in a context of its own. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions,
): Promise<WatchedPage> {
  const context = await browser.newContext({ ...options, acceptDownloads: true });
  context.setDefaultTimeout(8000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== origin) faults.push(`request: ${url.href}`);
  });
  return { page, faults, close: () => context.close() };
}

/** By how many pixels the page is wider than its window; 0 is right. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** The placeholders that are wider than their fields. */
export function cutPlaceholders(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('input')]
    .filter((node) => node.placeholder && node.checkVisibility())
    .filter((node) => {
      const ink = document.createElement('canvas').getContext('2d');
      const { font, paddingLeft, paddingRight } = getComputedStyle(node);
      ink.font = font;
      const room = node.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      return ink.measureText(node.placeholder).width > room;
    })
    .map(({ placeholder }) => placeholder)`);
}

/** The controls that have no name for screen readers, as HTML. */
export function namelessControls(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('button, a[href], summary, input, select, textarea, dialog, [role=img], [role=progressbar], table')]
    .filter((node) => node.checkVisibility())
    .filter((node) => {
      const by = node.getAttribute('aria-labelledby');
      const named = by ? document.getElementById(by)?.textContent : node.getAttribute('aria-label');
      const label = node.labels?.[0]?.textContent ?? node.caption?.textContent;
      const isField = node.matches('input, select, textarea, [role]');
      return !(named || label || (isField ? '' : node.textContent.trim()));
    })
    .map((node) => node.outerHTML.slice(0, 200))`);
}

/**
 * Presses Tab until the focus is on an element that matches the selector. Returns the number; throws after
 * 80.
 */
export async function tabTo(page: Page, selector: string): Promise<number> {
  for (let presses = 1; presses <= 80; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`))
      return presses;
  }
  throw new Error(`80 presses of Tab do not lead to ${selector}`);
}
