import assert from 'node:assert/strict';
import test from 'node:test';
import {
  changesFormat,
  readFailOnKinds,
  readIgnored,
  readKinds,
} from '../../../../cli/changes/read-options.ts';

test('kinds are read as a list; any is all but what is not known', () => {
  assert.deepEqual(readKinds('gone, new', '--kind'), ['new', 'gone']);
  assert.deepEqual(readFailOnKinds('any', '--fail-on'), ['new', 'changed', 'gone', 'back']);
  assert.deepEqual(readFailOnKinds('unknown,any', '--fail-on').length, 5);
  assert.throws(() => readKinds('newer', '--kind'), /expected some of new, changed, gone, back, unknown/);
  assert.throws(() => readFailOnKinds('many', '--fail-on'), /--fail-on: expected some of/);
});

test('the form follows from --json, --format or the ending of the file', () => {
  const of = (json: boolean, format?: 'csv', output?: string) => changesFormat({ json, format, output });
  assert.deepEqual([of(true), of(false), of(false, undefined, '-')], ['json', 'text', 'text']);
  assert.deepEqual([of(false, 'csv', 'a.txt'), of(false, undefined, 'a.JSON')], ['csv', 'json']);
  assert.throws(() => of(true, 'csv'), /exclude each other/);
  assert.throws(() => of(false, undefined, 'a.pdf'), /its ending names no form/);
});

test('ignored lines: any of the expressions', () => {
  const ignored = readIgnored(['^a$', 'b|c']);
  assert.deepEqual(
    ['a', 'ab', 'xc', 'ax'].map((line) => ignored?.test(line)),
    [true, true, true, false],
  );
  assert.equal(readIgnored(undefined), null);
  assert.throws(() => readIgnored('('), /--ignore: Invalid regular expression/);
});
