// What an export leaves that is killed with -9.
import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { recordJson } from '../../src/records/line.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { recordOf } from '../support/records/odd-records.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

test('what an export that is killed with -9 leaves is removed by the next to that name, and nothing else is', async (t) => {
  const site = await startSite({ pages: 1, behaviours: { '/gone': { status: 410 } } });
  t.after(() => site.stop());
  const runner = await openCommandRunner();
  await runner.run(['crawl', `${site.url}/gone`, '--crawl', 'c', '--depth', '0', '--quiet']);
  const [folder = ''] = await readdir(runner.path('data/records'));
  const [segment = ''] = await readdir(runner.path(`data/records/${folder}`));
  const lines = Array.from({ length: 40_000 }, (_, number) => {
    const record = recordOf(number + 10_000, { body: `<p>${'word '.repeat(200)}`, links: [] });
    return `${record.id} 0 ${recordJson(record)}\n`;
  });
  await appendFile(runner.path(`data/records/${folder}/${segment}`), lines.join(''));
  const out = runner.path('out');
  await mkdir(out);
  const others = [
    `big.parquet.${process.pid}.0123abcd.tmp`,
    'big.parquet.backup.tmp',
    'big.parquet2.1.0123abcd.tmp',
  ];
  for (const name of others) await writeFile(join(out, name), '');
  for (const name of ['big.parquet', 'big.md']) {
    const args = ['results', 'c', '-o', join(out, name)];
    const running = runner.start(args);
    const begun = async () =>
      (await readdir(out)).filter(
        (each) => each.startsWith(name) && each.endsWith('.tmp') && !others.includes(each),
      );
    await until(async () => (await begun()).length > 0, { what: `${name} to begin`, deadlineMs: 30_000 });
    running.kill('SIGKILL');
    await running.exit;
    assert.equal((await begun()).length, 1, name);
    const few = await runner.run([...args, '--status', '410']);
    assert.equal(few.code, 0, few.stderr);
    assert.deepEqual(await begun(), [], name);
  }
  assert.deepEqual((await readdir(out)).toSorted(), ['big.md', 'big.parquet', ...others].toSorted());
});
