import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { HandlerWatch, type WatchedRun } from '../../../src/handlers/watch.ts';
import { spawnProgram, until } from '../../support/signals.ts';

const source = pathToFileURL(join(import.meta.dirname, '../../../src/handlers/watch.ts')).href;
const run = (url: string): WatchedRun => ({ handler: 'h', url, seenAt: 0, fail: null });
const spin = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

/** Runs a program that has begun to watch, and throws `own` outside of any handler. */
function watching(own: string) {
  const program = `import { HandlerWatch } from ${JSON.stringify(source)};
const watch = new HandlerWatch({ blocked() {}, stray: (run, error) => console.log('stray', run.url, error.message) });
watch.start();
watch.call({ handler: 'h', url: 'u', seenAt: 0, fail: null }, () => setTimeout(() => { throw new Error('of a handler'); }, 1));
setTimeout(() => { ${own} }, 50);
setTimeout(() => console.log('still there'), 5000);`;
  return spawnProgram(['--input-type=module', '-e', program]);
}

test('an uncaught error of a handler is told; any other ends the process, as it would without the watch', async () => {
  for (const own of ["throw new Error('own fault')", "Promise.reject(new Error('own fault'))"]) {
    const program = watching(own);
    assert.equal((await program.exit).code, 1);
    assert.equal(program.stdout(), 'stray u of a handler\n');
    assert.match(program.stderr(), /Error: own fault/);
  }
});

test('what blocks the loop is told with its run: exactly before the first await, by who was seen after it', async (t) => {
  const blocked: [string[], number][] = [];
  const watch = new HandlerWatch({
    blocked: (runs, ms) => void blocked.push([runs.map(({ url }) => url), ms]),
    stray() {},
  });
  watch.start();
  t.after(() => watch.stop());
  watch.call({ ...run('first'), handler: 'a' }, () => spin(300));
  assert.deepEqual(blocked[0]?.[0], ['first']);
  assert.ok((blocked[0]?.[1] ?? 0) >= 300);

  const [idle, busy] = [run('idle'), run('busy')];
  for (const one of [idle, busy]) watch.waits(one);
  await new Promise((resolve) => setTimeout(resolve, 100));
  spin(400);
  watch.ended(busy);
  await until(() => blocked.length === 2, { what: 'the second block' });
  assert.deepEqual(blocked[1]?.[0], ['busy']);
});
