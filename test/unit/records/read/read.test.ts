import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { DroverError } from '../../../../src/errors.ts';
import { asLines } from '../../../../src/records/export/json.ts';
import { type WriteOptions, writeLines } from '../../../../src/records/export/output.ts';
import { readRecords } from '../../../../src/records/read/read.ts';

/** A directory with the crawl "c" and its segments. */
function segments(context: TestContext, texts: Record<string, string | Buffer>): string {
  const dir = mkdtempSync(join(tmpdir(), 'drover-read-'));
  context.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'c'));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, 'c', name), text);
  return dir;
}

async function linesOf(dir: string, crawl = 'c'): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readRecords(dir, crawl)) lines.push(line);
  return lines;
}

test('a crawl without a directory has no records', async (context) => {
  assert.deepEqual(await linesOf(segments(context, {}), 'other'), []);
});

test('the line of the highest claim wins, the first of several, over all segments in the order of their names', async (context) => {
  const dir = segments(context, {
    'b.jsonl': 'aaaaaaaaaaaaaaaa 0 {"n":4}\nbbbbbbbbbbbbbbbb 2 {"n":5}\ntoken 0 {"n":6}\n',
    'a.jsonl': 'aaaaaaaaaaaaaaaa 1 {"n":1}\naaaaaaaaaaaaaaaa 1 {"n":2}\nbbbbbbbbbbbbbbbb 0 {"n":3}\n',
    'c.jsonl': 'AAAAAAAAAAAAAAAA 0 {"n":7}\ntoken 10 {"n":8}\ntoken 9 {"n":9}\n',
    'd.tmp': 'cccccccccccccccc 0 {"n":10}\n',
  });
  assert.deepEqual(await linesOf(dir), ['{"n":1}', '{"n":5}', '{"n":7}', '{"n":8}']);
});

test('a last line torn at any byte is no record', async (context) => {
  const whole = 'aaaaaaaaaaaaaaaa 0 {"n":1}\n';
  const last = 'bbbbbbbbbbbbbbbb 0 {"n":{"m":2}}\n';
  for (let length = 0; length < last.length; length++) {
    const dir = segments(context, {
      'a.jsonl': whole + last.slice(0, length),
      'b.jsonl': 'cccccccccccccccc 0 {}\n',
    });
    assert.deepEqual(await linesOf(dir), ['{"n":1}', '{}'], `torn at ${length}`);
  }
});

test('lines that are no records are passed over: zeros, halves, other text', async (context) => {
  const dir = segments(context, {
    'a.jsonl': Buffer.concat([
      Buffer.alloc(5000),
      Buffer.from('\naaaaaaaaaaaaaaaa 0 {"n":1}\n\n \n0 \naaaaaaaaaaaaaaaa\naaaaaaaaaaaaaaaa 5 {"n":\n'),
      Buffer.from(
        'aaaaaaaaaaaaaaaa -1 {}\naaaaaaaaaaaaaaaa 1e1 {}\naaaaaaaaaaaaaaaa 99999999999 {}\naaaaaaaaaaaaaaaa  {}\n',
      ),
      Buffer.alloc(3),
    ]),
  });
  assert.deepEqual(await linesOf(dir), ['{"n":1}']);
});

test('lines longer than the read buffer are read whole, wherever they begin', async (context) => {
  const long = (size: number) => JSON.stringify({ n: 'é'.repeat(size) });
  const sizes = [1, 600_000, 3, 2_500_000, 524_288, 7];
  const lines = sizes.map((size, index) => `${index} 0 ${long(size)}\n`);
  const dir = segments(context, { 'a.jsonl': lines.join(''), 'b.jsonl': '9 0 {}\n' });
  assert.deepEqual(await linesOf(dir), [...sizes.map(long), '{}']);
});

test('what is appended while reading is left out, in a segment already begun and in a new one', async (context) => {
  const dir = segments(context, {
    'a.jsonl': 'aaaaaaaaaaaaaaaa 0 {"n":1}\n',
    'b.jsonl': 'bbbbbbbbbbbbbbbb 0 {"n":2}\n',
  });
  const records = readRecords(dir, 'c');
  const first = await records.next();
  appendFileSync(join(dir, 'c', 'a.jsonl'), 'bbbbbbbbbbbbbbbb 0 {"n":3}\ncccccccccccccccc 0 {"n":4}\n');
  writeFileSync(join(dir, 'c', 'b2.jsonl'), 'bbbbbbbbbbbbbbbb 1 {"n":5}\n');
  const rest: string[] = [];
  for await (const line of records) rest.push(line);
  assert.deepEqual([first.value, ...rest], ['{"n":1}', '{"n":2}']);
  assert.deepEqual(await linesOf(dir), ['{"n":1}', '{"n":4}', '{"n":5}']);
});

/** As `drover results` does it. */
const writeResults = (records: AsyncIterable<string>, file: string | null, options?: WriteOptions) =>
  writeLines(file, asLines(records), options);

const twoLines = { 'a.jsonl': 'a 0 {"n":1}\nb 0 {"n":2}\na 1 {"n":3}\n' };

test('results replace the file as a whole, and leave nothing else beside it', async (context) => {
  const dir = segments(context, twoLines);
  const file = join(dir, 'out.ndjson');
  writeFileSync(file, 'old');
  const isKept = (error: DroverError) => error.code === 'E_FILE_EXISTS';
  await assert.rejects(writeResults(readRecords(dir, 'c'), file), isKept);
  assert.equal(readFileSync(file, 'utf8'), 'old');
  // A file that somebody else makes while the records are read is not replaced either.
  const late = join(dir, 'late');
  const onFound = () => writeFileSync(late, 'theirs');
  await assert.rejects(writeResults(readRecords(dir, 'c', { onFound }), late), isKept);
  assert.equal(readFileSync(late, 'utf8'), 'theirs');
  rmSync(late);
  assert.deepEqual(await writeResults(readRecords(dir, 'c'), file, { overwrite: true }), 2);
  assert.equal(readFileSync(file, 'utf8'), '{"n":2}\n{"n":3}\n');
  assert.deepEqual(readdirSync(dir), ['c', 'out.ndjson']);
});

test('a crawl without records gives an empty file', async (context) => {
  const dir = segments(context, twoLines);
  assert.deepEqual(await writeResults(readRecords(dir, 'none'), join(dir, 'out')), 0);
  assert.equal(readFileSync(join(dir, 'out'), 'utf8'), '');
});

test('results go to the target of a symbolic link, and straight into what is no regular file', async (context) => {
  const dir = segments(context, twoLines);
  writeFileSync(join(dir, 'target'), '');
  symlinkSync('target', join(dir, 'link'));
  await writeResults(readRecords(dir, 'c'), join(dir, 'link'));
  assert.equal(readFileSync(join(dir, 'target'), 'utf8'), '{"n":2}\n{"n":3}\n');
  assert.deepEqual(await writeResults(readRecords(dir, 'c'), '/dev/null'), 2);
});

test('when reading fails, the old file stays and the error names the place', async (context) => {
  const dir = segments(context, twoLines);
  mkdirSync(join(dir, 'c', 'b.jsonl'));
  writeFileSync(join(dir, 'out'), 'old');
  await assert.rejects(
    writeResults(readRecords(dir, 'c'), join(dir, 'out'), { overwrite: true }),
    (error: DroverError) => {
      assert.ok(error instanceof DroverError);
      assert.equal(error.code, 'E_FILE');
      assert.match(error.message, /EISDIR/);
      return true;
    },
  );
  assert.equal(readFileSync(join(dir, 'out'), 'utf8'), 'old');
  assert.deepEqual(readdirSync(dir), ['c', 'out']);
  await assert.rejects(writeResults(readRecords(dir, 'c'), join(dir, 'no', 'out')), DroverError);
});

const program = `
  const [read, json, output] = await Promise.all(process.argv.slice(1, 4).map((module) => import(module)));
  const lines = await output.writeLines(null, json.asLines(read.readRecords(process.argv[4], 'c')));
  console.error(lines);
`;
const modules = ['read/read', 'export/json', 'export/output'].map(
  (name) => new URL(`../../../../src/records/${name}.ts`, import.meta.url).href,
);

async function runProgram(dir: string, shell: string): Promise<{ stdout: string; stderr: string }> {
  const node = [process.execPath, '--input-type=module', '-e', program, ...modules, dir];
  return promisify(execFile)('sh', ['-c', shell, ...node], { maxBuffer: 1e8 });
}

test('results go to standard output', async (context) => {
  const dir = segments(context, twoLines);
  const { stdout, stderr } = await runProgram(dir, '"$0" "$@"');
  assert.equal(stdout, '{"n":2}\n{"n":3}\n');
  assert.equal(stderr, '2\n');
});

test('a reader of standard output that goes away ends it quietly; a slow one loses nothing', async (context) => {
  const line = (index: number) => `${index} 0 {"n":${index},"text":"${'x'.repeat(1000)}"}\n`;
  const dir = segments(context, {
    'a.jsonl': Array.from({ length: 5000 }, (_, index) => line(index)).join(''),
  });
  const gone = await runProgram(dir, '"$0" "$@" | head -n 1');
  assert.match(gone.stdout, /^\{"n":0,/);
  assert.match(gone.stderr, /^\d+\n$/);
  // Not line by line in the shell, which would ask the system for each byte.
  const slowly = 'for _ in 1 2 3 4 5 6 7 8 9 10; do dd bs=4096 count=128 2>/dev/null; sleep 0.05; done; cat';
  const slow = await runProgram(dir, `"$0" "$@" | { ${slowly}; }`);
  assert.equal(slow.stdout.split('\n').length, 5001);
  assert.equal(slow.stderr, '5000\n');
});
