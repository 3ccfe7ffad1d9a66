// Hostile handlers, on the event loop, on threads and in child processes: each page ends as its own outcome,
// and the rest of the crawl is recorded.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test, { describe, type TestContext } from 'node:test';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { startSite } from '../support/site/site.ts';

/** Where a handler runs, as the label of the request. */
const everywhere = ['loop', 'thread', 'process'];
const offLoop = ['thread', 'process'];

interface Row {
  code: string;
  ends: string;
  /** How often the handler ran, if the page had two attempts. */
  runs: number;
  where?: string[];
  /** The message names the line of the handler's file. */
  line?: boolean;
  says?: RegExp;
}

/** What only throws and returns. */
const wrong: Row[] = [
  { code: 'throw new TypeError("broken");', ends: 'E_HANDLER', runs: 2, line: true },
  { code: '(undefined as any).x;', ends: 'E_HANDLER', runs: 2, line: true },
  { code: 'await Promise.reject(7);', ends: 'E_HANDLER', runs: 2 },
  { code: 'throw new Fatal("no more");', ends: 'E_HANDLER_FATAL', runs: 1 },
  { code: 'throw new Discard("of no use");', ends: 'E_HANDLER_DISCARD', runs: 1 },
  { code: 'throw new RetryAfter("200ms", "busy");', ends: 'E_HANDLER_LATER', runs: 2 },
  { code: 'emit({ price: "free" });', ends: 'E_HANDLER_ITEM', runs: 1, line: true },
  { code: 'try { emit({ price: null }); } catch {}', ends: 'E_HANDLER_ITEM', runs: 1, line: true },
  { code: 'for (let i = 0; i < 1e5; i++) emit({ price: i });', ends: 'E_HANDLER_LIMIT', runs: 1, line: true },
  { code: 'for (let i = 0; i < 1e5; i++) enqueue("/q/" + i);', ends: 'E_HANDLER_LIMIT', runs: 1, line: true },
  { code: 'enqueue({ uri: "/x" } as any);', ends: 'E_HANDLER_REQUEST', runs: 1, line: true },
  {
    code: 'const x: any = {}; x.x = x; enqueue("/x", { userData: x });',
    ends: 'E_HANDLER_REQUEST',
    runs: 1,
    line: true,
  },
  { code: 'page.json();', ends: 'E_HANDLER', runs: 2, line: true },
  // The ways to drover of a thread and of a child process are open to the handler too.
  {
    code: 'for (const x of ["x", null, { kind: "reply" }]) { parentPort?.postMessage(x); process.send?.(x); } await new Promise((next) => setTimeout(next, 100)); throw new Fatal("sent");',
    ends: 'E_HANDLER_FATAL',
    runs: 1,
  },
  {
    code: 'Promise.reject(new Error("nobody waits")); await new Promise(() => {});',
    ends: 'E_HANDLER',
    runs: 2,
    line: true,
  },
];

/** After these, the thread or process is replaced. */
const ending: Row[] = [
  { code: 'await new Promise(() => {});', ends: 'E_HANDLER_TIMEOUT', runs: 2, says: /had 500 ms/ },
  { code: 'for (;;);', ends: 'E_HANDLER_TIMEOUT', runs: 2, where: offLoop, says: /had 500 ms/ },
  {
    code: 'process.exit(3);',
    ends: 'E_HANDLER_THREAD',
    runs: 2,
    where: offLoop,
    says: /It called process\.exit\(3\)|Its process exited with 3/,
  },
  {
    code: 'for (const all: object[] = []; ; ) all.push({ of: [1, 2, 3] });',
    ends: 'E_HANDLER_MEMORY',
    runs: 2,
    where: offLoop,
    says: /may use 100 MiB/,
  },
  {
    code: 'for (const all: Buffer[] = []; ; ) all.push(Buffer.alloc(1e6, 1));',
    ends: 'E_HANDLER_MEMORY',
    runs: 2,
    where: offLoop,
  },
  // Beyond the limit in one piece: V8 would end the whole process.
  {
    code: 'for (const all = new Array(30e6).fill(0); ; ) all[0]++;',
    ends: 'E_HANDLER_MEMORY',
    runs: 2,
    where: ['thread'],
  },
  {
    code: 'process.kill(process.pid, "SIGSEGV"); for (;;);',
    ends: 'E_HANDLER_THREAD',
    runs: 2,
    where: ['process'],
    says: /The signal SIGSEGV ended its process/,
  },
];

/** What shall not end by its time limit has a long one, also on a busy machine. */
const handlersOf = (rows: readonly Row[]) => `import { parentPort } from 'node:worker_threads';
import { defineHandler, Discard, Fatal, RetryAfter } from 'drover';
const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: any) =>
  typeof value.price === 'number' ? { value } : { issues: [{ message: 'expected a number', path: ['price'] }] } } } as const;
async function run({ page, enqueue, emit, request, log }: any) {
  log.info('ran');
  switch (request.userData?.row) {
${rows.map(({ code }, row) => `    case ${row}: ${code} break;`).join('\n')}
  }
  emit({ price: 1 });
}
const make = (name: string, more: object) => ['', '-long'].map((kind) => defineHandler({
  name: name + kind, match: { label: name + kind }, timeoutMs: kind === '' ? 500 : 20_000, schema, run, ...more,
}));
export default [...make('loop', {}), ...make('thread', { blocking: true }), ...make('process', { isolate: 'process' })];
`;
const FIRST_LINE = 8;

describe('hostile handlers', { concurrency: true }, () => {
  test('handlers that throw or emit what is wrong: each page ends as its own outcome, with the line in the file', (t) =>
    crawlWith(t, wrong, 2));

  for (const where of everywhere)
    test(`handlers that never end, exit, leak or crash (${where}): each page ends as its own outcome, the others are recorded, and memory stays bounded`, (t) => {
      const here = ending.filter((row) => (row.where ?? everywhere).includes(where));
      return crawlWith(
        t,
        here.map((row) => ({ ...row, where: [where] })),
        1,
      );
    });
});

async function crawlWith(t: TestContext, rows: readonly Row[], mostAttempts: number): Promise<void> {
  const site = await startSite({ pages: 200, linksPerPage: 0 });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  const file = runner.path('hostile.ts');
  await writeFile(file, handlersOf(rows));
  const cases = rows.flatMap((row, number) =>
    (row.where ?? everywhere).map((where) => ({ ...row, number, where })),
  );
  const requests = cases.flatMap(({ where, number, ends }, page) => [
    {
      url: `${site.url}/p/${page}`,
      label: ends === 'E_HANDLER_TIMEOUT' ? where : `${where}-long`,
      userData: { row: number },
    },
    { url: `${site.url}/p/${100 + page}`, label: `${where}-long` },
  ]);
  await writeFile(runner.path('seeds.ndjson'), requests.map((one) => JSON.stringify(one)).join('\n'));
  const args = ['crawl', runner.path('seeds.ndjson'), '--handler', file, '--crawl', 'c', '--quiet'];
  const limits = [
    '--attempts',
    String(mostAttempts),
    '--backoff',
    '50',
    '--per-host',
    '20',
    '--thread-memory',
    '100MiB',
  ];
  const crawl = runner.start([...args, ...limits, '--threads', '2']);
  const peak = watchPeak(crawl.child.pid ?? 0);
  const { code } = await crawl.exit;
  assert.equal(code, 1, crawl.stderr());
  const records = new Map((await runner.results('c')).map((record) => [record.url, record]));
  for (const [page, { number, where, ends, runs, line, says }] of cases.entries()) {
    const name = `${where}: ${rows[number]?.code}`;
    const record = records.get(`${site.url}/p/${page}`) ?? assert.fail(`${name} has no record`);
    const message = record.error?.message ?? '';
    assert.equal(record.error?.code, ends, `${name}: ${message}`);
    assert.equal(record.attempts, Math.min(runs, mostAttempts), name);
    assert.deepEqual(record.items, ends === 'E_HANDLER_DISCARD' ? [] : null, name);
    assert.equal(record.sha256?.length, 64, name);
    if (line) assert.match(message, new RegExp(`${file}:${number + FIRST_LINE}:\\d+`), name);
    if (says) assert.match(message, says, name);
    const other = records.get(`${site.url}/p/${100 + page}`);
    assert.deepEqual(
      [other?.ok, other?.items],
      [true, [{ handler: `${where}-long`, item: { price: 1 } }]],
      name,
    );
  }
  const counts = await runner.status('c');
  assertAddsUp(counts);
  const dead = cases.filter(({ ends }) => ends !== 'E_HANDLER_DISCARD');
  assert.deepEqual([counts.state, counts.dead], ['finished', dead.length]);
  t.diagnostic(`peak memory of the consumer: ${peak.megabytes()} MB`);
  assert.ok(peak.megabytes() < 1500, `${peak.megabytes()} MB`);
}

/** The most memory that a process had, as far as Linux tells it. */
function watchPeak(pid: number): { megabytes(): number } {
  let megabytes = 0;
  const timer = setInterval(async () => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (status === '') clearInterval(timer);
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    megabytes = Math.max(megabytes, Math.round(Number(kilobytes ?? 0) / 1000));
  }, 100);
  return { megabytes: () => megabytes };
}
