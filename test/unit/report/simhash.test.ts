// Fingerprints of texts: alike texts have alike ones.
import assert from 'node:assert/strict';
import test from 'node:test';
import { alikeness, distance, simhash, sketchOf } from '../../../src/report/simhash.ts';

const words = (seed: number, size = 300) =>
  Array.from({ length: size }, (_, at) => ((at * 7919 + seed * 104_729) % 99_991).toString(36));

test('one word changed in a hundred moves few bits, another text about half of them', () => {
  const [own, other] = [words(1), words(2)];
  const changed = own.with(50, 'x').with(150, 'y').with(250, 'z');
  const print = (of: string[]) => simhash(of.join(' ')) ?? { high: 0, low: 0 };
  assert.ok(distance(print(own), print(changed)) <= 12);
  assert.ok(distance(print(own), print(other)) >= 18);
  assert.equal(distance(print(own), print(own)), 0);
});

test('how alike two texts are is the share of their sequences of three words', () => {
  const own = words(1, 100);
  const sketch = (of: string[]) => sketchOf(of.join(' '));
  assert.equal(alikeness(sketch(own), sketch(own)), 1);
  assert.equal(alikeness(sketch(own), sketch(own.with(50, 'x'))), 95 / 101);
  assert.equal(alikeness(sketch(own), sketch(words(2, 100))), 0);
});

test('a text of fewer than ten words has no fingerprint; each character of Chinese counts as a word', () => {
  assert.equal(simhash('one two three four five six seven eight nine'), null);
  assert.notEqual(simhash('春眠不覺曉處處聞啼鳥夜來風雨聲'), null);
});
