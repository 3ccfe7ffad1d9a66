import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { auditLog } from '../../../../bench/many-hosts/audit.ts';
import type { ManyHostsRun, TenthSample } from '../../../../bench/many-hosts/crawl.ts';
import { nameOf, pathOf, type Shape } from '../../../../bench/many-hosts/hosts.ts';
import { logWriter } from '../../../../bench/many-hosts/log.ts';
import { recordCounter } from '../../../../bench/many-hosts/records.ts';
import { faultsOf, manyHostsReport, tenthOf } from '../../../../bench/many-hosts/report.ts';
import type { CrawlCounts } from '../../../../src/crawl/progress.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

const shape: Shape = { hosts: 20, pagesPerHost: 2, delayMs: 500 };
const T = 1_764_000_000_000.125;
type Asked = [host: number, path: string, from: number, to: number, lateMs?: number];

/** Each page of each host and its robots.txt, 600 ms apart. */
const everything: Asked[] = Array.from({ length: shape.hosts }, (_, host) =>
  ['/robots.txt', '/', '/p/1'].map((path, k): Asked => [host, path, 600 * k, 600 * k + 20]),
).flat();

async function audited(asked: readonly Asked[]) {
  const path = join(await temporaryDirectory(), 'log');
  const writer = logWriter(path, shape);
  for (const [host, target, from, to, lateMs] of asked)
    writer.add({
      ...{ start: T + from, end: T + to, host: `${nameOf(host)}:81`, method: 'GET', path: target },
      ...{ status: target === '/robots.txt' ? 404 : 200, remoteAddress: '', remotePort: 40_000 + host },
      ...(lateMs === undefined ? {} : { lateMs }),
    });
  writer.flush();
  return auditLog(await readFile(path), shape);
}

test('a log in which all is well: what it holds, and no breach', async () => {
  const { breaches, ...counts } = await audited(everything);
  assert.deepEqual(breaches, []);
  assert.deepEqual(counts, {
    ...{ requests: 60, robots: 20, served: 40, again: 0, odd: 0, hosts: 20, connections: 20 },
    ...{ full: 0, atDelay: 0, excused: 0, mostExcusedMs: 0 },
  });
});

test('a third fetch in flight, a second where one may be, and a start before its delay are breaches', async () => {
  const breaches = async (...asked: Asked[]) =>
    (await audited(asked)).breaches.map(({ kind, later }) => `${kind} ${later.host} ${later.path}`);
  assert.deepEqual(await breaches([0, '/', 0, 50], [0, '/p/1', 10, 60], [0, '/robots.txt', 49.9, 70]), [
    'concurrency aaaa.example /robots.txt',
  ]);
  assert.deepEqual(await breaches([0, '/', 0, 50], [0, '/p/1', 10, 60], [0, '/robots.txt', 50, 70]), []);
  assert.deepEqual(await breaches([17, '/', 0, 50], [17, '/p/1', 49, 60]), [
    'concurrency aaar.alone.example /p/1',
  ]);
  for (const host of [7, 13]) {
    assert.deepEqual(await breaches([host, '/', 0, 20], [host, '/p/1', 494, 520]), [
      `delay ${nameOf(host)} /p/1`,
    ]);
    assert.deepEqual(
      await breaches([host, '/', 0, 20, 10], [host, '/p/1', 494, 520]),
      [],
      'it was read late',
    );
    assert.deepEqual(await breaches([host, '/', 0, 20], [host, '/p/1', 496, 520]), []);
  }
});

test('what shows that the limits were in use: starts at the last free place, and right after the delay', async () => {
  const { full, atDelay } = await audited([
    ...([
      [0, '/', 0, 50],
      [0, '/p/1', 10, 60],
      [1, '/', 0, 50],
    ] as Asked[]),
    ...([
      [7, '/', 0, 20],
      [7, '/p/1', 549, 560],
      [13, '/', 0, 20],
      [13, '/p/1', 551, 560],
    ] as Asked[]),
  ]);
  assert.deepEqual([full, atDelay], [1, 1]);
});

test('a start that is early only because the one before may have been noted late is excused, and counted', async () => {
  const { breaches, excused, mostExcusedMs } = await audited([
    [7, '/', 0, 20, 10],
    [7, '/p/1', 494, 520],
  ]);
  assert.deepEqual([breaches.length, excused], [0, 1]);
  assert.ok(Math.abs(mostExcusedMs - 6) < 0.01, `${mostExcusedMs}`);
});

test('a request for a host that there is not is no log of this scenario', async () => {
  await assert.rejects(audited([[30, '/', 0, 1]]), /a host that it does not have/);
});

const sample = (pages: number, atMs: number): TenthSample => ({
  ...{ pages, atMs, cpu: { consumers: 2 + pages / 1000, redis: pages / 4000, site: 0 } },
  ...{ consumerBytes: [150e6, 140e6], redisBytes: 20e6, usedBytes: 5e6 },
});

async function run(asked = everything, changed: Partial<CrawlCounts> = {}): Promise<ManyHostsRun> {
  const counter = recordCounter(shape);
  for (const [host, path] of asked.filter(([, path]) => path !== '/robots.txt'))
    counter.add(`id 1 ${JSON.stringify({ url: `http://${nameOf(host)}:81${path}`, ok: true })}`);
  return {
    samples: [sample(0, 1000), sample(20, 1010), sample(40, 1030)],
    counts: { accepted: 40, recorded: 40, refused: 0, dead: 0, waiting: 0, ...changed } as CrawlCounts,
    ...{ records: counter.count(), audit: await audited(asked), busy: 0.5 },
  };
}

test('a tenth: its speed, its time and CPU a page', () => {
  const { pagesPerSecond, msPerPage, cpu } = tenthOf(sample(20, 1010), sample(40, 1030));
  assert.deepEqual([pagesPerSecond, msPerPage], [1000, 1]);
  assert.ok(Math.abs(cpu.consumers - 1) < 1e-9 && Math.abs(cpu.redis - 0.25) < 1e-9);
});

test('a run in which all is well has no fault; the report says how the last tenth compares with the first', async () => {
  const good = await run();
  assert.deepEqual(faultsOf(good, shape), []);
  const text = manyHostsReport(good, shape);
  assert.match(text, /time a page 2\.00 ×, CPU a page of consumers and Redis 1\.00 ×/);
  assert.match(text, /0 breaches/);
  assert.match(text, /nothing lost/);
});

test('a page that is missing or doubled, counters that do not add up, and a breach are faults', async () => {
  const faults = async (...given: Parameters<typeof run>) => faultsOf(await run(...given), shape).join('; ');
  assert.match(await faults(everything.slice(0, -1)), /39 pages were served.*39 pages have a record/);
  const doubled: Asked[] = [...everything, [0, pathOf(1), 5000, 5020]];
  assert.match(await faults(doubled), /1 pages were fetched again; 1 records beyond one a page/);
  assert.match(
    await faults(everything, { recorded: 39, waiting: 1 }),
    /39 recorded, not 40.*add up.*1 waiting/,
  );
  const breach = everything.map(
    (one): Asked => (one[0] === 7 && one[1] === '/p/1' ? [7, '/p/1', 700, 720] : one),
  );
  assert.equal(await faults(breach), '1 breaches of politeness');
});
