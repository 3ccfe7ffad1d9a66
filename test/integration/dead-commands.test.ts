// drover dead … as a user has it: every subcommand, its filters, and what it says to slips.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { DeadGroup } from '../../src/dead/read.ts';
import type { DeadLetter, DeadLetterDetail } from '../../src/queue/dead-letters.ts';
import { parseRequest } from '../../src/request.ts';
import { openDeadLetterFixture } from '../support/dead-letter-fixture.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

test('list, summary and export take the same filters, and a slip is told from "none"', async (t) => {
  const { site, runner } = await openDeadLetterFixture(t, fleets);
  const [first = '', second = ''] = site.urls.map((url) => new URL(url).host);
  const counted = async (...filters: string[]) => {
    const [list, groups, exported] = await Promise.all([
      runner.json<DeadLetter>(['dead', 'list', '--json', '--limit', '100', ...filters]),
      runner.json<DeadGroup>(['dead', 'summary', '--json', ...filters]),
      runner.json<DeadLetter>(['dead', 'export', ...filters]),
    ]);
    assert.deepEqual(
      exported.map(({ jobId }) => jobId),
      list.map(({ jobId }) => jobId),
    );
    assert.equal(
      list.length,
      groups.reduce((sum, { count }) => sum + count, 0),
    );
    return list.length;
  };
  assert.equal(await counted('c', '--host', `http://${first}/x`, '--since', '1h'), 30);
  assert.equal(await counted('--code', 'E_HTTP_DEAD_STATUS', '--host', second, '--q', '/P/31'), 1);
  assert.equal(await counted('--min-attempts', '2'), 0);

  const slips: [string[], RegExp][] = [
    [['list', '--code', 'E-HTTP-5XX'], /did you mean E_HTTP_5XX\? docs\/errors\.md/],
    [['summary', '--host', 'example.org'], /there are no dead letters of example\.org/],
    [['list', '--min-attempts', 'many'], /--min-attempts: expected a whole number/],
    [['list', '--since', 'yesterday'], /--since: expected a duration such as 2h/],
    [['list', 'nosuch'], /The name given is "nosuch"/],
    [['show', 'c.0000000000000000'], /no such dead letter/],
    [['show', `${site.url}/elsewhere`], /no such dead letter/],
    [['export', '--format', 'xls'], /expected ndjson or csv/],
    [['export', '-o', runner.path('no/such/place')], /-o .*no\/such\/place/],
    [['purge'], /or add --all/],
    [['replay'], /or add --all/],
    [['replay', 'c', '--canary', '-1'], /--canary: expected a whole number/],
    [['replays', 'none'], /no such replay/],
  ];
  const check = async ([args, said]: (typeof slips)[number]) => {
    const { code, stderr } = await runner.run(['dead', ...args]);
    assert.match(stderr, said, args.join(' '));
    assert.equal(code, 2, args.join(' '));
  };
  while (slips.length > 0) await Promise.all(slips.splice(0, 4).map(check));
  assert.equal((await runner.status('c')).dead, 40, 'none of that moved anything');
});

test('a letter is shown with its request, every attempt and the command that replays it; its secrets are not', async (t) => {
  const site = await startSite({
    pages: 3,
    behaviours: { '/p/*': { status: 500, body: '=cmd|calc \u001b[2Jpassword' }, '/p/2': { status: 200 } },
  });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const input = {
    url: `${site.url}/p/1`,
    method: 'POST',
    body: 'x=1',
    headers: { Authorization: 'Bearer geheim-geheim', Cookie: 'sid=geheim', 'X-Plain': 'plain' },
  };
  await writeFile(runner.path('list.txt'), `${JSON.stringify(input)}\n${site.url}/p/0\n`);
  const args = [
    '--crawl',
    'c',
    '--depth',
    '0',
    '--attempts',
    '2',
    '--backoff',
    '10',
    '--ignore-robots',
    '--quiet',
  ];
  assert.equal((await runner.run(['crawl', runner.path('list.txt'), ...args])).code, 1);

  const [letter] = await runner.json<DeadLetter>(['dead', 'list', '--json', '--q', '/p/1']);
  const id = letter?.jobId ?? '';
  const page = (await runner.run(['dead', 'show', id])).stdout;
  for (const part of [
    `POST ${site.url}/p/1`,
    'authorization: [redacted]',
    'cookie: [redacted]',
    'x-plain: plain',
    'body of 3 bytes',
    '  1  20',
    '  2  20',
    'status 500, address 127.0.0.1',
    'first byte',
    'body: =cmd|calc \\x1b[2J',
    'Replay when the server works again.',
    `npm run drover -- dead replay ${id} --wait`,
  ])
    assert.ok(page.includes(part), `${part}\n${page}`);
  assert.equal((await runner.run(['dead', 'show', `${site.url}/p/1`])).stdout, page, 'its URL names it too');
  const [shown] = await runner.json<DeadLetterDetail>(['dead', 'show', id, '--json']);
  assert.equal(shown?.tries.length, 2);

  const csv = runner.path('dead.csv');
  assert.equal((await runner.run(['dead', 'export', '--format', 'csv', '-o', csv])).code, 0);
  const ndjson = (await runner.run(['dead', 'export'])).stdout;
  const [exported] = ndjson.split('\n').map((line) => line && (JSON.parse(line) as DeadLetterDetail));
  assert.ok(
    exported && 'input' in parseRequest(exported.request),
    'the request can be put into the queue again',
  );
  const table = await readFile(csv, 'utf8');
  assert.match(table, /^id,crawl,url,.*\r\n/);
  assert.match(table, /,"?'=cmd\|calc/, 'a spreadsheet runs nothing');
  for (const text of [page, table, ndjson, JSON.stringify(shown)]) assert.doesNotMatch(text, /geheim/);

  await site.behave('/p/*', null);
  const consumer = runner.start(['consume', '--quiet']);
  t.after(() => consumer.kill());
  const { code, stderr } = await runner.run(['dead', 'replay', id, '--wait']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /E_HTTP_5XX at .*: 1 of 1 recorded; done/);
  assert.deepEqual(
    (await site.log())
      .filter(({ path, status }) => path.startsWith('/p/') && status === 200)
      .map(({ path }) => path),
    ['/p/1'],
    'it alone',
  );
});

test('what is purged is in the file that the command names, unless it is told otherwise', async (t) => {
  const { runner } = await openDeadLetterFixture(t, fleets);
  const purge = await runner.run(['dead', 'purge', '--code', 'E_HTTP_DEAD_STATUS', '--json']);
  const { purged, exportedTo } = JSON.parse(purge.stdout);
  assert.equal(purged, 10, purge.stderr);
  const kept = (await readFile(exportedTo, 'utf8')).trim().split('\n');
  assert.equal(new Set(kept.map((line) => JSON.parse(line).url)).size, 10);
  const bare = await runner.run(['dead', 'purge', '--all', '--no-export']);
  assert.match(bare.stderr, /^30 dead letters purged\n$/);
  assert.deepEqual(await readdir(join(runner.dir, 'data', 'purged')), [exportedTo.split('/').at(-1)]);
  assert.equal((await runner.run(['dead', 'list'])).stdout, 'no dead letters\n');
  await until(async () => (await runner.status('c')).dead === 40, { what: 'the count, which stays' });
});
