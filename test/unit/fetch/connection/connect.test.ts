import assert from 'node:assert/strict';
import test from 'node:test';
import { interleaved } from '../../../../src/fetch/connection/connect.ts';

test('addresses of both families come in turn, beginning with the family of the first', () => {
  const cases: [string[], string[]][] = [
    [
      ['1.1.1.1', '1.1.1.2', '1.1.1.3', '::1', '::2'],
      ['1.1.1.1', '::1', '1.1.1.2', '::2', '1.1.1.3'],
    ],
    [
      ['::1', '::2', '::3', '1.1.1.1'],
      ['::1', '1.1.1.1', '::2', '::3'],
    ],
    [
      ['1.1.1.2', '1.1.1.1'],
      ['1.1.1.2', '1.1.1.1'],
    ],
    [[], []],
  ];
  for (const [given, order] of cases) assert.deepEqual(interleaved(given), order);
});
