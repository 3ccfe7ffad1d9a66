// A purpose that is declared over HTTP, what a site reserves against it, and both in CSV.
import assert from 'node:assert/strict';
import test from 'node:test';
import { crawlIn, sharedApi } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';
import { answerOf, startRaw } from '../support/site/hostile.ts';

const api = sharedApi(openFleets(), ['--processes', '1', '--allow-private', '127.0.0.0/8']);

test('a crawl begun over the API has its purposes; records and CSV say what is reserved', async (t) => {
  const site = await startRaw((socket, request) => {
    const [, path = ''] = request.split(' ', 2);
    if (path === '/robots.txt') socket.write(answerOf('', {}, '404 Not Found'));
    else
      socket.write(
        answerOf('<title>x</title>', {
          'Content-Type': 'text/html',
          'Content-Usage': path === '/a' ? 'ai-use=n' : 'ai-use=y',
          'X-Robots-Tag': 'noarchive',
        }),
      );
  });
  t.after(() => site.close());
  const called = await api();
  const urls = [`${site.url}a`, `${site.url}b`];
  const body = { name: 'uses', urls, maxDepth: 0, settings: { purpose: ['ai-use'] } };
  assert.equal((await called.call('POST', '/v1/crawls', { body })).status, 201);
  await crawlIn(called, 'uses', 'finished');
  const view = (await called.call('GET', '/v1/crawls/uses')).json;
  assert.deepEqual([view.settings.purpose, view.errors], [['ai-use'], { E_RESERVED: 1 }]);
  const csv = await called.call('GET', '/v1/crawls/uses/records', { headers: { accept: 'text/csv' } });
  const statements = (word: string) =>
    `"[{""source"":""header"",""line"":null,""name"":""content-usage"",""value"":""ai-use=${word}""},` +
    `{""source"":""header"",""line"":null,""name"":""x-robots-tag"",""value"":""noarchive""}]"`;
  const [head, ...rows] = csv.text.trimEnd().split('\r\n');
  assert.match(head ?? '', /,reserves,usage$/);
  assert.ok(
    rows.some((row) => row.includes('E_RESERVED') && row.endsWith(`,ai-use,${statements('n')}`)),
    csv.text,
  );
  assert.ok(
    rows.some((row) => row.endsWith(`,uses,"",${statements('y')}`)),
    csv.text,
  );

  const unknown = { ...body, name: 'other', settings: { purpose: ['training'] } };
  const problem = await called.refused(400, 'E_SETTING', 'POST', '/v1/crawls', { body: unknown });
  assert.match(JSON.stringify(problem), /settings\.purpose.*expected train-ai, ai-use or search/);
});
