// Commands within sentences, as the user types them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { crawlCommand } from '../../../../cli/commands.ts';
import { inOwnWords } from '../../../../cli/terminal/own-hints.ts';

const own = 'npm run drover --';

test('a command within a sentence gets the words by which this user runs drover', () => {
  assert.equal(
    inOwnWords('wait, or drover hosts resume a.test', own),
    'wait, or npm run drover -- hosts resume a.test',
  );
  assert.equal(inOwnWords('none is running (drover consume)', own), `none is running (${own} consume)`);
  assert.equal(
    inOwnWords('wait, or drover hosts resume a.test', 'drover'),
    'wait, or drover hosts resume a.test',
  );
});

test('what is no command stays: the name of the program, a path, words that were replaced already', () => {
  for (const text of [
    'drover says no',
    'a defect of drover; report it',
    'Disallow: /drover hosts',
    `${own} hosts`,
    'drover deadly',
  ])
    assert.equal(inOwnWords(text, own), text);
});

test('every command has its words replaced', () => {
  for (const name of [...crawlCommand().commands.map((command) => command.name()), 'help'])
    assert.equal(inOwnWords(`drover ${name}`, own), `${own} ${name}`);
});
