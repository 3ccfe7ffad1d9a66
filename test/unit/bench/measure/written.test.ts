import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { withWritten } from '../../../../bench/measure/written.ts';

const page = `# Figures

<!-- rivals: npm run bench -- --rivals --write -->
old
<!-- end of rivals -->

between

<!-- growth: npm run bench -- --growth --write -->
<!-- end of growth -->
`;

test('only what stands between the two markers is replaced, also a second time', () => {
  const once = withWritten(page, 'rivals', '| new |');
  assert.equal(once, page.replace('\nold\n', '\n\n| new |\n\n'));
  assert.equal(withWritten(once, 'rivals', '| new |'), once);
  assert.equal(withWritten(withWritten(page, 'growth', 'x'), 'rivals', '| new |').includes('between'), true);
});

test('a page without the markers is not changed, and the error names them', () => {
  assert.throws(
    () => withWritten('# Figures\n', 'rivals', ''),
    /must hold <!-- rivals: npm run bench -- --rivals/,
  );
});

test('docs/BENCHMARKS.md has the markers of both benchmarks', () => {
  const text = readFileSync(new URL('../../../../docs/BENCHMARKS.md', import.meta.url), 'utf8');
  for (const name of ['rivals', 'growth']) assert.ok(withWritten(text, name, 'x').includes('\nx\n'));
});
