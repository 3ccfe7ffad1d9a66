// Runs the tests: all of them, or those given as arguments (npm test -- test/unit
// test/integration/x.test.ts). Prints one line for each file that passes, all details of failures, and the
// runner's own summary at the end. Where all tests run, files that failed may run once more, by themselves.
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob, normalize, relative } from 'node:path';
import { Transform } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { prepareBundle } from './setup/bundle.mjs';
import { Impossible } from './setup/run.mjs';

/**
 * The number of files that run at the same time. Each may start a Redis, a server and some consumers, and the
 * tests are meant for two cores.
 */
const CONCURRENCY = 2;
/** Time limit of one test. A whole file should take less than 20 s. */
const TEST_TIMEOUT_MS = 120_000;
/**
 * Without any event for this time, a file has left something open (a timer, a socket) and would never end.
 */
const SILENCE_MS = 150_000;
/**
 * Tests with processes are often about time, and the machine may have been busy for a moment. So this many
 * of their files that failed among all get a second try alone, and are named. More are no accident, and the
 * other tests have no such excuse: a property that failed once is false.
 */
const MOST_SECOND_TRIES = 3;
const withProcesses = /^test\/(integration|chaos|browser)\//;

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

// Each file is a process, which would strip and compile the same sources again: half of a short file's CPU.
// The folder is the one that the command uses by itself.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

/** The test files that an argument names: a file, a folder, a pattern. */
function filesOf(argument) {
  const name = normalize(argument).replace(/\/$/, '');
  return all.filter((file) => file === name || file.startsWith(`${name}/`) || matchesGlob(file, name));
}

const all = globSync('test/**/*.test.ts').sort();
const wanted = process.argv.slice(2);
const missing = wanted.filter((argument) => filesOf(argument).length === 0);
if (missing.length > 0 || all.length === 0) {
  console.error(`There is no test file ${missing.join(' or ') || 'in test/'}.`);
  process.exit(2);
}
const files = wanted.length === 0 ? all : [...new Set(wanted.flatMap(filesOf))];

/**
 * Passes on the events that the spec reporter needs for failures and its summary. Prints one line for each
 * file.
 */
const compact = () =>
  new Transform({
    objectMode: true,
    transform(event, _encoding, done) {
      const { type, data } = event;
      if (type === 'test:summary' && data.file) {
        const { counts, success, duration_ms } = data;
        const line = `${success ? '✔' : '✖'} ${relative('.', data.file)}  ${counts.tests} tests, ${(duration_ms / 1000).toFixed(1)} s\n`;
        process.stdout.write(line);
      }
      const shown = ['test:fail', 'test:stdout', 'test:stderr', 'test:diagnostic', 'test:summary'];
      if (shown.includes(type)) this.push(event);
      done();
    },
  });

/** Runs these files. Resolves to those that failed. A file that does not end ends the program. */
async function runFiles(some, concurrency) {
  const running = new Set();
  const failed = new Set();
  const silence = setTimeout(() => {
    for (const file of running)
      console.error(`✖ ${file} does not end: it leaves a timer, a socket or a process open.`);
    process.exitCode = 1;
    abort.abort();
  }, SILENCE_MS);
  const abort = new AbortController();
  const report = run({ files: some, concurrency, timeout: TEST_TIMEOUT_MS, signal: abort.signal })
    .on('data', ({ type, data }) => {
      silence.refresh();
      const file = relative('.', data.file ?? '');
      if (type === 'test:start') running.add(file);
      if (type === 'test:summary') running.delete(file);
      if (type === 'test:fail') failed.add(file);
    })
    .on('end', () => clearTimeout(silence))
    .pipe(compact())
    .pipe(new spec());
  for await (const text of report) process.stdout.write(text);
  if (abort.signal.aborted) process.exit(1);
  return [...failed];
}

// Each file that runs the command makes sure of its bundle. This is so that they need not wait for each
// other.
try {
  prepareBundle();
} catch (error) {
  if (!(error instanceof Impossible)) throw error;
  console.error(error.message);
  process.exit(1);
}

// The reader of the output (such as head) may end early.
process.stdout.on('error', () => process.exit(1));

let failed = await runFiles(files, CONCURRENCY);
const mayTryAgain = failed.length <= MOST_SECOND_TRIES && failed.every((file) => withProcesses.test(file));
if (wanted.length === 0 && failed.length > 0 && mayTryAgain) {
  console.log(`\nOnce more, by themselves: ${failed.join(', ')}`);
  const before = failed;
  failed = await runFiles(before, 1);
  const passed = before.filter((file) => !failed.includes(file));
  if (passed.length > 0)
    console.log(`\nPassed only at the second try, and ought to be made steady: ${passed.join(', ')}`);
}
if (failed.length > 0) process.exitCode = 1;
