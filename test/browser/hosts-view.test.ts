// The view of hosts in a real Chromium: names and hints that can be read, and the button that ends a slower
// pace.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { DESKTOP, overflowOf, PHONE } from '../support/api/browser.ts';
import { go, openStage, picture } from '../support/api/dashboard.ts';

const stage = openStage();
const LONG = 'shop.example.com:8080';

/** Whether the placeholder of the field is no wider than the room within it. */
const placeholderFits = (page: Page): Promise<boolean> =>
  page.evaluate(`(() => {
    const input = document.querySelector('main input[name=host]');
    const style = getComputedStyle(input);
    const pen = document.createElement('canvas').getContext('2d');
    pen.font = style.font;
    const room = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return pen.measureText(input.placeholder).width <= room;
  })()`);

test('a slowed host says so and can be resumed; its name is on one line; nothing is cut', async (t) => {
  if (!stage.program) return t.skip('there is no Chromium: npm run setup -- --browser');
  const { redis, keys } = stage.fleet.fleet;
  for (const key of [LONG, 'a.test'])
    await stage.api.call('PATCH', `/v1/hosts/${key}`, { body: { delayMs: 900 } });
  for (const [size, name] of [
    [DESKTOP, 'desktop'],
    [{ viewport: { width: 1110, height: 800 } }, 'narrow'],
    [PHONE, 'phone'],
  ] as const) {
    const slowed = { pace: '640', paceWhy: 'failures', paceSince: String(Date.now()), paceShare: '0.35' };
    await redis.hset(keys.limiter(LONG), slowed);
    const { page, faults } = await stage.open(t, size);
    await go(page, '#/hosts');
    const row = page.getByRole('row', { name: LONG });
    await row.getByText('slowed', { exact: true }).waitFor();
    await row
      .getByText(/35 % of its last answers were failures \(it ends when the host is well again\)/)
      .waitFor();
    await picture(page, `hosts-${name}`);
    assert.equal(await overflowOf(page), 0, name);
    assert.ok(await placeholderFits(page), `${name}: the placeholder is cut`);
    const lines = await page.evaluate(
      `[...document.querySelectorAll('.row-title')].map((node) => node.getClientRects().length)`,
    );
    assert.deepEqual(lines, [1, 1], `${name}: the name is broken`);
    await row.getByRole('button', { name: `Resume ${LONG}` }).click();
    await row.getByText('slowed', { exact: true }).waitFor({ state: 'hidden' });
    assert.equal(await row.getByRole('button', { name: `Resume ${LONG}` }).isVisible(), false);
    assert.deepEqual(faults, []);
  }
});
