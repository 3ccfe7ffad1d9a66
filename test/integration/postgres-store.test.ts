// The store in PostgreSQL, held to a real server: what is written comes back as the store of files gives it,
// whatever the values, whoever wrote it, and however often.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import test, { after, before } from 'node:test';
import type { DroverError } from '../../src/errors.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { openFileStore } from '../../src/records/file-store.ts';
import { EVERY_RECORD } from '../../src/records/filter.ts';
import { checkServer } from '../../src/records/postgres/migrations.ts';
import { type RecordStore, recordLines } from '../../src/records/store.ts';
import { openStores } from '../../src/records/stores.ts';
import { until } from '../support/signals.ts';
import { idOf, oddRecords as odd, recordOf } from '../support/stores/odd-records.ts';
import { needsPostgres, startTestPostgres, type TestPostgres } from '../support/stores/postgres.ts';
import { temporaryDirectory } from '../support/temporary.ts';

let postgres: TestPostgres;
before(async () => {
  if (needsPostgres.skip) return;
  postgres = await startTestPostgres();
});
after(() => postgres?.stop());

/** The listener notes what it hears. */
function openStore(url = postgres.url) {
  const heard: string[] = [];
  const listener = {
    onTrouble: ({ code }: DroverError) => void heard.push(code),
    onWritten: () => undefined,
  };
  const stores = openStores({ dataDir: '/nowhere', store: url, listener });
  return { store: stores.at(postgres.plainUrl), heard, close: () => stores.close() };
}

async function linesIn(store: RecordStore, folder: string, filter = EVERY_RECORD): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of recordLines(store.read(folder, { filter }))) lines.push(line);
  return lines.sort();
}

test(
  'every value comes back as the store of files gives it, in one batch with all others',
  needsPostgres,
  async () => {
    const { store, close } = openStore();
    const dir = await temporaryDirectory('files');
    const files = openFileStore(dir);
    const records = Object.values(odd).map((more, id) => recordOf(id, more));
    for (const each of [store, files])
      await Promise.all(records.map((record) => each.write(record, 0, 'odd')));
    const wanted = await linesIn(files, 'odd');
    const got = await linesIn(store, 'odd');
    const byId = (lines: readonly string[]) => new Map(lines.map((line) => [JSON.parse(line).id, line]));
    const [one, other] = [byId(wanted), byId(got)];
    for (const [id, what] of Object.keys(odd).entries())
      assert.ok(one.get(idOf(id)) === other.get(idOf(id)), `${what}: ${other.get(idOf(id))?.slice(0, 1000)}`);
    assert.equal(got.length, records.length);
    // The texts that a column cannot hold are there for SQL, with U+FFFD.
    const title = await postgres.sql(`select title from drover.records where id = '${idOf(4)}'`, 'drover');
    assert.equal(title, 'a\ufffdb');
    for (const { id } of records) assert.equal((await store.find('odd', id))?.record.id, id);
    const ended = (id: string, folder = 'odd') => store.find(folder, id, { hasEnded: true });
    const found = await Promise.all(records.map(({ id }) => ended(id)));
    for (const [at, { id }] of records.entries())
      assert.ok(JSON.stringify(found[at]?.record) === one.get(id), id);
    assert.deepEqual(await Promise.all([ended(idOf(999)), ended(idOf(1), 'none')]), [null, null]);
    await files.close();
    await close();
    rmSync(dir, { recursive: true });
  },
);

test(
  'a value that the server refuses all the same is found in its batch, told, and kept whole',
  needsPostgres,
  async () => {
    await postgres.sql(
      "alter table drover.records add constraint refused check (title is distinct from 'refuse me')",
      'drover',
    );
    const { store, heard, close } = openStore();
    const records = Array.from({ length: 50 }, (_, id) =>
      recordOf(id, id === 23 ? { title: 'refuse me' } : {}),
    );
    await Promise.all(records.map((record) => store.write(record, 0, 'refused')));
    assert.deepEqual(heard, ['E_STORE_VALUE']);
    const lines = await linesIn(store, 'refused');
    assert.deepEqual(lines, records.map((record) => JSON.stringify(record)).sort());
    await postgres.sql('alter table drover.records drop constraint refused', 'drover');
    await close();
  },
);

test(
  'of two records of one request the higher claim stays, in one batch, over batches and over processes',
  needsPostgres,
  async () => {
    const [one, other] = [openStore(), openStore()];
    const say = (claim: number, more: Partial<CrawlRecord> = {}) =>
      recordOf(1, { title: `claim ${claim}`, ...more });
    const items = [1, 2].map((item) => ({ handler: 'h', item }));
    await Promise.all([
      one.store.write(say(0, { items }), 0, 'claims'),
      one.store.write(recordOf(1, { title: 'later' }), 0, 'claims'),
    ]);
    const title = async () => (await linesIn(one.store, 'claims')).map((line) => JSON.parse(line).title);
    assert.deepEqual(await title(), ['claim 0']);
    const itemsOf = () =>
      postgres.sql(
        "select count(*) from drover.items natural join drover.crawls where crawl = 'c' and records_folder = 'claims'",
        'drover',
      );
    assert.equal(await itemsOf(), '2');
    await Promise.all([
      other.store.write(say(2, { body: null, items: items.slice(1) }), 2, 'claims'),
      other.store.write(say(1), 1, 'claims'),
      one.store.write(say(1), 1, 'claims'),
    ]);
    await one.store.write(say(1), 1, 'claims');
    assert.deepEqual(await title(), ['claim 2']);
    assert.equal(await itemsOf(), '1');
    assert.equal((await one.store.find('claims', idOf(1)))?.record.body, null);
    await Promise.all([one.close(), other.close()]);
  },
);

test(
  'pages give each record once, also those of batches that are committed late',
  needsPostgres,
  async () => {
    const { store, close } = openStore();
    await Promise.all(Array.from({ length: 450 }, (_, id) => store.write(recordOf(id), 0, 'pages')));
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await store.page('pages', cursor, 100);
      if (cursor === null) assert.equal(page.found, 450);
      ids.push(...page.records.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== null);
    assert.deepEqual([ids.length, new Set(ids).size], [450, 450]);
    await assert.rejects(
      store.page('pages', 'no cursor', 10),
      (error: DroverError) => error.code === 'E_FIELD',
    );
    // Somebody holds up one batch, and another one overtakes it.
    const key = await postgres.sql(
      "select crawl_key from drover.crawls where records_folder = 'pages'",
      'drover',
    );
    const holding = postgres.sql(
      `begin; insert into drover.records (crawl_key, id, claim, url, ok) values (${key}, '${idOf(1000)}', 0, '', true);
     select pg_advisory_xact_lock(99); select pg_sleep(3); rollback`,
      'drover',
    );
    await until(
      async () =>
        (await postgres.sql("select count(*) from pg_locks where locktype = 'advisory' and objid = 99")) ===
        '1',
      { what: 'the lock' },
    );
    const late = store.write(recordOf(1000), 0, 'pages');
    await until(
      async () =>
        (await postgres.sql(
          "select count(*) from pg_locks where locktype = 'advisory' and classid > 65535",
        )) === '1',
      { what: 'the late batch' },
    );
    const quick = openStore();
    await quick.store.write(recordOf(1001, { body: null }), 0, 'pages');
    const [, before] = await pagesFrom(store, 'pages', null);
    assert.equal(before.includes(idOf(1001)), false, 'a reader does not pass a batch that is not committed');
    await Promise.all([late, holding]);
    const [, whole] = await pagesFrom(store, 'pages', null);
    assert.deepEqual(whole.slice(-2), [idOf(1000), idOf(1001)]);
    const failed404 = { ...EVERY_RECORD, ok: false };
    assert.deepEqual((await store.page('pages', null, 10, failed404)).records, []);
    assert.equal((await store.findLinking('pages', 'http://h.example/7'))?.id, idOf(6));
    assert.equal(await store.findLinking('pages', 'http://elsewhere.example/'), null);
    await store.remove('pages');
    assert.deepEqual(await linesIn(store, 'pages'), []);
    assert.equal(
      await postgres.sql("select count(*) from drover.crawls where records_folder = 'pages'", 'drover'),
      '0',
    );
    await Promise.all([quick.close(), close()]);
  },
);

async function pagesFrom(
  store: RecordStore,
  folder: string,
  cursor: string | null,
): Promise<[string | null, string[]]> {
  const ids: string[] = [];
  for (;;) {
    const { records, next } = await store.page(folder, cursor, 1000);
    ids.push(...records.map(({ id }) => id));
    if (next === null) return [cursor, ids];
    cursor = next;
  }
}

test(
  'a database that is killed again and again is waited for: nothing is lost and nothing is there twice',
  needsPostgres,
  async () => {
    const { store, heard, close } = openStore();
    let written = 0;
    const writing = Promise.all(
      Array.from({ length: 20 }, async (_, lane) => {
        for (let at = 0; at < 40; at++) {
          await store.write(recordOf(lane * 1000 + at, { body: 'x'.repeat(5000) }), 0, 'killed');
          written++;
        }
      }),
    );
    for (let kill = 0; kill < 3; kill++) {
      const enough = written + 100;
      await until(() => written >= Math.min(enough, 700), {
        what: 'some records',
        everyMs: 2,
        deadlineMs: 30_000,
      });
      await postgres.kill();
      await postgres.start();
    }
    await writing;
    assert.ok(heard.includes('E_STORE_DOWN'), String(heard));
    const ids = (await linesIn(store, 'killed')).map((line) => JSON.parse(line).id);
    assert.deepEqual([ids.length, new Set(ids).size], [800, 800]);
    await close();
  },
);

test('what is wrong with the database is said with a code of its own', needsPostgres, async () => {
  const at = (url: string) =>
    openStores({ dataDir: '/nowhere', store: url }).at(url.replace(/:[^:@/]*@/, '@'));
  const { url, plainUrl, port } = postgres;
  await postgres.sql("create role poor login password 'poor'");
  await postgres.sql("create role reader login password 'poor'");
  await postgres.sql(
    'grant usage on schema drover to reader; grant select on all tables in schema drover to reader',
    'drover',
  );
  const poor = `postgres://poor:poor@127.0.0.1:${port}`;
  const wrong: [what: string, url: string, code: string][] = [
    ['a wrong password', url.replace(/:[^:@/]*@/, ':wrong@'), 'E_STORE_AUTH'],
    ['no password', plainUrl, 'E_STORE_AUTH'],
    ['no such database', url.replace(/\/drover$/, '/nothing'), 'E_STORE_DATABASE'],
    ['may not make tables', `${poor}/postgres?schema=mine`, 'E_STORE_RIGHTS'],
    ['may not use the schema', `${poor}/drover`, 'E_STORE_RIGHTS'],
    ['may not write', `postgres://reader:poor@127.0.0.1:${port}/drover`, 'E_STORE_RIGHTS'],
    ['nobody there', 'postgres://u:p@127.0.0.1:1/drover', 'E_STORE_DOWN'],
    ['no such name', 'postgres://u:p@nowhere.invalid/drover', 'E_STORE_DOWN'],
    ['TLS that it does not speak', `${url}?sslmode=require`, 'E_STORE_TLS'],
  ];
  for (const [what, each, code] of wrong)
    await assert.rejects(at(each).prepare(), (error: DroverError) => {
      assert.equal(error.code, code, `${what}: ${error.message}`);
      assert.ok(!/wrong@|poor:poor|p%40ss|p@ss/.test(error.message), error.message);
      return true;
    });
  const newer = `${url}?schema=newer`;
  await at(newer).prepare();
  await postgres.sql('insert into newer.migrations (version) values (99)', 'drover');
  await assert.rejects(at(newer).prepare(), (error: DroverError) => error.code === 'E_STORE_FORMAT');
  assert.throws(
    () => checkServer(11, '11.22', 'here'),
    (error: DroverError) => error.code === 'E_STORE_VERSION',
  );
  // Ten processes make the tables at once.
  const together = Array.from({ length: 10 }, () => at(`${url}?schema=together`));
  await Promise.all(together.map((store) => store.prepare()));
  // A database without tables has no records.
  assert.deepEqual(await linesIn(at(`${url}?schema=none`), 'c'), []);
});
