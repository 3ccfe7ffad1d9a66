// What a consumer's heap grows to, in processes of their own: V8's flags are for a whole process.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';

const module = JSON.stringify(new URL('../../../src/fleet/heap-growth.ts', import.meta.url).href);
/** Keeps 300,000 objects, each for a while, as jobs and pages are kept. */
const program = `
  import v8 from 'node:v8';
  if (process.argv[1] === 'bounded') (await import(${module})).boundHeapGrowth();
  const kept = Array.from({ length: 300_000 }, () => null);
  const young = () => v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
  const peak = { young: 0, whole: 0 };
  for (let n = 0; n < 3_000_000; n++) {
    kept[n % kept.length] = { n, text: 'text ' + n, more: [n] };
    if (n % 50_000 > 0) continue;
    peak.young = Math.max(peak.young, young());
    peak.whole = Math.max(peak.whole, v8.getHeapStatistics().total_heap_size);
    await new Promise((done) => setTimeout(done, 1));
  }
  console.log(JSON.stringify(peak));
`;

async function peakOf(how: 'bounded' | 'unbounded', options = ''): Promise<{ young: number; whole: number }> {
  const args = ['--input-type=module', '-e', program, how];
  const env = { ...process.env, NODE_OPTIONS: options, NODE_TEST_CONTEXT: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout);
}

test('a bounded heap stays far below what V8 would take', async () => {
  const [bounded, unbounded] = await Promise.all([peakOf('bounded'), peakOf('unbounded')]);
  assert.ok(bounded.whole < 0.7 * unbounded.whole, `${bounded.whole} of ${unbounded.whole}`);
  assert.ok(bounded.young < 0.8 * unbounded.young, `${bounded.young} of ${unbounded.young}`);
});

test('a young space that the user has set in NODE_OPTIONS is left alone', async () => {
  const { young } = await peakOf('bounded', '--max-semi-space-size=64');
  assert.ok(young > 100e6, `${young}`);
});
