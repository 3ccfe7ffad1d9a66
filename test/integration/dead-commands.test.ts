// drover dead … as a user has it: every subcommand, its filters, and what it says to slips.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { DeadGroup } from '../../src/crawl/dead-look.ts';
import type { ReplayRun } from '../../src/crawl/dead-runs.ts';
import type { DeadLetter, DeadLetterDetail } from '../../src/queue/dead-letters.ts';
import { parseRequest } from '../../src/request.ts';
import { assertAddsUp, type Desk } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { openGraveyard } from '../support/graveyard.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site.ts';

const fleets = openFleets();

async function lines<T>(desk: Desk, ...args: string[]): Promise<T[]> {
  const { code, stdout, stderr } = await desk.run(['dead', ...args]);
  assert.equal(code, 0, stderr);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

test('list, summary and export take the same filters, and a slip is told from "none"', async (t) => {
  const { site, desk } = await openGraveyard(t, fleets);
  const [first = '', second = ''] = site.urls.map((url) => new URL(url).host);
  const counted = async (...filters: string[]) => {
    const list = (await lines<DeadLetter>(desk, 'list', '--json', '--limit', '100', ...filters)).length;
    const summary = (await lines<DeadGroup>(desk, 'summary', '--json', ...filters)).map(({ count }) => count);
    const exported = (await lines<DeadLetter>(desk, 'export', ...filters)).length;
    assert.equal(list, exported);
    assert.equal(
      list,
      summary.reduce((sum, count) => sum + count, 0),
    );
    return list;
  };
  assert.equal(await counted('c'), 40);
  assert.equal(await counted('--host', `http://${first}/x`, '--since', '1h'), 30);
  assert.equal(await counted('--code', 'E_HTTP_DEAD_STATUS', '--host', second, '--q', '/P/31'), 1);
  assert.equal(
    await counted('c', '--since', new Date(Date.now() - 3_600_000).toISOString(), '--min-attempts', '2'),
    0,
  );

  const slips: [string[], RegExp][] = [
    [['list', '--code', 'E_HTTP_5X'], /did you mean E_HTTP_5XX\? docs\/errors\.md/],
    [['summary', '--host', 'example.org'], /no dead letter is of example\.org/],
    [['export', '--host', 'a b'], /neither a host nor another limiter key/],
    [['list', '--since', '2026-02-31'], /--since: expected a duration such as 2h/],
    [['list', '--since', '2999-01-01'], /is yet to come/],
    [['list', '--min-attempts', 'many'], /--min-attempts: expected a whole number/],
    [['list', '--limit', '0'], /--limit/],
    [['list', 'nosuch'], /Nothing is known of "nosuch"/],
    [['show', 'c.0000000000000000'], /no such dead letter/],
    [['show', `${site.url}/elsewhere`], /no such dead letter/],
    [['export', '--format', 'xls'], /expected ndjson or csv/],
    [['export', '-o', desk.path('no/such/place')], /-o .*no\/such\/place/],
    [['purge'], /or say --all/],
    [['replay'], /or say --all/],
    [['replay', 'c', '--canary', '-1'], /--canary: expected a whole number/],
    [['replay', 'c', '--rate', '80'], /--rate: expected a share/],
    [['replay', 'c', '--timeout-read', 'soon'], /--timeout-read: expected a duration/],
    [['replay', 'c', '--header', 'nocolon'], /--header/],
    [['replay', 'c', '--attempts', '0'], /--attempts/],
    [['replays', 'none'], /no such replay/],
    [['stop', 'none'], /no such replay/],
  ];
  const check = async ([args, said]: (typeof slips)[number]) => {
    const { code, stderr } = await desk.run(['dead', ...args]);
    assert.match(stderr, said, args.join(' '));
    assert.equal(code, 2, args.join(' '));
  };
  while (slips.length > 0) await Promise.all(slips.splice(0, 4).map(check));
  assert.equal((await desk.status('c')).dead, 40, 'none of that moved anything');
});

test('a letter is shown with its request, every attempt and the command that replays it; its secrets are not', async (t) => {
  const site = await startSite({
    pages: 3,
    behaviours: { '/p/*': { status: 500, body: '=cmd|calc \u001b[2Jpassword' }, '/p/2': { status: 200 } },
  });
  t.after(() => site.stop());
  const { desk } = await fleets.open();
  const input = {
    url: `${site.url}/p/1`,
    method: 'POST',
    body: 'x=1',
    headers: { Authorization: 'Bearer geheim-geheim', Cookie: 'sid=geheim', 'X-Plain': 'plain' },
  };
  await writeFile(desk.path('list.txt'), `${JSON.stringify(input)}\n${site.url}/p/0\n`);
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
  assert.equal((await desk.run(['crawl', desk.path('list.txt'), ...args])).code, 1);

  const [letter] = await lines<DeadLetter>(desk, 'list', '--json', '--q', '/p/1');
  const id = letter?.jobId ?? '';
  const page = (await desk.run(['dead', 'show', id])).stdout;
  for (const part of [
    `POST ${site.url}/p/1`,
    'Authorization: [redacted]',
    'Cookie: [redacted]',
    'X-Plain: plain',
    'body of 3 bytes',
    '  1  20',
    '  2  20',
    'status 500, address 127.0.0.1',
    'first byte',
    'body: =cmd|calc \\x1b[2J',
    'Replay when the server is well.',
    `drover dead replay ${id} --wait`,
  ])
    assert.ok(page.includes(part), `${part}\n${page}`);
  assert.equal((await desk.run(['dead', 'show', `${site.url}/p/1`])).stdout, page, 'its URL names it too');
  const [shown] = await lines<DeadLetterDetail>(desk, 'show', id, '--json');
  assert.equal(shown?.tries.length, 2);

  const csv = desk.path('dead.csv');
  assert.equal((await desk.run(['dead', 'export', '--format', 'csv', '-o', csv])).code, 0);
  const ndjson = (await desk.run(['dead', 'export'])).stdout;
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
  const consumer = desk.start(['consume', '--quiet']);
  t.after(() => consumer.kill());
  const { code, stderr } = await desk.run(['dead', 'replay', id, '--wait']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /E_HTTP_5XX at .*: 1 of 1 came through; done/);
  assert.deepEqual(
    (await site.log())
      .filter(({ path, status }) => path.startsWith('/p/') && status === 200)
      .map(({ path }) => path),
    ['/p/1'],
    'it alone',
  );
});

test('a replay with overrides runs as a canary first; --wait tells how many came through, and the exit code too', async (t) => {
  const { site, desk, consume } = await openGraveyard(t, fleets);
  const dry = await desk.run(['dead', 'replay', 'c', '--dry-run', '--json']);
  assert.equal(JSON.parse(dry.stdout).replayed, 40);
  assert.equal((await desk.status('c')).waiting, 0, 'nothing moved');

  const begun = await desk.run(['dead', 'replay', 'c', '--code', 'E_HTTP_5XX']);
  assert.match(
    begun.stderr,
    /1 replay begun: 5 dead letters are waiting again, 25 follow when those come through/,
  );
  const [run] = await lines<ReplayRun>(desk, 'replays', '--json');
  assert.deepEqual([run?.phase, run?.canary, run?.rate, run?.opened], ['canary', 5, 0.8, 5]);
  const still = desk.start(['dead', 'replay', 'c', '--code', 'E_HTTP_5XX', '--wait']);
  await still.line(/1 replay begun/);
  still.kill('SIGINT');
  assert.equal((await still.exit).code, 130);
  assert.equal(
    (await lines<ReplayRun>(desk, 'replays', '--json')).length,
    1,
    'the same run is joined, and goes on',
  );

  consume();
  const failed = await desk.run(['dead', 'replay', 'c', '--code', 'E_HTTP_5XX', '--wait']);
  assert.equal(failed.code, 1);
  assert.match(
    failed.stderr,
    /0 of 5 came through, 5 died again, 25 stay dead; stopped, since too few came through/,
  );

  await site.behave('//127.0.0.1/p/*', null);
  await site.clearLog();
  const how = [
    '--canary',
    '3',
    '--rate',
    '1',
    '--attempts',
    '2',
    '--header',
    'X-Again: yes',
    '--timeout-read',
    '5s',
    '--delay',
    '1ms',
  ];
  const wait = await desk.run(['dead', 'replay', '--code', 'E_HTTP_5XX', '--wait', '--json', ...how]);
  assert.equal(wait.code, 0, wait.stderr);
  const { runs, replayed } = JSON.parse(wait.stdout) as { runs: ReplayRun[]; replayed: number };
  assert.deepEqual([replayed, runs[0]?.recorded, runs[0]?.phase], [30, 30, 'done']);
  assert.deepEqual(runs[0]?.overrides, {
    attempts: 2,
    timeouts: { read: 5000 },
    headers: { 'x-again': '[redacted]' },
    delayMs: 1,
  });
  assert.equal((await site.log()).length, 30);
  const counts = await desk.status('c');
  assertAddsUp(counts);
  assert.deepEqual([counts.recorded, counts.dead], [30, 10]);
});

test('a stopped replay brings nothing more back', async (t) => {
  const { desk } = await openGraveyard(t, fleets);
  await desk.run(['dead', 'replay', '--all', '--canary', '2']);
  const runs = await lines<ReplayRun>(desk, 'replays', '--json');
  assert.equal(runs.length, 2);
  for (const { id } of runs) {
    const { code, stderr } = await desk.run(['dead', 'stop', id]);
    assert.equal(code, 0);
    assert.match(stderr, /0 of 2 came through, (28|8) stay dead; stopped/);
  }
  assert.equal((await lines<DeadLetter>(desk, 'list', '--json', '--limit', '100')).length, 36);
});

test('what is purged is in the file that the command names, unless it is told otherwise', async (t) => {
  const { desk } = await openGraveyard(t, fleets);
  const purge = await desk.run(['dead', 'purge', '--code', 'E_HTTP_DEAD_STATUS', '--json']);
  const { purged, exportedTo } = JSON.parse(purge.stdout);
  assert.equal(purged, 10, purge.stderr);
  const kept = (await readFile(exportedTo, 'utf8')).trim().split('\n');
  assert.equal(new Set(kept.map((line) => JSON.parse(line).url)).size, 10);
  const bare = await desk.run(['dead', 'purge', '--all', '--no-export']);
  assert.match(bare.stderr, /^30 dead letters purged\n$/);
  assert.deepEqual(await readdir(join(desk.dir, 'data', 'purged')), [exportedTo.split('/').at(-1)]);
  assert.equal((await desk.run(['dead', 'list'])).stdout, 'no dead letters\n');
  await until(async () => (await desk.status('c')).dead === 40, { what: 'the count, which stays' });
});
