// What each kind of statement says of the purposes: one table a grammar, and what holds for any text.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readContentSignal, readContentUsage, readTdmReservation } from '../../../src/usage/read.ts';
import { type Preferences, purposes } from '../../../src/usage/statement.ts';

/** `train-ai=n search=y`, in the order of the purposes; '' when nothing is said. */
const words = (says: Preferences | null) =>
  purposes.flatMap((purpose) => (says?.[purpose] ? `${purpose}=${says[purpose]}` : [])).join(' ');

// biome-ignore format: one line a row
const contentUsage: [value: string, says: string][] = [
  ['train-ai=n', 'train-ai=n'],
  ['search=y,train-ai=n', 'train-ai=n search=y'],
  ['train-ai=n\t ,\t ai-use=y', 'train-ai=n ai-use=y'],
  ['  train-ai=y', 'train-ai=y'],
  ['train-ai=n;reason="x", other=7', 'train-ai=n'],
  ['train-ai=y, train-ai=n', 'train-ai=n'],
  ['train-ai=n, train-ai=y', 'train-ai=y'],
  ['train-ai=n, train-ai', ''],
  ['train-ai=n, search="n"', 'train-ai=n'],
  ['train-ai="n"', ''], ['train-ai=no', ''], ['train-ai=?0', ''], ['train-ai', ''], ['train-ai=(n)', ''], ['train-ai=0', ''], ['train-ai=N', ''],
  ['bots=n, train-genai=n, ai=n, all=n', ''],
  ['x=1.5, y=:aGk=:, z=%"caf%c3%a9", train-ai=n', 'train-ai=n'],
  ['x=@1659578233, train-ai=n', 'train-ai=n'], ['x=(@1 @-2);p=@3, train-ai=n;d=@4', 'train-ai=n'], ['x="=@1 ", train-ai=n', 'train-ai=n'],
  ['x=@1.5, train-ai=n', ''], ['x=@, train-ai=n', ''], ['x=1@2, train-ai=n', ''], ['x=@1234567890123456, train-ai=n', ''],
  ['Train-AI=n, search=n', ''],
  ['train-ai=n, Search=y', ''],
  ['train-ai=n,', ''], ['train-ai=n search=n', ''], ['train-ai=', ''], ['train-ai = n', ''], ['=n', ''], ['é', ''], ['', ''],
];

for (const [value, says] of contentUsage)
  test(`Content-Usage ${JSON.stringify(value)}: ${says || 'nothing is known'}`, () =>
    assert.equal(words(readContentUsage(value)), says));

// biome-ignore format: one line a row
const contentSignal: [value: string, says: string][] = [
  ['search=yes, ai-train=no', 'train-ai=n search=y'],
  ['search=yes,ai-input=no,ai-train=yes', 'train-ai=y ai-use=n search=y'],
  ['SEARCH = Yes , Ai-Train= NO', 'train-ai=n search=y'],
  ['search=yes,ai-train=no,use=reference', 'train-ai=n ai-use=n search=y'],
  ['search=yes, ai-input=yes, ai-train=no, use=reference', 'train-ai=n ai-use=y search=y'],
  ['use=immediate', 'train-ai=n ai-use=n search=n'],
  ['use=reference', 'train-ai=n ai-use=n'],
  ['use=full', ''],
  ['use=maximum', ''],
  ['ai-train=yes, ai-train=no', 'train-ai=n'], ['ai-train=no, ai-train=yes', 'train-ai=n'],
  ['ai-train=n', ''], ['ai-train', ''], ['train-ai=no', ''], ['constructor=no', ''], ['use=constructor', ''], ['', ''], [',,=,', ''],
];

for (const [value, says] of contentSignal)
  test(`Content-Signal ${JSON.stringify(value)}: ${says || 'nothing is said'}`, () =>
    assert.equal(words(readContentSignal(value)), says));

// biome-ignore format: one line a row
const tdm: [value: string, says: string | null][] = [
  ['1', 'train-ai=n ai-use=n'], [' 1 ', 'train-ai=n ai-use=n'], ['0', 'train-ai=y ai-use=y'],
  ['1, 1', 'train-ai=n ai-use=n'], ['0, 1', 'train-ai=n ai-use=n'],
  ['', null], ['2', null], ['true', null], ['01', null], ['10', null],
];

for (const [value, says] of tdm)
  test(`tdm-reservation ${JSON.stringify(value)}: ${says ?? 'not given'}`, () =>
    assert.equal(words(readTdmReservation(value)), says ?? ''));

test('a text of more than 10,000 characters says nothing, and takes no time', () => {
  const long = `train-ai=n, x=(${'1 '.repeat(250_000)}1), search=no, 1`;
  const began = performance.now();
  for (const read of [readContentUsage, readContentSignal, readTdmReservation])
    assert.equal(words(read(long)), '');
  assert.ok(performance.now() - began < 50);
});

test('whatever the text, reading it says y or n of purposes and throws nothing', () => {
  const pieces = fc.constantFrom(
    ...'train-ai ai-use search use ai-train = , ; " ( ) y n yes no : @1 %" ? é / * \0'.split(' '),
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const read of [readContentUsage, readContentSignal, readTdmReservation])
        for (const [purpose, word] of Object.entries(read(text) ?? {}))
          assert.ok(purposes.includes(purpose as never) && (word === 'y' || word === 'n'));
    }),
  );
});
