// The dashboard in a real Chromium, served by a real drover that really crawls: what a person does with it, on a desk and on a phone.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import test, { after, before, type TestContext } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import {
  chromiumPath,
  DESKTOP,
  namelessControls,
  openBrowser,
  openPage,
  overflowOf,
  PHONE,
  tabTo,
  type WatchedPage,
} from '../support/browser.ts';
import { type Fleet, openFleets } from '../support/fleets.ts';
import { type DroverProcess, until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site.ts';

const program = chromiumPath();
const fleets = openFleets();
const markup = '<img src=x onerror=alert(1)>';
/** Answers with what no page of ours may run: a title that is markup, a link that is a script, a body that is both. */
const hostile = `<!doctype html><title>&lt;img src=x onerror=alert(1)&gt;</title><a href="javascript:alert(1)">go</a>${'<a href="/p/1">1</a><a href="/p/2">2</a>'}`;
/** A folder for pictures of what the tests see, for people. */
const shots = process.env.DASHBOARD_SHOTS;

let [browser, fleet, site, server, origin]: [Browser | null, Fleet, Site, DroverProcess, string] =
  [] as never;

before(async () => {
  if (!program) return;
  site = await startSite({
    pages: 60,
    hosts: 2,
    latencyMs: 20,
    bytes: 2000,
    behaviours: {
      '//127.0.0.1/': { body: hostile, headers: { 'content-type': 'text/html' } },
      '//127.0.0.1/formula': {
        body: '<title>=HYPERLINK("http://x/")</title>',
        headers: { 'content-type': 'text/html' },
      },
      '//127.0.0.2/p/*': { status: 500, body: `${markup} is broken` },
    },
  });
  fleet = await fleets.open();
  browser = await openBrowser(program);
  [server, origin] = await serve(0);
});
after(async () => {
  await browser?.close();
  server?.killGroup();
  await site?.stop();
});

async function serve(
  port: number,
  environment: Record<string, string> = {},
): Promise<[DroverProcess, string]> {
  const flags = ['--attempts', '2', '--backoff', '20ms', '--no-adaptive', '--allow-private', '127.0.0.0/8'];
  const env = environment;
  const processes = environment.DROVER_API_TOKEN ? '0' : '1';
  const args = ['serve', '--port', String(port), '--processes', processes, ...flags];
  const process = fleet.desk.start(args, { env, wholeFile: true });
  const line = await process.line(/^listening on /);
  return [process, /http:\/\/[^ ]+/.exec(line)?.[0] ?? ''];
}

/** It is closed after the test. */
async function openDashboard(
  t: TestContext,
  options: BrowserContextOptions,
  at = origin,
): Promise<WatchedPage> {
  if (!browser) throw new Error('there is no Chromium');
  const opened = await openPage(browser, at, options);
  t.after(async () => {
    await shoot(opened.page, `end-${t.name.replace(/\W+/g, '-').slice(-40)}`);
    await opened.close();
  });
  await opened.page.goto(`${at}/`);
  return opened;
}

const isLive = (page: Page) => page.locator('.live[data-live=true]').waitFor();

async function api<T>(path: string, body?: unknown): Promise<T> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await fetch(`${origin}${path}`, body === undefined ? {} : init);
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as T;
}

/** Goes by the address: links are followed where that is what is tested. */
async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
}

async function shoot(page: Page, name: string): Promise<void> {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: `${shots}/${name}.png` });
}

/** Three letters at the second host, whose pages fail until they are told otherwise. */
async function makeLetters(name: string): Promise<string> {
  await site.behave('//127.0.0.2/p/*', { status: 500, body: `${markup} is broken` });
  const urls = [1, 2, 3].map((number) => `${site.urls[1]}/p/${number}?of=${name}`);
  await api('/v1/crawls', { name, urls, maxDepth: 0 });
  await until(async () => (await api<{ dead: number }>(`/v1/crawls/${name}`)).dead === 3, {
    what: 'three dead letters',
  });
  return new URL(site.urls[1] ?? '').host;
}

async function watchACrawl(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Start a crawl' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('URLs').fill(`${site.url}/`);
  await form.getByLabel('Name').fill(name);
  await form.getByLabel('Delay, ms').fill('60');
  await form.getByLabel('Limit').fill('50');
  await form.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('heading', { name }).waitFor();
  await page.locator('[role=progressbar]:not([aria-valuenow="0"])').first().waitFor();
  await page.getByRole('link', { name: '← Crawls' }).click();
  await page.getByRole('row', { name }).getByText('running').waitFor();
}

async function pauseAHost(page: Page): Promise<void> {
  const { host } = new URL(site.url);
  await page.getByRole('link', { name: 'Hosts' }).click();
  await page.getByRole('button', { name: `Pause ${host}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
  const row = page.getByRole('row', { name: host });
  await row.getByText('paused', { exact: true }).waitFor();
  const { hosts } = await api<{ hosts: { key: string; pausedMs: number }[] }>('/v1/hosts');
  assert.ok((hosts.find(({ key }) => key === host)?.pausedMs ?? 0) > 0);
  await page.getByRole('button', { name: `Limits of ${host}` }).click();
  await page.getByRole('dialog').getByLabel('At once').fill('3');
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
    .getByRole('link', { name: /^Look into/ })
    .first()
    .click();
  await page.getByText('Attempts (2)').waitFor();
  await page.getByText('How the answer began').first().click();
  await page.getByText(`${markup} is broken`).first().waitFor();
  await page.goBack();
  await site.behave('//127.0.0.2/p/*', null);
  await page.getByRole('button', { name: `Canary E_HTTP_5XX at ${host}` }).click();
  await page.getByText('3 letters would be tried again.').waitFor();
  await page.getByRole('dialog').getByLabel('Canary', { exact: true }).fill('1');
  await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
  const run = page.getByRole('region', { name: 'Replays' }).getByRole('row', { name: host }).first();
  await run.getByText('3 of 3 (100%)').waitFor({ timeout: 15_000 });
  await run.getByText('done').waitFor();
  await page.getByText('None match').or(page.getByText('No dead letters')).waitFor();
}

async function explainAUrl(page: Page, url: string): Promise<void> {
  await page.getByRole('link', { name: 'Explain' }).click();
  await page.getByLabel('URL', { exact: true }).fill(url);
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByRole('region', { name: 'Verdict' }).getByText('Fetched').waitFor();
  await page.getByText('robots', { exact: true }).waitFor();
}

const looks: [string, BrowserContextOptions][] = [
  ['desk-light', { ...DESKTOP, colorScheme: 'light' }],
  ['phone-dark', { ...PHONE, colorScheme: 'dark', reducedMotion: 'reduce' }],
];
for (const [look, options] of looks)
  test(`a crawl watched, a host paused, a group found and replayed, a URL explained: ${look}`, async (t) => {
    if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
    const { page, faults } = await openDashboard(t, options);
    await isLive(page);
    await watchACrawl(page, `walk-${look}`);
    await pauseAHost(page);
    const host = await makeLetters(`broken-${look}`);
    await replayAGroup(page, host);
    await explainAUrl(page, `${site.urls[1]}/p/2?of=broken-${look}`);
    await go(page, '#/tail');
    await page.locator('.tail li').first().waitFor();
    assert.deepEqual(faults, []);
  });

test('every view fits every window, in both schemes, and names all its controls', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const host = await makeLetters('fits');
  const { letters } = await api<{ letters: { jobId: string }[] }>(`/v1/dead?host=${host}`);
  const explained = encodeURIComponent(`${site.url}/p/1`);
  const views = ['crawls', 'crawls/fits', 'hosts', 'dead', `dead?host=${host}&show=letters`];
  views.push(`dead/${letters[0]?.jobId}`, `explain?url=${explained}`, 'tail');
  for (const [size, colorScheme] of [
    [DESKTOP, 'light'],
    [DESKTOP, 'dark'],
    [PHONE, 'light'],
    [{ ...PHONE, viewport: { width: 360, height: 700 } }, 'dark'],
  ] as const) {
    const { page, faults } = await openDashboard(t, { ...size, colorScheme });
    await isLive(page);
    for (const view of views) {
      await go(page, `#/${view}`);
      await page.locator('main h1').waitFor();
      await page.getByText(/^(Loading|Looking)…$/).waitFor({ state: 'detached' });
      const name = `${size === DESKTOP ? 'desk' : 'phone'}-${colorScheme}-${view.replace(/\W.*/, '')}`;
      assert.equal(await overflowOf(page), 0, `${name} is wider than its window`);
      assert.deepEqual(await namelessControls(page), [], name);
      await shoot(page, `${name}-${views.indexOf(view)}`);
    }
    assert.deepEqual(faults, []);
  }
});

test('all can be done with the keyboard, and focus comes back', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await openDashboard(t, DESKTOP);
  await isLive(page);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.id'), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  await tabTo(page, 'main button.primary');
  await page.keyboard.press('Enter');
  await page.keyboard.type(`${site.url}/p/3`);
  await tabTo(page, 'dialog button[type=submit]');
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Start a crawl');
  await page.keyboard.press('Enter');
  await page.keyboard.type(`${site.url}/p/3`);
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

test('what crawled pages hold is text: titles, bodies, URLs', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await openDashboard(t, DESKTOP);
  await api('/v1/crawls', { name: 'hostile', urls: [`${site.url}/`, `${site.url}/formula`], maxDepth: 0 });
  await go(page, '#/crawls/hostile');
  await page.getByRole('cell', { name: markup }).waitFor();
  await go(page, `#/explain?url=${encodeURIComponent(`javascript:alert("${markup}")`)}`);
  await page.locator('.problem, .verdict').first().waitFor();
  await go(page, `#/explain?url=${encodeURIComponent(`${site.url}/\u202egnp.${markup}`)}`);
  await page.getByText('never offered').or(page.locator('.verdict')).first().waitFor();
  await go(page, `#/dead?q=${encodeURIComponent(markup)}&show=letters`);
  await page.getByText(`with “${markup}”`).waitFor();
  assert.equal(await page.locator('main img, main script, main [onerror]').count(), 0);
  const links = await page.locator('a').evaluateAll((nodes) => nodes.map((node) => String(node.href)));
  assert.deepEqual(
    links.filter((link) => !/^https?:/.test(link)),
    [],
  );
  assert.deepEqual(faults, []);
});

test('a purge says how many go, exports them first, and asks before', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  await makeLetters('purged');
  const { page, faults } = await openDashboard(t, PHONE);
  await go(page, '#/dead?crawl=purged');
  await page.getByText('3 letters in 1 group').waitFor();
  await page.getByRole('button', { name: 'Purge…' }).click();
  await page.getByText('3 letters would go.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Purge' }).click();
  await page.getByRole('heading', { name: '3 letters purged.' }).waitFor();
  await page.getByText('Exported to').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Good' }).click();
  await page.getByText(/^None match|^No dead letters/).waitFor();
  assert.deepEqual(faults, []);
});

test('exports are files, and no cell of them is a formula', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await openDashboard(t, DESKTOP);
  await go(page, '#/crawls/hostile');
  await page.getByLabel('Records of hostile', { exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /as CSV/ }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'hostile.csv');
  const text = await new Response(await download.createReadStream()).text();
  assert.match(text, /img src=x onerror/);
  assert.match(text, /'=HYPERLINK/);
  assert.doesNotMatch(text, /(^|,)"?[=+@\t-]/m);
  assert.deepEqual(faults, []);
});

test('a server that was killed comes back at its port, and the page is live again', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await openDashboard(t, PHONE);
  await isLive(page);
  server.killGroup();
  await page.getByText(/^reconnecting since/).waitFor();
  [server] = await serve(Number(new URL(origin).port));
  await isLive(page);
  await api('/v1/crawls', { name: 'after-the-break', url: `${site.url}/p/9`, maxDepth: 0 });
  await page.getByRole('row', { name: 'after-the-break' }).getByText('finished').waitFor();
  const unexpected = faults.filter(
    (fault) => !/Failed to load resource: net::ERR_|ERR_CONNECTION/.test(fault),
  );
  assert.deepEqual(unexpected, []);
});

test('a token that may only read shows all and changes nothing', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const token = 'read-only-token-of-the-test-0123456789';
  const tokens = { DROVER_API_TOKEN: `ro:${token},writing-token-of-the-test-0123456789` };
  const [other, at] = await serve(0, tokens);
  const { page, faults } = await openDashboard(t, DESKTOP, at);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await isLive(page);
  await page.getByText('read only').waitFor();
  const verbs = /^(Start a crawl|Pause|Resume|Cancel|Limits|Canary|Replay|Purge)/;
  for (const [view, row] of [
    ['crawls', 'fits'],
    ['hosts', ''],
    ['dead', 'E_HTTP_5XX'],
  ] as const) {
    await go(page, `#/${view}`);
    if (row) await page.getByRole('row', { name: row }).first().waitFor();
    assert.equal(await page.getByRole('button', { name: verbs }).count(), 0, view);
  }
  await page.reload();
  await isLive(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Token').waitFor();
  assert.deepEqual(faults, []);

  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await isLive(page);
  await page.context().clearCookies();
  await go(page, `#/explain?url=${encodeURIComponent(`${site.url}/p/1`)}`);
  await page.getByLabel('Token').fill('no such token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.login').getByRole('alert').filter({ hasText: /\w/ }).waitFor();
  other.killGroup();
});

test('the raw queues are shown, read-only, and ask no other server', async (t) => {
  if (!program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { page, faults } = await openDashboard(t, DESKTOP);
  await page.goto(`${origin}/queues/`);
  await page.getByRole('link', { name: 'requests' }).first().click();
  await page
    .getByRole('link', { name: /failed/i })
    .first()
    .click();
  await page
    .getByText(/E_HTTP_5XX/)
    .first()
    .waitFor();
  assert.equal(await page.getByRole('button', { name: /retry|clean|pause|promote|obliterate/i }).count(), 0);
  assert.deepEqual(faults, []);
});
