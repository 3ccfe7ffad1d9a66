// The sizes of files, folders and comments, where unit tests stand, and that one name means one thing. Each
// failure says what to do.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fileExists, filesIn, holds, rooms, type SourceFile, sourcesIn } from './support/sources.ts';

const mostFiles = 20;
const mostLines = 300;
const mostLinesOfEntry = 80;
const widestComment = 110;
/**
 * Each file is a promise to the user, and its name begins with its subject: the folder is a list to search
 * through.
 */
const longFolders = ['test/integration'];
/**
 * Tables of data, one entry after the other, and nothing else: two files would only make them harder to
 * search.
 */
const tables = ['src/config/table.ts', 'src/errors-table.ts', 'test/unit/robots/rules-cases.ts'];

/** The program of each subcommand exports one function, and cli/commands.ts calls it by this name. */
const sharedNames = ['run'];

const product = sourcesIn(['src', 'producers', 'consumers', 'cli'], 'ts');
const tests = sourcesIn(['test']);

const linesOf = ({ text }: SourceFile) => text.trimEnd().split('\n').length;

test(`no folder holds more than ${mostFiles} files`, () => {
  const byFolder = Map.groupBy(filesIn(rooms), (path) => path.slice(0, path.lastIndexOf('/')));
  assert.ok(byFolder.size > 50, 'filesIn of test/support/sources.ts finds too little');
  holds(
    [...byFolder]
      .filter(([folder, files]) => files.length > mostFiles && !longFolders.includes(folder))
      .map(([folder, files]) => `${folder}: ${files.length} files`),
    'It is asking to be two things: give each subject a folder of its own.',
  );
});

test(`no file of code, style or test is longer than ${mostLines} lines, tables of data aside`, () => {
  const files = sourcesIn(rooms, '{ts,mjs,js,css,lua}');
  assert.ok(files.length > product.length + tests.length, 'sourcesIn finds too little');
  holds(
    files
      .filter((file) => linesOf(file) > mostLines && !tables.includes(file.path))
      .map((file) => `${file.path}: ${linesOf(file)} lines`),
    'It is asking to be two things: find the seam, and name both. What is a table goes into a file that holds nothing else.',
  );
  holds(
    tables.filter((path) => !files.some((file) => file.path === path && linesOf(file) > mostLines)),
    'It is no exception any more: take it out of `tables` of this test.',
  );
});

/**
 * Programs, and the subcommands of drover: what the command line's own files load when they are asked for.
 */
function isEntry({ path, text }: SourceFile): boolean {
  const loaded = product.some((file) => file.path.startsWith('cli/') && loadedBy(file).includes(path));
  return (
    /^(cli\/drover|producers\/(enqueue|api)|consumers\/run)\.ts$/.test(path) ||
    text.includes('import.meta.main') ||
    loaded
  );
}

/** Only a subcommand is loaded with its words alone: `() => import('./status.ts')`. */
function loadedBy({ path, text }: SourceFile): string[] {
  const folder = path.slice(0, path.lastIndexOf('/'));
  return [...text.matchAll(/\(\) => import\('\.\/([^']+)'\)/g)].map((match) => `${folder}/${match[1]}`);
}

test(`no entry program is longer than ${mostLinesOfEntry} lines`, () => {
  const entries = product.filter(isEntry);
  assert.ok(entries.length > 5, 'isEntry of this test no longer finds the subcommands');
  holds(
    entries
      .filter((file) => linesOf(file) > mostLinesOfEntry)
      .map((file) => `${file.path}: ${linesOf(file)} lines`),
    'An entry program wires things together: move its logic into src/, or, if it is about the terminal, into a file beside it.',
  );
});

/**
 * The files and folders that a unit test may be about: test/unit/src-room/host-names.test.ts is about
 * host-names or about host.
 */
function subjectsOf(path: string): string[] {
  const [, place = '', name = ''] = /^test\/unit\/(.*\/|)([^/]+)\.test\.ts$/.exec(path) ?? [];
  const words = name.split('-');
  const stems = words.map((_, index) => `${place}${words.slice(0, words.length - index).join('-')}`);
  return stems.flatMap((stem) => [
    ...[`src/${stem}.ts`, `src/${stem}.js`, `src/${stem}`, `${stem}.ts`, `${stem}.mjs`, stem],
    ...(place === '' ? [`${stem.toUpperCase()}.md`] : []),
  ]);
}

test('a unit test stands where its source stands, under its name', () => {
  const unit = tests.filter(({ path }) => /^test\/unit\/.*\.test\.ts$/.test(path));
  assert.ok(unit.length > 30, 'sourcesIn finds too little');
  holds(
    unit.map(({ path }) => path).filter((path) => !subjectsOf(path).some((subject) => fileExists(subject))),
    'test/unit/ROOM/FILE.test.ts is about src/ROOM/FILE.ts, or about ROOM/FILE.ts outside of src; FILE-subject.test.ts is a part of it.',
  );
});

/** A line that is a comment and nothing else; in Lua, also each line of a `--[[ ]]` block. */
function commentLines({ path, text }: SourceFile): { number: number; line: string }[] {
  const begin = path.endsWith('.lua') ? /^\s*--/ : /^\s*(?:\/\/|\/\*|\*)/;
  let isInBlock = false;
  return text.split('\n').flatMap((line, index) => {
    const isComment = isInBlock || begin.test(line);
    if (path.endsWith('.lua')) {
      if (line.includes('--[[')) isInBlock = true;
      if (line.includes(']]')) isInBlock = false;
    }
    return isComment ? [{ number: index + 1, line }] : [];
  });
}

test(`no comment is wider than ${widestComment} columns`, () => {
  const found = sourcesIn(rooms, '{ts,mjs,js,css,lua}').flatMap((file) =>
    commentLines(file).map((comment) => ({ path: file.path, ...comment })),
  );
  assert.ok(found.length > 3000, `commentLines finds only ${found.length}`);
  holds(
    found
      .filter(({ line }) => [...line].length > widestComment)
      .map(({ path, number, line }) => `${path}:${number}: ${[...line].length} columns`),
    'Make it two lines, or better, a shorter sentence.',
  );
});

test('an exported name is exported by one file only', () => {
  const exported = product.flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:async )?(?:function\*?|const|let|class|interface|type) (\w+)/gm)].map(
      ([, name = '']) => ({ name, path }),
    ),
  );
  assert.ok(exported.length > 500, `only ${exported.length} exports are found`);
  const pathsOf = Map.groupBy(exported, ({ name }) => name);
  holds(
    [...pathsOf]
      .map(([name, each]) => ({ name, paths: [...new Set(each.map(({ path }) => path))] }))
      .filter(({ name, paths }) => paths.length > 1 && !sharedNames.includes(name))
      .map(({ name, paths }) => `${name}: ${paths.join(', ')}`),
    'Two things of one name are mixed up: give each the name of what it is.',
  );
});
