// What a robots.txt says about the use of a page: which lines count for a path, in which group, and what they
// say. One row is one file.
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseRobots } from '../../../src/robots/rules.ts';
import { combined, purposes } from '../../../src/usage/statement.ts';

/** The lines of the file; the path asked for; the numbers of the lines that count; what they say. */
type Row = [what: string, lines: string[], path: string, counts: number[], says: string];

const all = 'User-agent: *';
const us = 'User-agent: drover';
const policy = 'User-agent: __usage_ai-training';

// biome-ignore format: one line a row
const rows: Row[] = [
  ['no line', [all, 'Allow: /'], '/', [], ''],
  ['a line without a path is meant for all', [all, 'Content-Usage: train-ai=n'], '/a?b', [2], 'train-ai=n'],
  ['names in any case, with blanks and a comment', [all, ' CONTENT-USAGE\t:\ttrain-ai=n # x'], '/', [2], 'train-ai=n'],
  ['the longest path counts', [all, 'Content-Usage: train-ai=n', 'Content-Usage: /ai-ok/ train-ai=y'], '/ai-ok/x', [3], 'train-ai=y'],
  ['a longer path that does not match', [all, 'Content-Usage: train-ai=n', 'Content-Usage: /ai-ok/ train-ai=y'], '/test', [2], 'train-ai=n'],
  ['the order of lines means nothing', [all, 'Content-Usage: /a/b train-ai=y', 'Content-Usage: /a train-ai=n'], '/a/b', [2], 'train-ai=y'],
  ['several of one path are combined', [all, 'Content-Usage: /a train-ai=y, search=y', 'Content-Usage: /a train-ai=n'], '/a', [2, 3], 'train-ai=n search=y'],
  ['several without a path are combined', [all, 'Content-Usage: search=y', 'Content-Usage: train-ai=n'], '/', [2, 3], 'train-ai=n search=y'],
  ['/ is longer than no path', [all, 'Content-Usage: train-ai=n', 'Content-Usage: / train-ai=y'], '/', [3], 'train-ai=y'],
  ['a tab ends the path', [all, 'Content-Usage: /a\ttrain-ai=n'], '/a', [2], 'train-ai=n'],
  ['octets are counted, not characters', [all, 'Content-Usage: /ä* train-ai=n', 'Content-Usage: /%C3%A4/b train-ai=y'], '/%C3%A4/bc', [3], 'train-ai=y'],
  ['wildcards and ends as in rules', [all, 'Content-Usage: /*.pdf$ train-ai=n', 'Content-Usage: /a train-ai=y'], '/a.pdf', [2], 'train-ai=n'],
  ['an end that is not there', [all, 'Content-Usage: /*.pdf$ train-ai=n', 'Content-Usage: /a train-ai=y'], '/a.pdf?x', [3], 'train-ai=y'],
  ['a path alone says nothing, and hides a shorter one', [all, 'Content-Usage: train-ai=n', 'Content-Usage: /free'], '/free', [3], ''],
  ['a text that cannot be parsed', [all, 'Content-Usage: Train-AI=n'], '/', [2], ''],
  ['a value that begins with no slash is no path', [all, 'Content-Usage: *.pdf train-ai=n'], '/a.pdf', [2], ''],
  ['our group replaces the group of all', [all, 'Content-Usage: train-ai=n', us, 'Allow: /'], '/', [], ''],
  ['our group has its own', [all, 'Content-Usage: train-ai=n', us, 'Content-Usage: train-ai=y'], '/', [4], 'train-ai=y'],
  ['groups of ours are one', [us, 'Content-Usage: train-ai=n', all, 'Allow: /', us, 'Content-Usage: search=n'], '/', [2, 6], 'train-ai=n search=n'],
  ['the group of another', ['User-agent: other', 'Content-Usage: train-ai=n', all, 'Allow: /'], '/', [], ''],
  ['a line is of the user agents directly above', ['User-agent: other', 'Content-Usage: train-ai=n', all, 'Content-Usage: search=n'], '/', [4], 'search=n'],
  ['two user agents share a line', [all, 'User-agent: other', 'Content-Usage: train-ai=n'], '/', [3], 'train-ai=n'],
  ['a line before any group is of nobody', ['Content-Usage: train-ai=n', all, 'Allow: /'], '/', [], ''],
  ['Content-Signal', [all, 'Content-Signal: search=yes,ai-train=no,use=reference', 'Allow: /'], '/', [2], 'train-ai=n ai-use=n search=y'],
  ['Content-Signal with a path', [all, 'Content-Signal: ai-train=no', 'Content-Signal: /a ai-train=yes'], '/a', [3], 'train-ai=y'],
  ['Content-Usage and Content-Signal are of equal rank', [all, 'Content-Usage: /a train-ai=y', 'Content-Signal: ai-train=no'], '/a', [2, 3], 'train-ai=n'],
  ['License before the first group is for all', ['License: https://h/l.xml', all, 'Allow: /'], '/', [1], ''],
  ['License of a group replaces that', ['License: https://h/l.xml', all, 'License: https://h/m.xml', 'License: https://h/n.xml'], '/', [3, 4], ''],
  ['License of another group does not', ['License: https://h/l.xml', 'User-agent: other', 'License: https://h/m.xml', all, 'Allow: /'], '/', [1], ''],
  ['License is for all paths', [all, 'License: /l.xml'], '/z', [2], ''],
  ['License where there is no group for us', ['License: https://h/l.xml', 'User-agent: other', 'Disallow: /'], '/', [1], ''],
  ['a group for training disallows', [policy, 'Disallow: /art'], '/art/1', [2], 'train-ai=n'],
  ['it says nothing of other paths', [policy, 'Disallow: /art'], '/text', [], ''],
  ['it allows the longer path', [policy, 'Disallow: /', 'Allow: /free'], '/free', [3], 'train-ai=y'],
  ['its name in any case', ['User-agent: __USAGE_AI-Training', 'Disallow: /'], '/', [2], 'train-ai=n'],
  ['the group of all does not speak for training', [all, 'Allow: /', policy, 'Disallow: /x'], '/', [], ''],
  ['our group stays beside it', [policy, 'Disallow: /', us, 'Content-Usage: search=y'], '/', [4, 2], 'train-ai=n search=y'],
  ['a group for another purpose', ['User-agent: __usage_other', 'Disallow: /'], '/', [], ''],
  ['all kinds at once', ['License: l', all, 'Content-Signal: search=yes', 'Content-Usage: ai-use=n', policy, 'Disallow: /'], '/', [4, 3, 1, 6], 'train-ai=n ai-use=n search=y'],
];

for (const [what, lines, path, counts, says] of rows)
  test(`${what}: ${lines.join(' | ')} for ${path}`, () => {
    const rules = parseRobots(lines.join('\n'), 'drover');
    const found = rules.usage(`http://h.example${path}`);
    assert.deepEqual(
      found.map(({ line }) => line),
      counts,
    );
    const together = combined(found);
    assert.equal(purposes.flatMap((one) => (together[one] ? `${one}=${together[one]}` : [])).join(' '), says);
    for (const { source, line, name, value } of found) {
      assert.equal(source, 'robots.txt');
      const own = lines[(line ?? 0) - 1] ?? '';
      assert.ok(
        own.includes(value) &&
          (own.startsWith(name) || new RegExp(`^\\s*${name}`, 'i').test(own) || value === own),
        own,
      );
    }
  });

test('what is disallowed for training may be fetched', () => {
  const rules = parseRobots([policy, 'Disallow: /', all, 'Disallow: /never'].join('\n'), 'drover');
  assert.deepEqual(
    [rules.allows('http://h/a').allowed, rules.allows('http://h/never').allowed],
    [true, false],
  );
  assert.equal(rules.group, '*');
});

test('lines of usage end no group: the rules after them are of all its user agents', () => {
  const rules = parseRobots(
    [us, 'Content-Usage: train-ai=n', 'User-agent: other', 'Content-Signal: search=no', 'Disallow: /x'].join(
      '\n',
    ),
    'drover',
  );
  assert.equal(rules.allows('http://h/x').allowed, false);
  assert.deepEqual(
    rules.usage('http://h/').map(({ line }) => line),
    [2],
  );
});

test('thousands of lines with wildcards take a bounded time, and reserve rather too much', () => {
  const lines = Array.from(
    { length: 9000 },
    (_, at) => `Content-Usage: /a${'*b'.repeat(20)}${at} train-ai=n`,
  );
  const rules = parseRobots([all, ...lines].join('\n'), 'drover');
  const began = performance.now();
  assert.equal(combined(rules.usage(`http://h/a${'b'.repeat(8000)}`))['train-ai'], 'n');
  assert.ok(performance.now() - began < 1000);
  assert.deepEqual(rules.usage('http://h/b'), []);
});
