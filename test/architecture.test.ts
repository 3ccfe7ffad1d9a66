// The layout, held: floors, rooms, what is imported in one place only, sizes, names. Each failure says what
// to do.
import assert from 'node:assert/strict';
import test from 'node:test';
import { listsOfCodes, listsOfLayers, messagesTakenApart } from './support/error-codes.ts';
import { mayKnow, placeOf } from './support/floors.ts';
import {
  fileExists,
  findCycle,
  holds,
  importsOf,
  linesWith,
  sourcesIn,
  stemOf,
  withoutComments,
} from './support/sources.ts';

/** The one file that may import each of these. */
const gates: Record<string, string> = {
  got: 'src/fetch/connection/drive.ts',
  bullmq: 'src/queue/queue.ts',
  ioredis: 'src/redis.ts',
  pg: 'src/records/postgres/connect.ts',
  aws4fetch: 'src/records/s3/request.ts',
  pino: 'src/log.ts',
  'prom-client': 'src/fleet/prometheus.ts',
};

const product = sourcesIn(['src', 'producers', 'consumers', 'cli'], 'ts');
const tests = sourcesIn(['test']);
const everything = [...product, ...tests, ...sourcesIn(['bench', 'scripts', 'examples'])];
const imports = product.flatMap(importsOf);

test('the sources are found', () => {
  assert.ok(
    product.length > 30 && imports.length > 100,
    'the patterns of test/support/sources.ts find too little',
  );
});

test('every source file has its floor', () => {
  holds(
    product.filter(({ path }) => !placeOf(path)).map(({ path }) => path),
    'Put these into a room, or give them a floor: in test/support/floors.ts and in docs/ARCHITECTURE.md.',
  );
});

test('an import of a file of the project leads to a file, by its full name', () => {
  holds(
    imports
      .filter(
        ({ to }) =>
          to.includes('/') && /^(src|cli|producers|consumers|test|bench)\//.test(to) && !fileExists(to),
      )
      .map(arrow),
    'Write the path with its ending: ./host.ts.',
  );
});

const arrow = ({ from, to }: { from: string; to: string }) => `${from} → ${to}`;

test('imports point downward, and never sideways between rooms', () => {
  const defects = imports.filter(({ from, to }) => !mayKnow(from, to));
  holds(
    defects.map(arrow),
    'What a room needs from its neighbour or from above is handed to it as an argument, by a file of src/crawl or by an entry program; what both need moves to a floor below them.',
  );
});

test('nothing of the product imports tests or benchmarks', () => {
  holds(
    imports.filter(({ to }) => /^(test|bench|scripts)\//.test(to)).map(arrow),
    'Move what is needed into src/.',
  );
});

test('no file imports itself by way of others', () => {
  const cycle = findCycle(imports);
  holds(
    cycle ? [cycle.join(' → ')] : [],
    'Move what both ends of this ring need, often a type, into a file of its own.',
  );
});

for (const [name, gate] of Object.entries(gates)) {
  test(`${name} is imported in ${gate} and nowhere else`, () => {
    const importers = imports.filter(({ to }) => to === name).map(({ from }) => from);
    holds(
      importers.filter((importer) => importer !== gate),
      `Use what ${gate} exports, and add to it what is missing.`,
    );
    assert.deepEqual(importers, [gate], `${gate} was moved: correct \`gates\` of this test.`);
  });
}

test('the environment is read in src/config/read.ts alone', () => {
  const reads = /\bprocess\.env\b|\bprocess\[|import .*\benv\b.* from 'node:process'/;
  const readers = product.filter(({ text }) => reads.test(withoutComments(text))).map(({ path }) => path);
  holds(
    readers.filter((path) => path !== 'src/config/read.ts'),
    'Make it a setting in src/config/table.ts, and take its value as an argument.',
  );
  assert.deepEqual(readers, ['src/config/read.ts']);
});

test('what a code decides stands in its table, and nowhere else is there a list of codes', () => {
  const scripts = sourcesIn(['src', 'producers', 'consumers', 'cli'], '{js,mjs}');
  const others = [...product, ...scripts].filter(({ path }) => !/^src\/errors(-table)?\.ts$/.test(path));
  holds(
    others.flatMap(({ path, text }) => listsOfCodes(text).map((defect) => `${path}: ${defect}`)),
    'Ask for what the list decides: catalogue[code].retry and the like. What no entry says yet is a new decision, in src/errors-table.ts.',
  );
  holds(
    product.flatMap(({ path, text }) => listsOfLayers(text).map((defect) => `${path}: ${defect}`)),
    'Make it a decision of the table in src/errors-table.ts, which may be the same for all codes of a layer.',
  );
});

/**
 * Where a text is all that there is, by file; the first is the one place that reads what drover itself wrote
 * so.
 */
const textReaders: Record<string, string> = {
  'src/errors.ts': 'unpackFailure',
  'src/redis/failures.ts': 'Redis and ioredis say in words alone what is wrong',
  'src/politeness/key-events.ts': 'messages of publish and subscribe',
  'src/seeds/read.ts': 'the first line of what a getter of the program throws',
  'src/explain/words.ts': 'how the detail is put into a sentence',
};

test('no message is taken apart to find out what is in it', () => {
  const found = product.flatMap(({ path, text }) => messagesTakenApart(text).map((call) => ({ path, call })));
  holds(
    found.filter(({ path }) => !(path in textReaders)).map(({ path, call }) => `${path}: ${call}`),
    'Take code, detail and cause of the failure, or field of the error; what is missing there is to be given along where it is made.',
  );
  for (const path of Object.keys(textReaders))
    assert.ok(
      found.some((one) => one.path === path),
      `${path}: take it out of textReaders`,
    );
});

test('a file is named for what it is about', () => {
  const empty = /^(utils?|helpers?|common|misc|types?|shared|lib|tools?|stuff|constants|interfaces|index)$/;
  const named = everything.filter(({ path }) => {
    const folders = path.split('/').slice(0, -1);
    return path !== 'src/index.ts' && [stemOf(path), ...folders].some((name) => empty.test(name));
  });
  holds(
    named.map(({ path }) => path),
    'Name the idea that it holds, or move each part to what it belongs to.',
  );
  const kebab = everything.filter(({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stemOf(path)));
  holds(
    kebab.map(({ path }) => path),
    'File names are in kebab-case.',
  );
});

test('no file but src/index.ts only passes on what others export', () => {
  const passesOn = /^export\s[^'";]*\bfrom\s*'[^']+';?$/gm;
  const barrels = product.filter(({ text }) => withoutComments(text).replace(passesOn, '').trim() === '');
  holds(
    barrels.map(({ path }) => path).filter((path) => path !== 'src/index.ts'),
    'Remove it; import from where the thing is.',
  );
});

test('every source file begins by saying what it is for', () => {
  const silent = [...product, ...sourcesIn(['bench', 'scripts', 'examples'])].filter(
    ({ text }) => !/^(#!.*\n)?\/\/ \S/.test(text),
  );
  const lua = sourcesIn(['src'], 'lua').filter(({ text }) => !/^--+ ?\S/.test(text));
  holds(
    [...silent, ...lua].map(({ path }) => path),
    'Begin the file with one to three lines of comment.',
  );
});

test('nothing is left for later', () => {
  const later = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
  holds(
    everything.flatMap(({ path, text }) => linesWith(text, later).map((line) => `${path}:${line}`)),
    'Do it, or take it out and say in docs what is not done.',
  );
});

test('no test is left out, but where the machine lacks what it needs', () => {
  const leftOut =
    /\b(test|it|describe|suite)\.(only|skip|todo)\b|\bt\.todo\b|[{,]\s*(only|todo):|[{,]\s*skip:\s*(true|['"`])/;
  const skipped = /\bt\.skip\(/;
  const conditional = /\bif \(.*\bt\.skip\('|\bif \(.*\n\s*(return )?t\.skip\('/g;
  const defects = tests.flatMap(({ path, text }) => {
    const code = withoutComments(text);
    const unconditional = linesWith(
      code.replace(conditional, (found) => found.replace(/[^\n]/g, '')),
      skipped,
    );
    return [...linesWith(code, leftOut), ...unconditional].map((line) => `${path}:${line}`);
  });
  holds(
    defects,
    'Repair the test or remove it. A test may skip itself only where an if says so, and with a reason.',
  );
});
