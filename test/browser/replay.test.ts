// A crawl with --warc and --requisites, packed and replayed by ReplayWeb.page in a real Chromium, without the
// site that was crawled.
import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import type { Frame, Page } from 'playwright-core';
import { chromiumPath, DESKTOP, openBrowser } from '../support/api/browser.ts';
import { serveReplay } from '../support/archives/serve-replay.ts';
import { startArchivedSite } from '../support/archives/site.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';

test('what was crawled is shown as it was, with pictures, styles and scripts of both hosts', async (t) => {
  const program = chromiumPath();
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const paths = ['/gzip', '/br', '/chunked', '/moved', '/same/1', '/same/2'];
  const site = await startArchivedSite(paths);
  const runner = await openCommandRunner();
  const flags = ['--quiet', '--requisites', '--allow-private', '127.0.0.0/8', '--allow-private', '::1'];
  const crawled = await runner.run([
    'crawl',
    site.url,
    '--crawl',
    'site',
    '--warc',
    runner.path('warc'),
    ...flags,
  ]);
  assert.equal(crawled.code, 0, crawled.stderr);
  site.close(); // from here on there is the archive alone
  const packed = await runner.run(['archive', 'site', '-o', runner.path('site.wacz')]);
  assert.equal(packed.code, 0, packed.stderr);
  const replay = await serveReplay(runner.path('site.wacz'));
  const browser = await openBrowser(program);
  after(async () => {
    await browser.close();
    replay.close();
  });
  const context = await browser.newContext(DESKTOP);
  const show = async (path: string): Promise<Frame> => {
    const url = new URL(path, site.url).href;
    const page = await context.newPage();
    // Its first start now and then misses that its service worker is ready. It then shows nothing.
    for (let left = 5; ; left--) {
      await page.goto(replay.page(url));
      const frame = await shownIn(page, url).catch((error: unknown) => {
        if (left === 0) throw error;
      });
      if (frame) return frame;
    }
  };

  const shown = await show('/shown');
  const seen = await shown.evaluate(`new Promise((done) => {
    const look = () => {
      const of = (id) => document.getElementById(id);
      const style = getComputedStyle(of('styled'));
      done({
        own: of('own').naturalWidth, far: of('far').naturalWidth, color: style.color, margin: style.marginTop,
        background: style.backgroundImage.includes('background.svg'), ran: document.documentElement.dataset.ran,
      });
    };
    if (document.readyState === 'complete') look(); else addEventListener('load', look);
  })`);
  const want = { own: 3, far: 3, color: 'rgb(1, 2, 3)', margin: '7px', background: true, ran: 'yes' };
  assert.deepEqual(seen, want);
  for (const [path, text] of Object.entries(texts)) {
    const frame = await show(path);
    assert.equal(await frame.evaluate('document.body.innerText.trim()'), text, path);
  }
});

const texts = {
  '/gzip': 'g',
  '/br': 'b',
  '/chunked': 'first second',
  '/moved': 'here',
  '/same/1': 'the same',
  '/same/2': 'the same', // one of these two is a revisit record
};

/** The frame in which the page is replayed. */
async function shownIn(page: Page, url: string): Promise<Frame> {
  const find = () =>
    page.frames().find((frame) => /mp_\//.test(frame.url()) && frame.url().includes(new URL(url).host));
  const isReady = async () => {
    const frame = find();
    return frame
      ? frame.evaluate("document.readyState === 'complete' && document.body !== null").catch(() => false)
      : false;
  };
  await until(isReady as () => Promise<boolean>, { what: `the replay of ${url}`, deadlineMs: 4000 });
  return find() as Frame;
}
