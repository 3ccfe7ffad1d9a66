// The dashboard in a real Chromium, served by a real drover that really crawls: what a person does with it,
// on a desk and on a phone.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import {
  cutPlaceholders,
  DESKTOP,
  namelessControls,
  overflowOf,
  PHONE,
  tabTo,
} from '../support/api/browser.ts';
import { go, MARKUP, openStage, picture } from '../support/api/dashboard.ts';

const stage = openStage();

async function watchACrawl(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Start a crawl' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('URLs').fill(`${stage.site.url}/`);
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('Delay, ms').fill('60');
  await form.getByLabel('Limit').fill('50');
  await form.getByText('Sitemap, User-Agent, headers').click();
  assert.deepEqual(await cutPlaceholders(page), []);
  await form.getByLabel('User-Agent').fill('watcher/1');
  await form.getByLabel('Contact').fill('me@a.example');
  await form.getByLabel('Headers').fill('Accept-Language: en\nX-Shop: yes');
  await form.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('heading', { name }).waitFor();
  const { settings } = await stage.get(`/v1/crawls/${name}`);
  assert.deepEqual([settings.userAgent, settings.contact], ['watcher/1', 'me@a.example']);
  await page.locator('[role=progressbar]:not([aria-valuenow="0"])').first().waitFor();
  await page.getByRole('link', { name: '← Crawls' }).click();
  await page.getByRole('row', { name }).getByText('running').waitFor();
}

async function pauseAHost(page: Page): Promise<void> {
  const { host } = new URL(stage.site.url);
  await page.getByRole('link', { name: 'Hosts' }).click();
  await page.getByRole('button', { name: `Pause ${host}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  const row = page.getByRole('row', { name: host });
  await row.getByText('paused', { exact: true }).waitFor();
  const { hosts } = await stage.get('/v1/hosts');
  assert.ok((hosts.find((one: { key: string }) => one.key === host)?.pausedMs ?? 0) > 0);
  await page.getByRole('button', { name: `Limits of ${host}` }).click();
  await page.getByRole('dialog').getByLabel('Fetches at once').fill('3');
  await page.getByRole('dialog').getByRole('button', { name: 'Set' }).click();
  await row.getByText('set: 3 at once').waitFor();
  await page.getByRole('button', { name: `Resume ${host}` }).click();
  await row.getByText('paused', { exact: true }).waitFor({ state: 'hidden' });
}

async function replayAGroup(page: Page, host: string): Promise<void> {
  await page.getByRole('link', { name: /^Dead/ }).click();
  await page.getByLabel('Host', { exact: true }).fill(host);
  await page.getByRole('button', { name: 'Filter' }).click();
  await page.getByText('3 letters in 1 group').waitFor();
  await page.getByRole('link', { name: `Letters of E_HTTP_5XX at ${host}` }).click();
  await page
    .getByRole('link', { name: /^Details of/ })
    .first()
    .click();
  await page.getByText('Attempts (2)').waitFor();
  await page.getByText('Beginning of the answer').first().click();
  await page.getByText(`${MARKUP} is broken`).first().waitFor();
  await page.goBack();
  await stage.breakPages(false);
  await page.getByRole('button', { name: `Canary E_HTTP_5XX at ${host}` }).click();
  await page.getByText('3 letters will be tried again.').waitFor();
  await page.getByRole('dialog').getByLabel('Canary', { exact: true }).fill('1');
  await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
  const run = page.getByRole('region', { name: 'Replays' }).getByRole('row', { name: host }).first();
  await run.getByText('3 of 3 (100%)').waitFor({ timeout: 15_000 });
  await run.getByText('done').waitFor();
  await page.getByText('No group matches').or(page.getByText('No dead letters')).waitFor();
}

async function explainAUrl(page: Page, url: string): Promise<void> {
  await page.getByRole('link', { name: 'Explain' }).click();
  await page.getByLabel('URL', { exact: true }).fill(url);
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('region', { name: 'Verdict' }).getByText('Fetched').waitFor();
  await page
    .getByRole('strong')
    .filter({ hasText: /^robots$/ })
    .waitFor();
}

const looks: [string, BrowserContextOptions][] = [
  ['desk-light', { ...DESKTOP, colorScheme: 'light' }],
  ['phone-dark', { ...PHONE, colorScheme: 'dark', reducedMotion: 'reduce' }],
];
for (const [look, options] of looks)
  test(`a crawl watched, a host paused, a group found and replayed, a URL explained: ${look}`, async (t) => {
    if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
    const { page, faults } = await stage.open(t, options);
    await watchACrawl(page, `walk-${look}`);
    await pauseAHost(page);
    const host = await stage.letters(`broken-${look}`);
    await replayAGroup(page, host);
    await explainAUrl(page, `${stage.site.urls[1]}/p/2?of=broken-${look}`);
    await go(page, '#/tail');
    await page.locator('.tail li').first().waitFor();
    assert.deepEqual(faults, []);
  });

test('every view fits every window, in both schemes, and names all its controls', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const host = await stage.letters('fits');
  const { letters } = await stage.get(`/v1/dead?host=${host}`);
  const explained = encodeURIComponent(`${stage.site.url}/p/1`);
  const views = ['crawls', 'crawls/fits', 'hosts', 'dead', `dead?host=${host}&show=letters`];
  views.push(`dead/${letters[0]?.jobId}`, `explain?url=${explained}`, 'tail');
  for (const [size, colorScheme] of [
    [DESKTOP, 'light'],
    [DESKTOP, 'dark'],
    [PHONE, 'light'],
    [{ ...PHONE, viewport: { width: 360, height: 700 } }, 'dark'],
  ] as const) {
    const { page, faults } = await stage.open(t, { ...size, colorScheme });
    for (const view of views) {
      await go(page, `#/${view}`);
      await page.locator('main h1').waitFor();
      await page.getByText(/^Loading…$/).waitFor({ state: 'detached' });
      const name = `${size === DESKTOP ? 'desk' : 'phone'}-${colorScheme}-${view.replace(/\W.*/, '')}`;
      assert.equal(await overflowOf(page), 0, `${name} is wider than its window`);
      assert.deepEqual(await cutPlaceholders(page), [], name);
      assert.deepEqual(await namelessControls(page), [], name);
      await picture(page, `${name}-${views.indexOf(view)}`);
    }
    assert.deepEqual(faults, []);
  }
});

test('all can be done with the keyboard, and focus comes back', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await stage.open(t, DESKTOP);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.id'), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  await tabTo(page, 'main button.primary');
  await page.keyboard.press('Enter');
  await page.keyboard.type(`${stage.site.url}/p/3`);
  await tabTo(page, 'dialog button[type=submit]');
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Start a crawl');
  await page.keyboard.press('Enter');
  await page.keyboard.type(`${stage.site.url}/p/3`);
  await page.keyboard.press('Tab');
  await page.keyboard.type('by-keyboard');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'by-keyboard' }).waitFor();
  for (const selector of ['a[data-tab=dead]', 'a[data-tab=tail]', 'button.theme', 'main .menu summary'])
    await tabTo(page, selector);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /as CSV/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /as CSV/ }).waitFor({ state: 'hidden' });
  assert.deepEqual(faults, []);
});
