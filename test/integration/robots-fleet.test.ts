// RFC 9309 through the whole program: three consumer processes, many hosts, each with a robots.txt of its own
// kind. What was fetched is read from the server's log, what was refused and why from the records.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { type DroverProcess, until } from '../support/signals.ts';
import { endlessOpen, everywhere, hosts, sick } from '../support/site/robots-hosts.ts';
import { address, asksOf, listen, mirror, repaired, startsAt } from '../support/site/robots-site.ts';

const consumers = 3;
const perConsumer = 16;

let site: Awaited<ReturnType<typeof listen>>;
let runner: CommandRunner;
let running: DroverProcess[] = [];
/** How many requests each has accepted. */
const crawls = new Map<string, number>();
const records = new Map<string, CrawlRecord>();

const originOf = (index: number) => `http://${address(index)}:${site.port}`;

const pagesOf = (index: number) =>
  startsAt(index)
    .map(({ path }) => path)
    .filter((path) => !/^\/(?:robots\.txt|rules\.txt|hop\/.*)$/.test(path))
    .sort();
const recordOf = (index: number, path: string) => {
  const record = records.get(originOf(index) + path);
  assert.ok(record, `no record of ${path}`);
  return record;
};

async function enqueue(crawl: string, urls: string[], ...options: string[]): Promise<void> {
  await writeFile(runner.path(`${crawl}.txt`), urls.join('\n'));
  const shared = [
    '--crawl',
    crawl,
    '--depth',
    '0',
    '--per-host',
    String(consumers * perConsumer),
    '--allow-private',
    '127.0.0.0/8',
  ];
  const { code, stdout, stderr } = await runner.run(
    ['enqueue', runner.path(`${crawl}.txt`), ...shared, ...options, '--json'],
    { wholeFile: true },
  );
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).accepted, urls.length);
  crawls.set(crawl, urls.length);
}

before(async () => {
  site = await listen();
  runner = await openCommandRunner();
  running = Array.from({ length: consumers }, () =>
    runner.start(['consume', '-c', String(perConsumer)], { wholeFile: true }),
  );
  await Promise.all(running.map((consumer) => consumer.line(/^consuming/)));
  const at = (index: number, paths: string[]) => paths.map((path) => originOf(index) + path);
  const well = hosts.flatMap(({ allowed = [], refused = {} }, index) =>
    at(index, [...everywhere, ...allowed, ...Object.keys(refused)]),
  );
  await enqueue('well', well);
  const patience = ['--attempts', '2', '--backoff', '100ms'];
  await Promise.all([
    enqueue('repaired', at(repaired, [...everywhere, '/private']), '--backoff', '1s'),
    ...sick.map(({ options = [] }, nth) =>
      enqueue(`sick${nth}`, at(hosts.length + nth, everywhere), ...patience, ...options),
    ),
  ]);
  for (const [crawl, accepted] of crawls) {
    const what = `the end of ${crawl}`;
    const ended = async () => {
      const counts = await runner.status(crawl);
      assertAddsUp(counts);
      return counts.state === 'finished';
    };
    await until(ended, { what, deadlineMs: 60_000, everyMs: 400 });
    const found = await runner.results(crawl);
    assert.equal(found.length, accepted);
    for (const record of found) records.set(record.url, record);
  }
});

after(() => site.close());

/** "fetched", or the line that forbade it. */
function fateOf({ ok, status, error }: CrawlRecord): string {
  if (ok && status === 200) return 'fetched';
  const [, line, rule] = /Line (\d+) of http:\S+\/robots\.txt: (.*)$/.exec(error?.message ?? '') ?? [];
  return error?.code === 'E_ROBOTS' && line ? `${line} ${rule}` : `${error?.code} ${error?.message}`;
}

for (const [index, { promise, allowed = [], refused = {} }] of hosts.entries()) {
  test(promise, () => {
    const fetched = [...everywhere, ...allowed];
    const fates = { ...Object.fromEntries(fetched.map((path) => [path, 'fetched'])), ...refused };
    for (const [path, fate] of Object.entries(fates)) assert.equal(fateOf(recordOf(index, path)), fate, path);
    assert.equal(asksOf(index).length, 1, 'the three consumers together ask for robots.txt once');
    assert.deepEqual(pagesOf(index), fetched.toSorted(), 'the server saw these pages and no others');
  });
}

for (const [nth, { promise, code, reason }] of sick.entries()) {
  const index = hosts.length + nth;
  test(`${promise}; it is tried again, and is a dead letter in the end`, () => {
    for (const path of everywhere) {
      const { error, attempts } = recordOf(index, path);
      assert.equal(error?.code, code);
      assert.match(error?.message ?? '', reason);
      assert.equal(attempts, 2);
    }
    assert.deepEqual(pagesOf(index), []);
    assertAskedEveryTwoSeconds(index);
  });
}

/**
 * For ever so many requests, the three consumers together. The bound leaves room for a clock that is set
 * meanwhile.
 */
function assertAskedEveryTwoSeconds(index: number): void {
  const asks = asksOf(index).map(({ at }) => at);
  assert.ok(asks.length > 0);
  for (const [nth, at] of asks.entries())
    assert.ok(at - (asks[nth - 1] ?? Number.NEGATIVE_INFINITY) > 1950, `asked at ${asks}`);
}

test('503, then rules: the pages wait for them and are fetched, but for what they forbid', () => {
  for (const path of everywhere) {
    const record = recordOf(repaired, path);
    assert.equal(fateOf(record), 'fetched');
    assert.ok(record.attempts > 1);
  }
  assert.equal(fateOf(recordOf(repaired, '/private')), '2 Disallow: /private');
  assert.deepEqual(pagesOf(repaired), everywhere.toSorted());
  assertAskedEveryTwoSeconds(repaired);
  const [, second] = asksOf(repaired);
  assert.equal(asksOf(repaired).length, 2);
  assert.ok(startsAt(repaired).every(({ path, at }) => path === '/robots.txt' || at > (second?.at ?? 0)));
});

test('the connection of a file without end is closed', () => {
  assert.equal(endlessOpen, 0);
});

test('the robots.txt of a host that others redirect theirs to is not asked for', () => {
  const hopsSeen = startsAt(mirror).map(({ path }) => path);
  assert.ok(hopsSeen.length > 0 && hopsSeen.every((path) => path.startsWith('/hop/')), hopsSeen.join());
});

/** Which consumer recorded each page: the names of its files hold its process id. */
async function recorders(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const directory = runner.path('data/records');
  for (const name of await readdir(directory, { recursive: true })) {
    const [, pid] = /-(\d+)-[0-9a-f]+\.jsonl$/.exec(name) ?? [];
    if (!pid) continue;
    for (const line of (await readFile(join(directory, name), 'utf8')).split('\n')) {
      if (line) found.set(JSON.parse(line.slice(line.indexOf('{'))).url, pid);
    }
  }
  return found;
}

test('the three consumers shared the pages, those of most hosts too', async () => {
  const recorder = await recorders();
  const pids = running.map(({ child }) => String(child.pid));
  assert.deepEqual([...new Set(recorder.values())].sort(), pids.sort());
  const shares = hosts.map(
    (_, index) => new Set(everywhere.map((path) => recorder.get(originOf(index) + path))).size,
  );
  assert.ok(shares.filter((share) => share > 1).length > hosts.length / 2, shares.join());
});

test('the consumers end when they are told to', async () => {
  for (const consumer of running) consumer.kill('SIGTERM');
  for (const consumer of running) assert.equal((await consumer.exit).code, 0, consumer.stderr());
});
