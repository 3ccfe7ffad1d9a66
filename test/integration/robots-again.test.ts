// A robots.txt that could not be fetched: the next attempt waits until it is fetched again.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

test('robots.txt answers 503 once: two attempts are enough for the page', async (t) => {
  const site = await startSite({ pages: 1, bytes: 500, latencyMs: 0 });
  t.after(() => site.stop());
  await site.behave('/robots.txt', { status: 503 });
  const runner = await openCommandRunner();
  const options = ['--depth', '0', '--quiet', '--crawl', 'c', '--attempts', '2', '--backoff', '100ms'];
  const crawl = runner.start(['crawl', `${site.url}/p/0`, ...options]);
  const ofRobots = async () => (await site.log()).filter(({ path }) => path === '/robots.txt');
  await until(async () => (await ofRobots()).length > 0, {
    what: 'robots.txt to be asked for',
    deadlineMs: 20_000,
  });
  await site.behave('/robots.txt', null);
  assert.equal((await crawl.exit).code, 0, crawl.stderr());
  const [record] = await runner.results('c');
  assert.equal(record?.status, 200);
  assert.equal(record?.attempts, 2);
  assert.equal((await ofRobots()).length, 2);
});
