import assert from 'node:assert/strict';
import test from 'node:test';
import { grouped, inColumns, inMarkdown } from '../../../../bench/measure/columns.ts';

const rows = [
  ['what', 'n'],
  ['a | b', '12'],
];

test('columns of words begin on the left, those of numbers end on the right', () => {
  assert.equal(inColumns(rows), 'what    n\na | b  12');
});

test('a table in Markdown keeps its cells whatever they hold', () => {
  assert.equal(inMarkdown(rows), '| what | n |\n| --- | --: |\n| a \\| b | 12 |');
});

test('thousands are told apart', () => {
  assert.deepEqual([grouped(12_345.67), grouped(12_345.67, 1), grouped(999)], ['12,346', '12,345.7', '999']);
});
