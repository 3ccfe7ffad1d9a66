import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import { shardOf } from '../../src/frontier/keys.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openDesk } from '../support/crawls.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site.ts';

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
  const desk = await openDesk({
    REDIS_URL: url,
    DROVER_WEBHOOK_SECRET: SECRETS.webhook,
    DROVER_API_TOKEN: SECRETS.token,
    DROVER_LOG_LEVEL: 'debug',
  });
  const lines = async () => {
    const text = await readFile(join(desk.dir, 'data', 'drover.log'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  };

  const requests = Array.from({ length: 20 }, (_, page) => ({
    url: `${site.url}/p/${page}?token=${SECRETS.query}`,
    headers: { authorization: `Basic ${SECRETS.own}` },
  }));
  await writeFile(
    desk.path('list.ndjson'),
    requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
  );
  const offered = await desk.run([
    ...[
      'enqueue',
      desk.path('list.ndjson'),
      '--crawl',
      'list',
      '--depth',
      '0',
      '--attempts',
      '2',
      '--backoff',
      '50',
    ],
    ...[
      '--header',
      `Authorization: Bearer ${SECRETS.authorization}`,
      '--header',
      `Cookie: id=${SECRETS.cookie}`,
    ],
  ]);
  assert.equal(offered.code, 0, offered.stderr);
  const consumer = desk.start(['consume', '--quiet']);
  // What Redis refuses comes back with all that was sent.
  await until(async () => (await site.ended()) > 3, { what: 'some pages' });
  await redis.config('SET', 'maxmemory', '1');
  await until(async () => (await lines()).some((line) => JSON.stringify(line).includes('OOM')), {
    what: 'a line about the full Redis',
    everyMs: 50,
  });
  await redis.config('SET', 'maxmemory', '0');
  await until(async () => (await readCounts(redis, shardOf('drover'), 'list')).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 60_000,
    everyMs: 50,
  });
  consumer.kill('SIGTERM');
  assert.equal((await consumer.exit).code, 0, consumer.stderr());

  const all = await lines();
  assert.doesNotMatch(JSON.stringify(all), /hush/);
  const jobs = all.filter(({ msg }) => msg === 'job' || msg === 'dead letter');
  for (const line of jobs) {
    assert.match(String(line.request), /^list\.\w+$/);
    assert.equal(line.crawl, 'list');
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
  const dead = all.filter(({ msg }) => msg === 'dead letter');
  assert.deepEqual(
    dead.map(({ level, code, attempt, status }) => [level, code, attempt, status]),
    [['warn', 'E_HTTP_5XX', 2, 500]],
  );
});
