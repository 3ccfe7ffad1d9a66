// What the tests of the dashboard need: a site with broken and hostile pages, a drover that serves and
// consumes, and a browser.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, type TestContext } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openFleets, type TestFleet } from '../fleets.ts';
import { until } from '../signals.ts';
import { type Site, startSite } from '../site/site.ts';
import { type Api, startApi } from './api.ts';
import { chromiumPath, openBrowser, openPage, type WatchedPage } from './browser.ts';

/** Text that the dashboard would run as a script if it did not escape it. */
export const MARKUP = '<img src=x onerror=alert(1)>';
const html = { 'content-type': 'text/html' };
const behaviours = {
  '//127.0.0.1/hostile': {
    body: '<title>&lt;img src=x onerror=alert(1)&gt;</title><a href="javascript:alert(1)">go</a>',
    headers: html,
  },
  '//127.0.0.1/formula': { body: '<title>=HYPERLINK("http://x/")</title>', headers: html },
};
const broken = { status: 500, body: `${MARKUP} is broken` };
const flags = ['--attempts', '2', '--backoff', '20ms', '--no-adaptive', '--allow-private', '127.0.0.0/8'];

/** A folder for screenshots, for people to look at. */
const pictures = process.env.DASHBOARD_SHOTS;

export interface Stage {
  /** The path of Chromium. Null if the machine has none; then nothing else here is usable. */
  readonly program: string | null;
  readonly site: Site;
  readonly fleet: TestFleet;
  api: Api;
  /** Starts another server of the same fleet, or the same server again at its port. */
  serve(args: readonly string[], environment?: Record<string, string>): Promise<Api>;
  /**
   * Opens the dashboard in a window of its own and waits until it is live. The window is closed after the
   * test.
   */
  open(t: TestContext, options: BrowserContextOptions): Promise<WatchedPage>;
  /** Opens the dashboard at another address, without waiting until it is live. */
  openAt(t: TestContext, options: BrowserContextOptions, origin: string): Promise<WatchedPage>;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of an answer by asserting it
  get(path: string): Promise<any>;
  crawl(body: { name: string } & Record<string, unknown>): Promise<void>;
  /** Makes the pages of the second host fail, or work again. */
  breakPages(isBroken: boolean): Promise<void>;
  /**
   * Makes three dead letters in a crawl of this name at the second host, whose pages then fail. Returns the
   * host.
   */
  letters(name: string): Promise<string>;
}

/**
 * To be called once, at the top of a test file. `more`: flags of the server, and so of its consumer.
 */
export function openStage(more: readonly string[] = []): Stage {
  const program = chromiumPath();
  const fleets = openFleets();
  let [browser, site, fleet, api]: [Browser, Site, TestFleet, Api] = [] as never;

  const serve: Stage['serve'] = (args, env = {}) =>
    startApi(fleet, [...flags, ...args], { env, wholeFile: true });
  before(async () => {
    if (!program) return;
    site = await startSite({ pages: 60, hosts: 2, latencyMs: 20, bytes: 2000, behaviours });
    fleet = await fleets.open();
    [api, browser] = await Promise.all([serve(['--processes', '1', ...more]), openBrowser(program)]);
  });
  after(async () => {
    await browser?.close();
    api?.drover.killGroup();
    await site?.stop();
  });

  const get: Stage['get'] = async (path) => (await api.call('GET', path)).json;
  const crawl: Stage['crawl'] = async (body) => {
    const { status, text } = await api.call('POST', '/v1/crawls', { body });
    assert.equal(status, 201, text);
  };
  const openAt: Stage['openAt'] = async (t, options, origin) => {
    const opened = await openPage(browser, origin, options);
    t.after(async () => {
      await picture(opened.page, `end-${t.name.replace(/\W+/g, '-').slice(-40)}`);
      await opened.close();
    });
    await opened.page.goto(`${origin}/`);
    return opened;
  };
  const breakPages: Stage['breakPages'] = (isBroken) =>
    site.behave('//127.0.0.2/p/*', isBroken ? broken : null);
  return {
    program,
    get site() {
      return site;
    },
    get fleet() {
      return fleet;
    },
    get api() {
      return api;
    },
    set api(next) {
      api = next;
    },
    ...{ serve, openAt, get, crawl, breakPages },
    async open(t, options) {
      const opened = await openAt(t, options, api.url);
      await isLive(opened.page);
      return opened;
    },
    async letters(name) {
      await breakPages(true);
      const urls = [1, 2, 3].map((number) => `${site.urls[1]}/p/${number}?of=${name}`);
      await crawl({ name, urls, maxDepth: 0 });
      await until(async () => (await get(`/v1/crawls/${name}`)).dead === 3, { what: 'three dead letters' });
      return new URL(site.urls[1] ?? '').host;
    },
  };
}

export const isLive = (page: Page): Promise<void> => page.locator('.live[data-live=true]').waitFor();

/**
 * Opens an address of the dashboard in the page, without a click on a link. Waits until the page shows it.
 */
export async function go(page: Page, address: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const before = location.hash;
    location.hash = ${JSON.stringify(address)};
    if (location.hash === before) resolve();
    else addEventListener('hashchange', () => requestAnimationFrame(resolve), { once: true });
  })`);
}

/** Saves a screenshot in the folder DASHBOARD_SHOTS, if that variable is set. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png` });
}
