// Runs the tests: all of them, or those given as arguments (npm test -- test/unit
// test/integration/x.test.ts). Prints one line for each file that passes, all details of failures, and the
// runner's own summary at the end. Where all tests run, files that failed may run once more, by themselves.
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob, normalize, relative } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { prepareBundle } from './setup/bundle.mjs';
import { Impossible } from './setup/run.mjs';
import { oneByOne, schedule } from './test/schedule.mjs';

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

/**
 * Runs these files, each when `starts` says so. Resolves to those that failed. A file that does not end ends
 * the program.
 */
async function runFiles(some, starts) {
  const running = new Set();
  const failed = new Set();
  const totals = { success: true, counts: {}, began: performance.now() };
  const events = new PassThrough({ objectMode: true });
  const abort = new AbortController();
  const silence = setTimeout(() => {
    for (const file of running)
      console.error(`✖ ${file} does not end: it leaves a timer, a socket or a process open.`);
    process.exitCode = 1;
    abort.abort();
  }, SILENCE_MS);
  const runOne = async (file) => {
    if (abort.signal.aborted) return;
    running.add(file);
    const one = run({ files: [file], concurrency: 1, timeout: TEST_TIMEOUT_MS, signal: abort.signal });
    for await (const event of one) {
      silence.refresh();
      if (event.type === 'test:fail') failed.add(file);
      if (!isOfRun(event)) events.write(event);
      else if (event.type === 'test:summary') addTo(totals, event.data);
    }
    running.delete(file);
  };
  const all = starts(some, runOne).then(() => {
    clearTimeout(silence);
    for (const event of summaryOf(totals)) events.write(event);
    events.end();
  });
  for await (const text of events.pipe(compact()).pipe(new spec())) process.stdout.write(text);
  await all;
  if (abort.signal.aborted) process.exit(1);
  return [...failed];
}

/** Whether an event is of the whole run, which is one for each file, and not of a file. */
function isOfRun({ type, data }) {
  return data.file === undefined && ['test:summary', 'test:diagnostic'].includes(type);
}

function addTo(totals, { success, counts }) {
  totals.success &&= success;
  for (const [name, count] of Object.entries(counts))
    totals.counts[name] = (totals.counts[name] ?? 0) + count;
}

/** The events at the end of a run of all files, as the runner itself would send them. */
function summaryOf({ success, counts, began }) {
  const duration_ms = performance.now() - began;
  const lines = [
    ...['tests', 'suites'].map((name) => `${name} ${counts[name]}`),
    ...[`pass ${counts.passed}`, `fail ${counts.failed}`],
    ...['cancelled', 'skipped', 'todo'].map((name) => `${name} ${counts[name]}`),
    `duration_ms ${duration_ms.toFixed(0)}`,
  ];
  return [
    ...lines.map((message) => ({ type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } })),
    { type: 'test:summary', data: { success, counts, duration_ms } },
  ];
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

let failed = await runFiles(files, schedule);
const mayTryAgain = failed.length <= MOST_SECOND_TRIES && failed.every((file) => withProcesses.test(file));
if (wanted.length === 0 && failed.length > 0 && mayTryAgain) {
  console.log(`\nOnce more, by themselves: ${failed.join(', ')}`);
  const before = failed;
  failed = await runFiles(before, oneByOne);
  const passed = before.filter((file) => !failed.includes(file));
  if (passed.length > 0)
    console.log(`\nPassed only at the second try, and ought to be made steady: ${passed.join(', ')}`);
}
if (failed.length > 0) process.exitCode = 1;
