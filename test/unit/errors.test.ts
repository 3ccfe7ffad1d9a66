import assert from 'node:assert/strict';
import test from 'node:test';
import { catalogue, DroverError, type ErrorCode, failure } from '../../src/errors.ts';

const codes = Object.keys(catalogue) as ErrorCode[];

test('every code is E_ and upper-case words', () => {
  for (const code of codes) assert.match(code, /^E(_[0-9A-Z]+)+$/);
});

test('every error says in a sentence what happened, and in another what to do', () => {
  for (const code of codes) {
    const { means, advice } = catalogue[code];
    assert.match(means, /^[A-Z].{8,}\.$/, code);
    assert.match(advice, /^[A-Za-z].{8,}\.$/, code);
    assert.ok(means.length + advice.length < 200, code);
  }
});

test('no two codes say the same', () => {
  assert.equal(new Set(codes.map((code) => catalogue[code].means)).size, codes.length);
});

test('a failure is plain data: code, layer, sentence, and the detail after it', () => {
  const means = 'The name does not exist.';
  assert.deepEqual(failure('E_DNS_NOT_FOUND'), { code: 'E_DNS_NOT_FOUND', layer: 'dns', message: means });
  assert.equal(failure('E_DNS_NOT_FOUND', 'no.example').message, `${means} no.example`);
  assert.equal(failure('E_DNS_NOT_FOUND', '').message, means);
});

test('a DroverError carries code, layer, advice and its cause', () => {
  const cause = new Error('original');
  const error = new DroverError('E_DATA_DIR', 'It is /x.', { cause });
  assert.ok(error instanceof Error);
  assert.equal(error.message, 'The data directory cannot be written. It is /x.');
  const { name, code, layer, detail } = error;
  assert.deepEqual(
    { name, code, layer, detail, cause: error.cause },
    {
      ...{ name: 'DroverError', code: 'E_DATA_DIR', layer: 'disk', detail: 'It is /x.', cause },
    },
  );
  assert.equal(error.advice, catalogue.E_DATA_DIR.advice);
  assert.equal(new DroverError('E_DATA_DIR').message, catalogue.E_DATA_DIR.means);
});
