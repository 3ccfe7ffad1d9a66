import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import { fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

type Line = Record<string, unknown>;

const SECRETS = {
  redis: 'hush-redis-password',
  webhook: 'hush-webhook-secret-0123456789',
  token: 'hush-api-token-0123456789abcdef',
  authorization: 'hush-authorization',
  cookie: 'hush-cookie',
  own: 'hush-own-authorization',
  query: 'hush-query',
};

test('every job has its line, with request, crawl, host, attempt and code; no secret is in any, not even when Redis refuses what holds them', async (t) => {
  const site = await startSite({
    pages: 20,
    bytes: 300,
    linksPerPage: 1,
    robots: 'User-agent: *\nDisallow: /p/4',
    behaviours: {
      '/p/1?*': { status: 500 },
      '/p/2?*': { status: 404 },
      '/p/3?*': { status: 500, failTimes: 1 },
    },
  });
  t.after(() => site.stop());
  const server = await startTestRedis({ tcp: true, args: ['--requirepass', SECRETS.redis] });
  const url = server.url.replace('//', `//:${SECRETS.redis}@`);
  const redis = connectRedis({ url }, 'script');
  t.after(() => server.stop());
  t.after(() => closeRedis(redis));
  const runner = await openCommandRunner({
    REDIS_URL: url,
    DROVER_WEBHOOK_SECRET: SECRETS.webhook,
    DROVER_API_TOKEN: SECRETS.token,
    DROVER_LOG_LEVEL: 'debug',
  });
  const lines = async () => {
    const text = await readFile(join(runner.dir, 'data', 'drover.log'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  };

  /** A list whose requests and settings are full of secrets. */
  const offer = async (crawl: string) => {
    const requests = Array.from({ length: 20 }, (_, page) => ({
      url: `${site.url}/p/${page}?token=${SECRETS.query}`,
      headers: { authorization: `Basic ${SECRETS.own}` },
    }));
    const list = runner.path('list.ndjson');
    await writeFile(list, requests.map((request) => `${JSON.stringify(request)}\n`).join(''));
    const { code, stderr } = await runner.run([
      ...[
        'enqueue',
        list,
        '--crawl',
        crawl,
        '--depth',
        '0',
        '--attempts',
        '2',
        '--backoff',
        '50',
        '--no-adaptive',
      ],
      ...['--header', `Authorization: Bearer ${SECRETS.authorization}`],
      ...['--header', `Cookie: id=${SECRETS.cookie}`],
    ]);
    assert.equal(code, 0, stderr);
  };
  const consumer = runner.start(['consume', '--quiet']);
  await offer('list');
  await until(
    async () => (await readCounts(fleetOf(redis, namespaceOf('drover')), 'list')).state === 'finished',
    {
      what: 'the crawl to end',
      deadlineMs: 60_000,
      everyMs: 50,
    },
  );
  // What Redis refuses comes back with all that was sent: requests that are handed over, as their lanes give
  // them.
  await site.behave('/p/*', { delayMs: 100 });
  await site.clearLog();
  await offer('full');
  await until(async () => (await site.ended()) > 0, { what: 'some pages' });
  await redis.config('SET', 'maxmemory', '1');
  const refused = async () => (await lines()).filter(({ code }) => code === 'E_REDIS_MEMORY');
  const [line] = await until(async () => (await refused()).length > 0 && refused(), {
    what: 'a line about the full Redis',
    everyMs: 50,
  });
  assert.match(String(line?.reason), /OOM/);
  await redis.config('SET', 'maxmemory', '0');
  consumer.kill('SIGTERM');
  assert.equal((await consumer.exit).code, 0, consumer.stderr());

  const all = await lines();
  assert.doesNotMatch(JSON.stringify(all), /hush/);
  const jobs = all.filter(({ msg, crawl }) => crawl === 'list' && (msg === 'job' || msg === 'dead letter'));
  for (const line of jobs) {
    assert.match(String(line.request), /^list\.\w+$/);
    assert.equal(line.host, `127.0.0.1:${site.port}`);
    assert.ok(Number(line.attempt) >= 1 && line.outcome && line.consumer, JSON.stringify(line));
  }
  const of = (page: number, fields: Line) =>
    jobs.some(
      (line) =>
        String(line.url).includes(`/p/${page}?`) &&
        Object.entries(fields).every(([name, value]) => line[name] === value),
    );
  assert.ok(of(0, { outcome: 'recorded', status: 200, level: 'debug' }));
  assert.ok(of(2, { outcome: 'recorded', status: 404, code: 'E_HTTP_4XX', layer: 'http' }));
  assert.ok(of(3, { outcome: 'retry', status: 500, code: 'E_HTTP_5XX', attempt: 1 }));
  assert.ok(of(3, { outcome: 'recorded', attempt: 2 }));
  assert.ok(of(4, { outcome: 'refused', code: 'E_ROBOTS' }));
  const dead = jobs.filter(({ msg }) => msg === 'dead letter');
  assert.deepEqual(
    dead.map(({ level, code, attempt, status }) => [level, code, attempt, status]),
    [['warn', 'E_HTTP_5XX', 2, 500]],
  );
});
