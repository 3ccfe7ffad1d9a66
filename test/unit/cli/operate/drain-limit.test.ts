import assert from 'node:assert/strict';
import test from 'node:test';
import { readDrainLimit, untilDrained } from '../../../../cli/operate/drain-limit.ts';

test('a time needs its unit and a number of pages its word', () => {
  assert.deepEqual(readDrainLimit('30m', '--drain-after'), { afterMs: 1_800_000 });
  assert.deepEqual(readDrainLimit('250ms', '--drain-after'), { afterMs: 250 });
  assert.deepEqual(readDrainLimit('10000 pages', '--drain-after'), { pages: 10_000 });
  assert.deepEqual(readDrainLimit('1page', '--drain-after'), { pages: 1 });
  for (const wrong of ['30', '0', '0s', '0 pages', '25d', '', 'pages', '1.5 pages', '-3s', 'soon'])
    assert.throws(() => readDrainLimit(wrong, '--drain-after'), { code: 'E_USAGE' }, wrong);
});

test('it is reached with the last page, not before', async () => {
  let pages = 0;
  let line: string | null = null;
  const drained = untilDrained({ pages: 3 }, () => pages).then((said) => {
    line = said;
  });
  for (pages = 0; pages < 2; pages++) await new Promise((resolve) => setTimeout(resolve, 120));
  assert.equal(line, null);
  pages = 3;
  const keepAlive = setTimeout(() => undefined, 5000);
  await drained;
  clearTimeout(keepAlive);
  assert.match(line ?? '', /--drain-after/);
});
