// What drover help prints of commands and of commands of commands, and of what is none.
import assert from 'node:assert/strict';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';

test('help reaches every command, and shows defaults with their units', async () => {
  const runner = await openCommandRunner();
  const help = async (...names: string[]) => {
    const { code, stdout, stderr } = await runner.run(['help', ...names]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.match(await help(), /^Usage: drover \[options\] \[command\]\n/);
  assert.match(await help('dead'), /^Usage: drover dead \[options\] \[command\]\n/);
  assert.match(await help('dead', 'list'), /^Usage: drover dead list \[options\]/);
  assert.match((await help('bench')).replace(/\s+/g, ' '), /frontier, politeness or backoff/);
  const crawl = (await help('crawl')).replace(/\s+/g, ' ');
  assert.match(crawl, /--timeout-connect <ms> [^(]*\(default: 10s\)/);
  assert.match(crawl, /--backoff <\w+> [^(]*\(default: 1s\)/);
  assert.match(crawl, /--max-bytes <size> [^(]*\(default: 10MiB\)/);
  assert.match(crawl, /--attempts <n> [^(]*\(default: 4\)/);
  for (const none of [['nope'], ['dead', 'nope']]) {
    const { code, stderr } = await runner.run(['help', ...none]);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `error: unknown command '${none.join(' ')}'\n(npm run drover -- help lists the commands)\n`,
    );
  }
});

test('one bad line is one bad line', async () => {
  const runner = await openCommandRunner();
  const { code, stderr } = await runner.run(['enqueue', '-', '--crawl', 'c'], {
    input: 'http://a.test/\nnope\n',
  });
  assert.equal(code, 2);
  assert.match(stderr, /crawl c: 1 accepted, 0 known already, 1 bad line\n$/);
});
