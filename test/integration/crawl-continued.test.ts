// A crawl that was killed and is continued by the same command.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

test('the summary of a continued crawl counts the pages of this run alone for its speed', async (t) => {
  const site = await startSite({ pages: 40 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const args = ['crawl', `${site.url}/`, '--crawl', 'c'];
  const first = runner.start([...args, '--quiet', '--delay', '300']);
  t.after(() => first.kill('SIGKILL'));
  await until(async () => (await runner.results('c').catch(() => [])).length >= 3, {
    what: 'the first records',
    deadlineMs: 30_000,
  });
  first.kill('SIGKILL');
  await first.exit;
  const { code, stdout, stderr } = await runner.run([...args, '--json']);
  assert.equal(code, 0, stderr);
  const { recordedBefore, counts } = JSON.parse(stdout);
  assert.equal(counts.recorded, 41);
  assert.ok(recordedBefore >= 3 && recordedBefore < 41, `${recordedBefore}`);
  assert.ok(stderr.includes(`· ${41 - recordedBefore} pages in this run`), stderr);
  // A new crawl has nothing from before.
  const other = await runner.run(['crawl', `${site.url}/`, '--crawl', 'd', '--json']);
  assert.equal(JSON.parse(other.stdout).recordedBefore, 0);
});
