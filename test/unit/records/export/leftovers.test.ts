import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { removeLeftovers } from '../../../../src/records/export/leftovers.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

/** A process that has ended. */
const { pid } = spawnSync('true');

test('a directory that was about to be replaced gets its name back; when there is a new one, it goes', async () => {
  const dir = await temporaryDirectory('leftovers');
  const [path, temporary] = [join(dir, 'pages'), join(dir, `pages.${pid}.0123abcd.tmp`)];
  for (const name of [temporary, `${temporary}.former`]) mkdirSync(name);
  writeFileSync(join(`${temporary}.former`, 'kept'), '');
  removeLeftovers(path);
  assert.deepEqual([readdirSync(dir), readdirSync(path)], [['pages'], ['kept']]);
  mkdirSync(`${temporary}.former`);
  removeLeftovers(path);
  assert.deepEqual([readdirSync(dir), readdirSync(path)], [['pages'], ['kept']]);
});

test('only what drover named so, of a process that has ended, and of this very place, is removed', async () => {
  const dir = await temporaryDirectory('leftovers');
  const stay = [
    `a.csv.${process.ppid}.0123abcd.tmp`,
    `a.csv.gz.${pid}.0123abcd.tmp`,
    `a.csv.${pid}.0123ABCD.tmp`,
    `a.csv.${pid}.tmp`,
    `b.a.csv.${pid}.0123abcd.tmp`,
    'a.csv',
  ];
  for (const name of [...stay, `a.csv.${pid}.0123abcd.tmp`, `a.csv.${process.pid}.0123abcd.tmp`])
    writeFileSync(join(dir, name), '');
  removeLeftovers(join(dir, 'a.csv'));
  assert.deepEqual(readdirSync(dir).toSorted(), stay.toSorted());
  removeLeftovers(join(dir, 'nowhere', 'a.csv'));
});
