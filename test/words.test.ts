// Keeps the old words out: of code, comments, docs, names of files and the dashboard. CHANGELOG.md may tell
// of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type OldWord, oldWords } from './support/project/old-words.ts';
import { filesIn, holds, readSource, rooms } from './support/sources.ts';

/** The table itself, this test, and what is data of others. */
const notSearched =
  /^test\/(?:words\.test\.ts|support\/project\/old-words\.ts|support\/site\/certificates\/)|\.(?:png|svg)$/;
/** Beside the rooms, what else a reader may open. */
const others = ['README.md', 'CONTRIBUTING.md', 'Dockerfile', 'docker-compose.yml', '.ci/run'];

/** `lookOn`, `look-on` and `LOOK_ON` become "look on". */
function wordsApart(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase();
}

/** A line of a file, as it is and with its words apart. */
interface Line {
  path: string;
  number: number;
  line: string;
  apart: string;
}

const standsIn = ({ words, text }: OldWord, { line, apart }: Pick<Line, 'line' | 'apart'>) =>
  (words?.test(apart) || text?.test(line)) ?? false;

/** The line without what is allowed in that file. */
function withoutAllowed({ allowed = [] }: OldWord, line: string, path: string): string {
  return allowed
    .filter(({ within = '' }) => path.startsWith(within))
    .reduce((left, { text }) => left.replaceAll(new RegExp(text, 'g'), ' '), line);
}

const paths = [...filesIn(rooms), ...filesIn(others)].filter((path) => !notSearched.test(path));
/** The path itself is line 0. */
const lines: Line[] = paths.flatMap((path) =>
  [path, ...readSource(path).split('\n')].map((line, number) => ({
    path,
    number,
    line,
    apart: wordsApart(line),
  })),
);

test('the files are found', () => {
  assert.ok(paths.length > 400 && lines.length > 30_000, `${paths.length} files, ${lines.length} lines`);
});

for (const word of oldWords) {
  test(`"${word.old}" is now ${word.becomes}`, () => {
    const found = lines
      .filter((line) => standsIn(word, line))
      .filter(({ line, path }) => {
        const rest = withoutAllowed(word, line, path);
        return standsIn(word, { line: rest, apart: wordsApart(rest) });
      });
    holds(
      found.map(({ path, line, number }) => `${path}:${number}: ${line.trim().slice(0, 150)}`),
      `Write ${word.becomes}. What is another thing of that name goes into \`allowed\` of test/support/project/old-words.ts, with its reason.`,
    );
  });
}
