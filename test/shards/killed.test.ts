// kill -9 at random moments of crawls over several shards: of consumers that serve some of them, of a whole
// command, and of the embedded Redis.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { type DroverProcess, until } from '../support/signals.ts';
import { type CrossingSite, startCrossingSite } from '../support/site/crossing.ts';

const fleets = openFleets();
const flags = ['--scope', 'any', '--allow-private', '127.0.0.0/8', '--ignore-robots', '--quiet'];

async function openSite(t: TestContext, hosts: number, pages: number): Promise<CrossingSite> {
  const site = await startCrossingSite(hosts, pages, 20);
  t.after(() => site.close());
  return site;
}

const asked = (site: CrossingSite, count: number) =>
  until(() => site.asked.length >= count, { what: `${count} pages`, deadlineMs: 60_000 });

/** Each page has one record, and the numbers of the crawl say the same. */
async function isWhole(runner: CommandRunner, site: CrossingSite): Promise<void> {
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.state, counts.recorded], ['finished', site.urls.length]);
  const urls = (await runner.results('c')).map(({ url }) => url);
  assert.deepEqual(urls.sort(), site.urls.toSorted());
}

test('consumers of some shards each are killed again and again: nothing is lost, and limits are exact', async (t) => {
  const site = await openSite(t, 24, 20);
  const { runner } = await fleets.open({ DROVER_SHARDS: '8', DROVER_LOCK_DURATION: '3s' });
  const enqueue = async (crawl: string, ...more: string[]) => {
    const { code, stderr } = await runner.run(['enqueue', site.url, '--crawl', crawl, ...flags, ...more]);
    assert.equal(code, 0, stderr);
  };
  await enqueue('c');
  await enqueue('limited', '--limit', '200');
  await enqueue('narrow', '--limit', '150', '--max-per-host', '7');
  const consume = (shards: string) => runner.start(['consume', '--quiet', '--shard', shards, '-c', '12']);
  const consumers: DroverProcess[] = [consume('0-3'), consume('4-7')];
  for (let kill = 1; kill <= 4; kill++) {
    await asked(site, kill * 80 + Math.random() * 40);
    const at = kill % 2;
    consumers[at]?.kill('SIGKILL');
    await consumers[at]?.exit;
    consumers[at] = consume(at === 0 ? '0-3' : '4-7');
  }
  for (const crawl of ['c', 'limited', 'narrow'])
    await until(async () => (await runner.status(crawl)).state === 'finished', {
      what: `${crawl} to end`,
      deadlineMs: 60_000,
      everyMs: 300,
    });
  await isWhole(runner, site);
  const limited = await runner.status('limited');
  assertAddsUp(limited);
  assert.deepEqual([limited.accepted, limited.recorded], [200, 200]);
  const narrow = await runner.status('narrow');
  assertAddsUp(narrow);
  assert.deepEqual([narrow.accepted, narrow.recorded], [150, 150]);
  const hosts = Map.groupBy(await runner.results('narrow'), ({ url }) => new URL(url).host);
  for (const [host, pages] of hosts) assert.ok(pages.length <= 7, `${host}: ${pages.length}`);
});

test('the embedded Redis and then the whole command: given again, the crawl ends complete', async (t) => {
  const site = await openSite(t, 24, 20);
  const runner = await openCommandRunner({ DROVER_LOCK_DURATION: '3s' });
  const crawl = () =>
    runner.start(['crawl', site.url, '--crawl', 'c', '--shards', '8', '-c', '12', ...flags]);
  const first = crawl();
  await asked(site, 100);
  process.kill(Number(await readFile(join(runner.dir, 'data', 'redis', 'redis.pid'), 'utf8')), 'SIGKILL');
  await asked(site, 240);
  first.killGroup('SIGKILL');
  await first.exit;
  await sleep(200);
  const again = crawl();
  assert.equal((await again.exit).code, 0, again.stderr());
  await isWhole(runner, site);
});
