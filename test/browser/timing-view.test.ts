// Where the time of a request goes, in a real Chromium: the waterfall of a record, and of a request sent by
// the button.
import assert from 'node:assert/strict';
import test from 'node:test';
import { DESKTOP, overflowOf, PHONE } from '../support/api/browser.ts';
import { go, MARKUP, openStage, picture } from '../support/api/dashboard.ts';
import { until } from '../support/signals.ts';

const stage = openStage();
const looks = [
  ['desk', DESKTOP],
  ['phone', PHONE],
] as const;

test('a record and a request sent now are drawn with their limits; what servers say is text', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { site } = stage;
  const slow = { status: 200, body: 'a', delayMs: 300 };
  await site.behave('//127.0.0.1/timed', slow);
  await site.behave('//127.0.0.1/hop', { status: 302, headers: { location: `/p/1?${MARKUP}` } });
  const urls = [`${site.url}/timed`, `${site.url}/hop`];
  await stage.crawl({ name: 'timed', urls, maxDepth: 0 });
  const hasEnded = async () => (await stage.get('/v1/crawls/timed')).state === 'finished';
  await until(hasEnded, { what: 'the end of the crawl' });
  for (const [size, options] of looks)
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, faults } = await stage.open(t, { ...options, colorScheme });
      await go(page, `#/explain?crawl=timed&url=${encodeURIComponent(urls[0] ?? '')}`);
      const section = page.getByRole('region', { name: 'Timing' });
      await section.getByText(/Its record: the last hop/).waitFor({ timeout: 15_000 });
      const rows = section.locator('tbody tr');
      assert.equal(await rows.count(), 7);
      const answer = section.getByRole('row', { name: /^first byte/ });
      assert.match((await answer.textContent()) ?? '', /first byte\d{3} ms\d[\d.]* % of 30 s/);
      await section.getByRole('button', { name: 'Time it now' }).click();
      await section.getByRole('heading', { name: 'A request sent now' }).waitFor();
      assert.equal(await rows.count(), 14);
      await section
        .getByText(/^First to fire would be --timeout-response 30 s: first byte used \d[\d.]* % of it\.$/)
        .last()
        .waitFor();
      await section.scrollIntoViewIfNeeded();
      await picture(page, `timing-${size}-${colorScheme}`);
      await section.screenshot(
        process.env.DASHBOARD_SHOTS
          ? { path: `${process.env.DASHBOARD_SHOTS}/timing-whole-${size}-${colorScheme}.png` }
          : {},
      );
      assert.equal(await overflowOf(page), 0, `${size} is wider than its window`);

      await go(page, `#/explain?crawl=timed&url=${encodeURIComponent(urls[1] ?? '')}`);
      await section.getByRole('button', { name: 'Time it now' }).click();
      await section.getByText(/status 302, to \/p\/1\?/).waitFor();
      assert.equal(await section.locator('figure').count(), 3, 'one of the record, two of the request');
      assert.equal(await page.locator('main img').count(), 0);
      assert.equal(await overflowOf(page), 0, `${size} is wider than its window`);
      assert.deepEqual(faults, []);
    }
});
