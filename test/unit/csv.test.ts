import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { cellOfAny, csvLine } from '../../src/csv.ts';
import { valueOfCell } from '../support/records/csv-cell.ts';

/** The cells of one line, by RFC 4180, told apart from what csvLine does. */
function cellsOf(line: string): string[] {
  assert.ok(line.endsWith('\r\n'));
  const text = line.slice(0, -2);
  const cells: string[] = [];
  for (let at = 0; at <= text.length; at++) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; ; at++) {
        assert.ok(at < text.length, `a quote is not closed: ${line}`);
        if (text[at] !== '"') cell += text[at];
        else if (text[at + 1] === '"') cell += text[at++];
        else break;
      }
      at++;
      assert.ok(at === text.length || text[at] === ',', `text after a quoted cell: ${line}`);
    } else {
      while (at < text.length && text[at] !== ',') {
        assert.doesNotMatch(text[at] ?? '', /["\r\n]/, line);
        cell += text[at++];
      }
    }
    cells.push(cell);
  }
  return cells;
}

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '＝',
      '＋',
      '－',
      '＠',
      '\t',
      '\r',
      '\n',
      '"',
      "'",
      ',',
      ';',
      ' ',
      '\u00a0',
      '\u200b',
      '\ufeff',
      '\0',
      '1',
      'a',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});

function valuesOf(line: string, isAny: boolean): unknown[] {
  return (
    parse(line, {
      recordDelimiter: '\r\n',
      cast: (text, { quoting }) => valueOfCell(text, Boolean(quoting), isAny),
    }) as unknown[][]
  ).flat();
}

const wellFormed = nasty.map((text) => text.toWellFormed());
const numbers = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
);
const literals = fc.constantFrom(
  '',
  '0',
  '-5',
  '1e9',
  '1E+5',
  'true',
  'FALSE',
  'null',
  '007',
  '.5',
  '[1]',
  '{"a":1}',
  "'",
  "'=1",
);
const scalars = fc.oneof(wellFormed, literals, numbers, fc.boolean(), fc.constant(null));

test('a strict reader gets every value back: text, numbers, booleans, null', () => {
  fc.assert(
    fc.property(fc.array(scalars, { minLength: 2, maxLength: 6 }), (values) => {
      assert.deepEqual(
        valuesOf(csvLine(values), false),
        values.map((value) => (value === 0 ? 0 : value)),
      );
    }),
    { numRuns: 3000 },
  );
});

test('where objects and lists may stand, they are told from texts that look like them', () => {
  const any = fc.oneof(scalars, fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
  fc.assert(
    fc.property(fc.array(any, { minLength: 2, maxLength: 5 }), (values) => {
      const same = values.map((value) => JSON.parse(JSON.stringify(value)));
      assert.deepEqual(valuesOf(csvLine(values.map(cellOfAny)), true), same);
    }),
    { numRuns: 2000 },
  );
});

test('whatever the texts, a reader gets them back, with a mark before those that could run', () => {
  fc.assert(
    fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), (texts) => {
      const cells = cellsOf(csvLine(texts));
      assert.equal(cells.length, texts.length);
      texts.forEach((text, index) => {
        const cell = cells[index] ?? '';
        assert.ok(cell === text || cell === `'${text}`, JSON.stringify([text, cell]));
      });
    }),
    { numRuns: 2000 },
  );
});

test('every form of a formula sign that Unicode has is marked', () => {
  const forms = [];
  for (let code = 0x21; code <= 0x10ffff; code++) {
    const form = String.fromCodePoint(code);
    if (/^[=+\-@]/.test(form.normalize('NFKC'))) forms.push(form);
  }
  assert.ok(forms.length > 15);
  for (const form of forms) assert.equal(csvLine([`${form}1`]), `"'${form}1"\r\n`);
});

test('no cell begins as a formula does, blanks and invisible characters left out', () => {
  fc.assert(
    fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), (texts) => {
      for (const cell of cellsOf(csvLine(texts))) {
        const visible = cell.replace(/[\s\0-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]/g, '').normalize('NFKC');
        assert.doesNotMatch(visible, /^[=+\-@]/, JSON.stringify(cell));
        assert.doesNotMatch(cell, /^[\t\r\n]/);
      }
    }),
    { numRuns: 2000 },
  );
});

test('numbers stay numbers, nothing is an empty cell, objects are JSON; separators of other countries are quoted', () => {
  assert.equal(csvLine([1.5, -2, true, null, undefined, '']), '1.5,-2,true,,,""\r\n');
  assert.equal(csvLine([{ a: '=1' }, ['x']]), '"{""a"":""=1""}","[""x""]"\r\n');
  assert.equal(csvLine(['a;=b', 'plain', "=cmd|'/C calc'!A0"]), `"a;=b",plain,"'=cmd|'/C calc'!A0"\r\n`);
  assert.equal(csvLine(['\ud800x']), '\ufffdx\r\n');
});
