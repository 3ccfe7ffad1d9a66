// What several statements say together, what keeps content from a crawl, and how much a record holds.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  combined,
  type Preferences,
  purposes,
  type ReadStatement,
  reservationOf,
  usageOf,
} from '../../../src/usage/statement.ts';

const word = fc.option(fc.constantFrom('y', 'n'), { nil: undefined });
const preferences = fc.record({
  'train-ai': word,
  'ai-use': word,
  search: word,
}) as fc.Arbitrary<Preferences>;
const statement = (says: Preferences, value = 'x'): ReadStatement => ({
  ...{ source: 'header', line: null, name: 'content-usage', value, says },
});
const several = fc.array(preferences).map((all) => all.map((says) => statement(says)));

test('any n reserves a use, else any y allows it, else nothing is known; order and repetition change nothing', () => {
  fc.assert(
    fc.property(several, (all) => {
      for (const purpose of purposes) {
        const said = all.map(({ says }) => says[purpose]);
        const right = said.includes('n') ? 'n' : said.includes('y') ? 'y' : undefined;
        assert.equal(combined(all)[purpose], right);
        assert.equal(combined([...all, ...all].reverse())[purpose], right);
      }
    }),
  );
});

test('a crawl is refused what is reserved against one of its purposes, and nothing else', () => {
  fc.assert(
    fc.property(several, fc.uniqueArray(fc.constantFrom(...purposes)), (all, declared) => {
      const reserved = declared.filter((purpose) => combined(all)[purpose] === 'n');
      const found = reservationOf(all, declared);
      assert.equal(found !== null, reserved.length > 0);
      for (const purpose of found?.reserved ?? []) assert.equal(found?.statement.says[purpose], 'n');
    }),
  );
});

test('search stands for itself: neither a reserved training forbids it, nor an allowed search permits training', () => {
  const said = [statement({ 'train-ai': 'n', 'ai-use': 'n', search: 'y' })];
  assert.equal(reservationOf(said, ['search']), null);
  assert.deepEqual(reservationOf(said, ['search', 'train-ai'])?.reserved, ['train-ai']);
  assert.equal(reservationOf(said, []), null);
});

test('no statement is no usage; otherwise all of them are held as found', () => {
  assert.equal(usageOf([]), null);
  assert.deepEqual(usageOf([statement({ search: 'y' }, 'a'), statement({ 'train-ai': 'n' }, 'b')]), {
    reserves: ['train-ai'],
    allows: ['search'],
    statements: ['a', 'b'].map((value) => ({ source: 'header', line: null, name: 'content-usage', value })),
    leftOut: 0,
  });
});

test('however much a host says, a record holds little of it, and all of what it means', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 200 }), (lengths) => {
      const all = lengths.map((length) => statement({ search: 'y' }, '\u{1f600}'.repeat(length / 2)));
      const usage = usageOf([...all, statement({ search: 'n' }, 'last')]);
      assert.ok(JSON.stringify(usage).length < 20_000);
      assert.equal((usage?.statements.length ?? 0) + (usage?.leftOut ?? 0), all.length + 1);
      assert.deepEqual(usage?.reserves, ['search']);
      for (const { value } of usage?.statements ?? []) assert.ok(value.isWellFormed());
    }),
    { numRuns: 30 },
  );
});
