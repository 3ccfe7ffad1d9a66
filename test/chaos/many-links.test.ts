import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const LINKS = 20_000;
const KILLS = 10;

test('a consumer killed ten times while it offers the links of one page: all are fetched in the end', async (t) => {
  const body = Array.from({ length: LINKS }, (_, index) => `<a href="/p/${index}">${index}</a>`).join('\n');
  const site = await startSite({ pages: LINKS, bytes: 300, linksPerPage: 1 });
  t.after(() => site.stop());
  await site.behave('/', { body, headers: { 'content-type': 'text/html' } });
  const runner = await openCommandRunner({ DROVER_LOCK_DURATION: '1000' });
  const args = ['crawl', `${site.url}/`, '--quiet', '--crawl', 'c', '--per-host', '50', '--ignore-robots'];
  let offered = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const drover = runner.start(args);
    const accepted = async () => (await runner.status('c').catch(() => null))?.accepted ?? 0;
    const goal = Math.min(LINKS, offered + 1 + Math.random() * 1500);
    offered = await until(async () => ((await accepted()) >= goal ? accepted() : 0), {
      what: 'some links to be offered',
      deadlineMs: 30_000,
      everyMs: 1,
    });
    drover.killGroup('SIGKILL');
    await drover.exit;
  }
  t.diagnostic(`killed last with ${offered} accepted`);
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded, counts.dead], ['finished', LINKS + 1, 0]);
  const paths = new Set((await site.log()).map(({ path }) => path));
  for (let index = 0; index < LINKS; index++)
    assert.ok(paths.has(`/p/${index}`), `/p/${index} was never fetched`);
});
