import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { Spool } from '../../../src/changes/spool.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const texts = Array.from({ length: 5000 }, (_, number) => `${number} é${'x'.repeat((number * 37) % 300)}`);

test('all texts come back, by their numbers and in order, whether they are in memory or in the file', async () => {
  const dir = await temporaryDirectory('spool');
  const spool = new Spool(dir, 1000);
  for (const [number, text] of texts.entries()) {
    assert.equal(spool.add(text), number);
    // What has just been added may not be in the file yet.
    if (number % 500 === 0) assert.equal(spool.read(number), text);
  }
  assert.equal(spool.size, texts.length);
  assert.equal(
    spool.bytes,
    texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  );
  assert.deepEqual([...spool.all()], texts);
  for (const number of [0, 4999, 7, 4000, 1]) assert.equal(spool.read(number), texts[number]);
  assert.equal(spool.inMemory(), null);
  assert.deepEqual(readdirSync(dir), [], 'the file has no name');
  spool.close();
  spool.close();
});

test('few texts need no file', async () => {
  const spool = new Spool('/nowhere');
  spool.add('a');
  spool.add('b');
  assert.deepEqual(spool.inMemory(), ['a', 'b']);
  spool.close();
});

test('a file that cannot be made is E_FILE', () => {
  const spool = new Spool('/dev/null/nowhere', 0);
  spool.add('a');
  assert.throws(() => spool.read(0), { code: 'E_FILE' });
});
