// A server and its consumer are told to stop while their Redis is gone: they do, within their grace.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { startTestRedis } from '../support/redis.ts';

test('drover serve says 503 while Redis is away, and ends within its grace all the same', async (t) => {
  const redis = await startTestRedis();
  t.after(() => redis.stop());
  const runner = await openCommandRunner({ REDIS_URL: redis.url });
  const serving = runner.start(['serve', '--port', '0', '--grace', '1s']);
  const [url = ''] = /http:\/\/\S+/.exec(await serving.line(/^listening on /)) ?? [];
  redis.kill();
  const ready = await fetch(`${url}/readyz`);
  assert.equal(ready.status, 503);
  const crawls = await fetch(`${url}/v1/crawls`);
  assert.deepEqual([crawls.status, ((await crawls.json()) as { code: string }).code], [503, 'E_REDIS_DOWN']);
  const started = performance.now();
  serving.kill('SIGTERM');
  assert.equal((await serving.exit).code, 0, serving.stderr());
  const tookMs = performance.now() - started;
  assert.ok(tookMs < 12_000, `${tookMs} ms`);
});
