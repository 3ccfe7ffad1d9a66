import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { audit, violationsOf } from '../support/politeness/auditor.ts';
import { startSite } from '../support/site/site.ts';

const LIST = ['--depth', '0', '--ignore-robots', '--no-adaptive', '--quiet', '-c', '40', '--crawl', 'c'];

test('retries at a busy host do not exceed its limit, though slots were passed on meanwhile', async (t) => {
  const failing = Array.from({ length: 8 }, (_, index) => [`/p/${index}`, { status: 500, failTimes: 1 }]);
  const site = await startSite({
    pages: 60,
    behaviours: { '/p/*': { delayMs: 300 }, ...Object.fromEntries(failing) },
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const urls = Array.from({ length: 60 }, (_, index) => `${site.url}/p/${index}\n`);
  await writeFile(runner.path('list.txt'), urls.join(''));
  const { code, stderr } = await runner.run([
    'crawl',
    runner.path('list.txt'),
    ...LIST,
    '--per-host',
    '8',
    '--backoff',
    '50',
  ]);
  assert.equal(code, 0, stderr);
  for (const [host, { mostInFlight }] of audit(await site.log())) assert.equal(mostInFlight, 8, host);
});

test('redirects to another host obey the limit of either', async (t) => {
  const site = await startSite({ pages: 40, hosts: 2, behaviours: { '//127.0.0.2/p/*': { delayMs: 200 } } });
  t.after(() => site.stop());
  const [from = '', to = ''] = site.urls;
  for (let index = 0; index < 40; index++) {
    await site.behave(`//127.0.0.1/p/${index}`, { status: 302, headers: { location: `${to}/p/${index}` } });
  }
  const runner = await openCommandRunner();
  const urls = Array.from({ length: 40 }, (_, index) => `${from}/p/${index}\n`);
  await writeFile(runner.path('list.txt'), urls.join(''));
  const allow = ['--allow-private', '127.0.0.0/8', '--per-host', '8'];
  const { code, stderr } = await runner.run(['crawl', runner.path('list.txt'), ...LIST, ...allow]);
  assert.equal(code, 0, stderr);
  for (const [host, { mostInFlight }] of audit(await site.log()))
    assert.ok(mostInFlight <= 8, `${host}: ${mostInFlight}`);
});

test('the rate of a key holds for all requests that name it, those that name only the key too', async (t) => {
  const site = await startSite({ pages: 12, hosts: 2, punctual: true });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const requests = Array.from({ length: 12 }, (_, index) => ({
    url: `${site.urls[index % 2]}/p/${index}`,
    limiter: index === 0 ? { key: 'api', max: 4, durationMs: 1000 } : { key: 'api' },
  }));
  await writeFile(
    runner.path('list.ndjson'),
    requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
  );
  const { code, stderr } = await runner.run([
    'crawl',
    runner.path('list.ndjson'),
    ...LIST,
    '--per-host',
    '20',
  ]);
  assert.equal(code, 0, stderr);
  const log = await site.log();
  assert.equal(log.length, 12);
  const limits = { concurrency: 20, delayMs: 0, max: 4, durationMs: 1000 };
  assert.deepEqual(violationsOf(log, limits, [], 5), []);
});

test('a key that requests name has its delay, and the Crawl-delay of its hosts, over all of them', async (t) => {
  const site = await startSite({
    pages: 4,
    hosts: 2,
    punctual: true,
    robots: 'User-agent: *\nCrawl-delay: 0.3\n',
  });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const list = async (limiter: object) => {
    const requests = Array.from({ length: 8 }, (_, index) => ({
      url: `${site.urls[index % 2]}/p/${index >> 1}`,
      limiter,
    }));
    await writeFile(runner.path('list.ndjson'), requests.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return runner.path('list.ndjson');
  };
  const crawl = async (limiter: object, ...args: string[]) => {
    await site.clearLog();
    const { code, stderr } = await runner.run(['crawl', await list(limiter), ...args, '--quiet']);
    assert.equal(code, 0, stderr);
    return site.log();
  };
  const base = ['--depth', '0', '--per-host', '4', '--no-adaptive'];
  const named = await crawl({ key: 'api', delayMs: 200 }, ...base, '--ignore-robots', '--crawl', 'a');
  assert.equal(named.length, 8);
  assert.deepEqual(violationsOf(named, { concurrency: 4, delayMs: 200 }, [], 5), []);
  // Each robots.txt is asked for before it can be known; from then on the pages keep apart, whatever their
  // host.
  const told = await crawl({ key: 'other' }, ...base, '--crawl', 'b');
  const pages = told.filter(({ path }) => path !== '/robots.txt');
  assert.equal(pages.length, 8);
  assert.deepEqual(violationsOf(pages, { concurrency: 4, delayMs: 300 }, [], 5), []);
});

test('a crawl may be gone on with by its id, and its records are its own whatever the namespace', async (t) => {
  const site = await startSite({ pages: 6 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const crawl = async (path: string, ...args: string[]) => {
    assert.equal(
      (await runner.run(['crawl', `${site.url}${path}`, '--depth', '0', '--quiet', ...args])).code,
      0,
    );
  };
  await crawl('/p/0', '--crawl', 'a');
  await crawl('/p/1', '--crawl', 'a');
  assert.deepEqual(
    (await runner.results('a.2')).map(({ url }) => url),
    [`${site.url}/p/1`],
  );
  assert.deepEqual(
    (await runner.results('a.1')).map(({ url }) => url),
    [`${site.url}/p/0`],
  );
  await crawl('/p/2', '--crawl', 'a.2');
  assert.deepEqual(
    (await runner.results('a')).map(({ url }) => url),
    [`${site.url}/p/2`],
    'a.2 had ended: a.3 began',
  );
  await crawl('/p/3', '--crawl', 'a', '--namespace', 'other');
  const { stdout } = await runner.run(['results', 'a', '--namespace', 'other']);
  assert.equal(stdout.trim().split('\n').length, 1);
});
