// drover changes over runs that keep their records in different stores: PostgreSQL, files and S3.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';
import { startChangingSite } from '../support/site/changing.ts';
import { needsPostgres, PASSWORD, startTestPostgres, type TestPostgres } from '../support/stores/postgres.ts';
import { needsRadosgw, startRadosgw, type TestS3 } from '../support/stores/radosgw.ts';

const PAGES = 60;
let postgres: TestPostgres;
let s3: TestS3 | null = null;
before(async () => {
  if (needsPostgres.skip) return;
  postgres = await startTestPostgres();
  if (!needsRadosgw.skip) s3 = await startRadosgw();
});
after(() => Promise.all([postgres?.stop(), s3?.stop()]));

/** What JSONB of a database would give in another order. */
const handler = `export default { name: 'h', run({ page, emit }) { emit({ zz: 1, a: { b: 2, 'a': [3] } }); } };`;

test(
  'runs in PostgreSQL, in files and in S3 are compared as runs in one store are',
  needsPostgres,
  async (t) => {
    const [site, runner] = await Promise.all([startChangingSite(PAGES), openCommandRunner()]);
    t.after(() => site.close());
    writeFileSync(runner.path('handler.mjs'), handler);
    const env: Record<string, string> = { PGPASSWORD: PASSWORD, ...s3?.env };
    const stores = [['--store', postgres.url], [], s3 ? ['--store', 's3://crawls/changes'] : []];
    for (const [index, store] of stores.entries()) {
      site.show((index + 1) as 1 | 2 | 3);
      const how = ['--quiet', '--crawl', 'shop', '--per-host', '20', '--handler', runner.path('handler.mjs')];
      const { code, stderr } = await runner.run(['crawl', `${site.url}/p/0`, ...how, ...store], { env });
      assert.equal(code, 0, stderr);
    }
    const { code, stdout, stderr } = await runner.run(['changes', 'shop', '--json'], { env });
    assert.equal(code, 0, stderr);
    const changes = JSON.parse(stdout);
    for (const kind of ['new', 'changed', 'gone', 'back'] as const)
      assert.deepEqual(
        changes[kind].map(({ url }: { url: string }) => url),
        site.planted[kind],
        kind,
      );
    assert.deepEqual([changes.counts.unknown, changes.counts.same, changes.notes], [0, PAGES - 20, []]);
    for (const { text, fields } of changes.changed)
      assert.deepEqual([text, fields], ['changed', ['content']]);

    const former = await runner.run(['changes', 'shop.2', '--json', '--no-diff'], { env });
    const { counts } = JSON.parse(former.stdout);
    assert.deepEqual(counts, { new: 0, changed: 0, gone: 5, back: 0, unknown: 0, same: PAGES - 5 });
    const locked = await runner.run(['changes', 'shop.2'], { env: { PGPASSWORD: 'wrong' } });
    assert.equal(locked.code, 3);
    assert.match(locked.stderr, /E_STORE_AUTH/);
  },
);
