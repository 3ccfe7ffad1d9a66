import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pages, upToDate } from '../../scripts/write-docs.ts';
import { settingNames, variableOf } from '../../src/config/settings.ts';
import { definitions } from '../../src/config/table.ts';
import { catalogue } from '../../src/errors.ts';
import { metrics } from '../../src/metrics.ts';
import { sourcesIn } from '../support/sources.ts';

const docs = join(import.meta.dirname, '../../docs');

/** The rows of all tables of a page whose first cell is in code, cells without their markup. */
function rowsOf(page: string): string[][] {
  const lines = readFileSync(join(docs, page), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '').replaceAll('\\|', '|')),
  );
}

test('docs/errors.md lists every error code with its layer and what it decides, and none else', () => {
  const listed = rowsOf('errors.md').map(([code, layer, , , ...decisions]) => [code, layer, ...decisions]);
  const known = Object.entries(catalogue).map(([code, { layer, ends, retry, hostDown, status }]) => {
    const marks = [retry, hostDown].map((holds) => (holds ? 'yes' : '–'));
    return [code, layer, ends ?? '–', ...marks, `${status ?? '–'}`];
  });
  assert.deepEqual(listed, known, 'run npm run docs');
});

test('docs/settings.md lists every setting with its flag, variable and default, and none else', () => {
  const listed = rowsOf('settings.md').map((cells) => cells.slice(0, 4));
  const known = settingNames.map((name) => {
    const { flags = '–', default: value } = definitions[name];
    const nothing = value === null || JSON.stringify(value) === '[]' || JSON.stringify(value) === '{}';
    return [name, flags, variableOf(name), nothing ? '–' : String(value)];
  });
  assert.deepEqual(listed, known, 'run npm run docs');
});

test('docs/settings.md explains every owner of settings, and none else', () => {
  const text = readFileSync(join(docs, 'settings.md'), 'utf8');
  const explained = [...text.matchAll(/^- \*\*(\w+)\*\*: /gm)].map((match) => match[1]);
  const known = new Set(settingNames.map((name) => definitions[name].of));
  assert.deepEqual(explained.toSorted(), [...known].toSorted());
});

test('docs/metrics.md lists every metric with its type and labels, and none else', () => {
  const listed = rowsOf('metrics.md').map(([name, type, labels = '']) => [
    name,
    type,
    [...labels.matchAll(/(?:^|; )(\w+):/g)].map((match) => match[1]),
  ]);
  assert.deepEqual(
    listed,
    metrics.map(({ name, type, labels }) => [name, type, labels]),
    'run npm run docs',
  );
});

for (const page of Object.keys(pages)) {
  test(`the table of ${page} is as src/ has it`, () => {
    const { now, wanted } = upToDate(page);
    assert.equal(now, wanted, 'run npm run docs');
  });
}

test('every layer is explained in docs/errors.md', () => {
  const text = readFileSync(join(docs, 'errors.md'), 'utf8');
  const explained = [...text.matchAll(/^\| ([a-z, ]+) \|/gm)].flatMap((match) => match[1]?.split(', ') ?? []);
  for (const { layer } of Object.values(catalogue))
    assert.ok(explained.includes(layer), `docs/errors.md does not explain ${layer}`);
});

test('an error code that a text or a test names exists', () => {
  const texts = [
    ...sourcesIn(['docs'], 'md'),
    ...sourcesIn(['src', 'cli', 'producers', 'consumers', 'test'], 'ts'),
  ];
  const unknown = texts.flatMap(({ path, text }) =>
    [...text.matchAll(/\bE_[A-Z0-9_]*[A-Z0-9]\b/g)]
      .filter(([code]) => !(code in catalogue))
      .map(([code]) => `${path}: ${code}`),
  );
  assert.deepEqual(unknown, [], 'correct the name, or add the code to src/errors-table.ts');
});
