// A fleet with one store in PostgreSQL: consumers with data directories of their own, killed like the
// database, and readers on machines that have nothing but the address of Redis and the password.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test, { after, before } from 'node:test';
import { readCounts } from '../../src/crawl/crawl.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import { createClient, readResults } from '../../src/index.ts';
import { startApi } from '../support/api/api.ts';
import { machine } from '../support/fleets/machines.ts';
import { reachOf } from '../support/fleets/progress.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { needsPostgres, PASSWORD, startTestPostgres, type TestPostgres } from '../support/stores/postgres.ts';

const fleets = openFleets();
let postgres: TestPostgres;
before(async () => {
  if (needsPostgres.skip) return;
  postgres = await startTestPostgres();
});
after(() => postgres?.stop());

const handlers = `export default { name: 'titles', run({ page, emit }) { emit({ url: page.url, zz: 1, a: 'x' }); } };
`;

test(
  'three consumers, killed like the database: results complete, each once, from a machine with only the password',
  needsPostgres,
  async (t) => {
    const PAGES = 600;
    const site = await startSite({ pages: PAGES, latencyMs: 15, behaviours: { '/p/599': { status: 404 } } });
    t.after(() => site.stop());
    const { runner, fleet, namespace } = await fleets.open({ DROVER_LOCK_DURATION: '3s' });
    writeFileSync(runner.path('handlers.mjs'), handlers);
    const secret = { PGPASSWORD: PASSWORD };
    const begin = [
      'enqueue',
      `${site.url}/`,
      '--crawl',
      'c',
      '--store',
      postgres.url,
      '--per-host',
      '30',
      '--quiet',
    ];
    assert.equal((await runner.run(begin)).code, 0);
    const consume = (name: string) =>
      runner.start(
        ['consume', '-c', '10', '--handler', runner.path('handlers.mjs')],
        machine(runner, name, secret),
      );
    const consumers = ['one', 'two', 'three'].map(consume);
    const counts = () => readCounts(fleet, 'c');
    const reach = reachOf(fleet, 'c', 90_000);
    await reach(60);
    consumers[0]?.killGroup('SIGKILL');
    await reach(120);
    await postgres.kill();
    consumers[1]?.killGroup('SIGKILL');
    consumers.push(consume('one'), consume('two'));
    await until(() => consumers[2]?.stderr().includes('E_STORE_DOWN') ?? false, {
      what: 'the outage is told',
    });
    await postgres.start();
    await until(async () => (await counts()).state === 'finished', { what: 'the end', deadlineMs: 120_000 });
    await until(() => consumers[2]?.stderr().includes('The store of records answers again.') ?? false, {
      what: 'its end is told',
    });
    const said = consumers[2]?.stderr() ?? '';
    assert.equal(said.match(/E_STORE_DOWN/g)?.length, 1, said);

    const { recorded } = await counts();
    assert.equal(recorded, PAGES + 1);
    const elsewhere = { env: { DROVER_DATA_DIR: runner.path('elsewhere'), ...secret } };
    const read = await runner.run(['results', 'c'], elsewhere);
    assert.equal(read.code, 0, read.stderr);
    const records = read.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    assert.deepEqual([records.length, new Set(records.map(({ url }) => url)).size], [PAGES + 1, PAGES + 1]);
    assert.ok(records.every(({ body, status }) => status === 404 || body.includes('<')));
    for (const consumer of ['one', 'two', 'three'])
      assert.equal(existsSync(runner.path(`${consumer}/data/records`)), false);

    // Without a password, it is said what to set; nothing that is kept or said holds it.
    const without = await runner.run(['results', 'c'], {
      env: { DROVER_DATA_DIR: runner.path('elsewhere') },
    });
    assert.equal(without.code, 3);
    assert.match(
      without.stderr,
      /no password was given[\s\S]*PGPASSWORD[\s\S]*DROVER_STORE[\s\S]*\(E_STORE_AUTH\)/,
    );
    const kept = JSON.stringify(await fleet.redis.hgetall(fleet.keys.crawl('c')));
    assert.ok(kept.includes(postgres.plainUrl), kept);
    const logs = ['one', 'two', 'three'].map((name) =>
      readFileSync(runner.path(`${name}/data/drover.log`), 'utf8'),
    );
    for (const text of [kept, ...logs, ...consumers.map((each) => each.stderr())])
      assert.ok(!text.includes(PASSWORD) && !text.includes(encodeURIComponent(PASSWORD)));

    // The other readers.
    const failed = await runner.run(['results', 'c', '--code', 'E_HTTP_4XX'], elsewhere);
    assert.deepEqual(
      failed.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).url),
      [`${site.url}/p/599`],
    );
    const items = await runner.run(['items', 'c'], elsewhere);
    assert.equal(items.stdout.split('\n').filter(Boolean).length, PAGES, items.stderr);
    assert.match(items.stdout, /"item":\{"url":"[^"]+","zz":1,"a":"x"\}/);
    const explained = await runner.run(['explain', `${site.url}/p/599`, '--json'], elsewhere);
    const { record, verdict } = JSON.parse(explained.stdout) as Explanation;
    assert.equal(record?.record.status, 404);
    assert.ok(verdict.includes(postgres.plainUrl), verdict);
    const report = await runner.run(['report', 'c', '--json'], elsewhere);
    assert.equal(JSON.parse(report.stdout).brokenLinks[0].url, `${site.url}/p/599`, report.stderr);
    let given = 0;
    const options = {
      crawl: 'c',
      redisUrl: fleets.url,
      namespace: namespace.slice(1, -3),
      store: postgres.url,
    };
    for await (const _ of readResults(options)) given++;
    assert.equal(given, PAGES + 1);
    const api = await startApi({ runner }, ['--data-dir', runner.path('elsewhere'), '--store', postgres.url]);
    const client = createClient({ url: api.url });
    const paged: unknown[] = [];
    for await (const each of client.crawls.records('c')) paged.push(each);
    assert.equal(paged.length, PAGES + 1);
    const csv = await api.call('GET', '/v1/crawls/c/records?format=csv');
    assert.equal(csv.status, 200);

    // Forgotten there too.
    const forgotten = await runner.run(['forget', 'c', '--records'], elsewhere);
    assert.equal(forgotten.code, 0, forgotten.stderr);
    for (const table of ['records', 'bodies', 'items', 'crawls'])
      assert.equal(await postgres.sql(`select count(*) from drover.${table}`, 'drover'), '0', table);
  },
);

test(
  'crawl writes -o from the store; what cannot be used ends it before anything has begun',
  needsPostgres,
  async (t) => {
    const site = await startSite({ pages: 20 });
    t.after(() => site.stop());
    const { runner, fleet } = await fleets.open();
    const crawl = (store: string, ...more: string[]) =>
      runner.run(['crawl', `${site.url}/`, '--crawl', 'c', '--store', store, '--quiet', ...more]);
    for (const [store, code] of [
      [postgres.url.replace(/:[^:@/]*@/, ':wrong@'), 'E_STORE_AUTH'],
      [postgres.url.replace(/\/drover$/, '/nothing'), 'E_STORE_DATABASE'],
      ['postgres://u:p@127.0.0.1:1/x', 'E_STORE_DOWN'],
    ] as const) {
      const { code: exit, stderr } = await crawl(store);
      assert.equal(exit, 3, stderr);
      assert.ok(stderr.includes(`(${code})`), stderr);
    }
    assert.equal(await fleet.redis.exists(fleet.keys.crawl('c')), 0);
    const bad = await crawl('postgres://u:p#w@h/d');
    assert.deepEqual([bad.code, bad.stderr.includes('p#w')], [2, false], bad.stderr);

    const out = runner.path('out.jsonl');
    const done = await crawl(postgres.url, '-o', out);
    assert.equal(done.code, 0, done.stderr);
    assert.equal(readFileSync(out, 'utf8').split('\n').filter(Boolean).length, 21);
    assert.equal(readdirSync(runner.path('data')).includes('records'), false);

    // A crawl that goes on keeps its store.
    await runner.run(['enqueue', `${site.url}/`, '--crawl', 'later', '--quiet']);
    const other = await runner.run(['enqueue', `${site.url}/`, '--crawl', 'later', '--store', postgres.url]);
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      /keeps them in file:, not in postgres:\/\/drover@[^:]*:\d+\/drover\.[\s\S]*\(E_STORE_OTHER\)/,
    );

    // Files on a disk that all machines share.
    const shared = runner.path('shared');
    const onDisk = await runner.run([
      'crawl',
      `${site.url}/`,
      '--crawl',
      'd',
      '--store',
      `file:${shared}`,
      '--quiet',
    ]);
    assert.equal(onDisk.code, 0, onDisk.stderr);
    const elsewhere = { env: { DROVER_DATA_DIR: runner.path('elsewhere') } };
    const read = await runner.run(['results', 'd'], elsewhere);
    assert.equal(read.stdout.split('\n').filter(Boolean).length, 21, read.stderr);

    const checked = await runner.run(['doctor', '--store', postgres.url, '--json']);
    const store = checked.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
      .find(({ name }) => name === 'store');
    assert.equal(store?.ok, 'yes', checked.stdout);
    assert.match(store.says, /PostgreSQL 1\d/);
    const wrong = await runner.run([
      'doctor',
      '--store',
      postgres.url.replace(/:[^:@/]*@/, ':wrong@'),
      '--json',
    ]);
    assert.deepEqual([wrong.code, wrong.stdout.includes('E_STORE_AUTH')], [3, true], wrong.stdout);
  },
);

test(
  'a consumer that stops while the database is away ends within its grace, and so on a second signal',
  needsPostgres,
  async (t) => {
    const site = await startSite({ pages: 30, latencyMs: 20 });
    const own = await startTestPostgres();
    t.after(async () => {
      await site.stop();
      await own.stop();
    });
    const { runner, fleet } = await fleets.open();
    const start = () =>
      runner.start(
        ['crawl', `${site.url}/`, '--crawl', 'c', '--store', own.url, '--grace', '2s', '--per-host', '1'],
        {},
      );
    const first = start();
    await until(async () => Number(await fleet.redis.hget(fleet.keys.crawl('c'), 'recorded')) > 3, {
      what: 'some records',
      deadlineMs: 30_000,
    });
    await own.kill();
    await until(() => first.stderr().includes('E_STORE_DOWN'), { what: 'the outage is told' });
    const asked = performance.now();
    first.kill('SIGTERM');
    assert.equal((await first.exit).code, 130);
    assert.ok(performance.now() - asked < 9000, `${performance.now() - asked} ms`);
    await own.start();
    const again = start();
    assert.equal((await again.exit).code, 0, again.stderr());
    const results = await runner.run(['results', 'c'], { env: { DROVER_STORE: own.url } });
    const urls = results.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).url);
    assert.deepEqual([urls.length, new Set(urls).size], [31, 31]);
  },
);

test('a server that accepts and says nothing is given up after a time', needsPostgres, async (t) => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await until(() => silent.listening, { what: 'listening' });
  const { port } = silent.address() as { port: number };
  const { runner } = await fleets.open();
  const { code, stderr } = await runner.run(['doctor', '--store', `postgres://u:p@127.0.0.1:${port}/d`]);
  assert.equal(code, 3, stderr);
});
