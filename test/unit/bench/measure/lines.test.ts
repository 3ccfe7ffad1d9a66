import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { countLines } from '../../../../bench/measure/lines.ts';
import { withDirectory } from '../../../../bench/measure/measure.ts';

test('lines are counted, the last one also without its newline', async () => {
  await withDirectory(async (directory) => {
    const file = join(directory, 'lines');
    const lines = async (text: string) => {
      await writeFile(file, text);
      return countLines(file);
    };
    assert.equal(await lines(''), 0);
    assert.equal(await lines('{"a":1}\n{"a":2}\n'), 2);
    assert.equal(await lines('{"a":1}\n{"a":2}'), 2);
    // Larger than what is read at once.
    assert.equal(await lines(`${'x'.repeat(999)}\n`.repeat(3000)), 3000);
    assert.equal(await countLines(join(directory, 'missing')), 0);
  });
});
