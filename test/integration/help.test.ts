// What drover help prints of commands and of commands of commands, and of what is none.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { crawlCommand } from '../../cli/commands.ts';
import { optionGroups } from '../../src/config/table.ts';
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
  assert.match(await help('dead', 'replay'), /^Usage: drover dead replay \[options\]/);
  assert.match(await help('dead', 'list'), /^Usage: drover dead list \[options\]/);
  const bench = (await help('bench')).replace(/\s+/g, ' ');
  assert.match(bench, /speed \(the default\), frontier, .* or render, and its options/);
  const programs = await readdir(new URL('../../bench', import.meta.url));
  for (const program of programs.filter((name) => name.endsWith('.ts')))
    assert.ok(bench.includes(program.slice(0, -3)), `${program} in: ${bench}`);
  const crawl = (await help('crawl')).replace(/\s+/g, ' ');
  assert.match(crawl, /--timeout-connect <ms> [^(]*\(default: 10s\)/);
  assert.match(crawl, /--backoff <\w+> [^(]*\(default: 1s\)/);
  assert.match(crawl, /--max-bytes <size> [^(]*\(default: 10MiB\)/);
  assert.match(crawl, /--attempts <n> [^(]*\(default: 4\)/);
  const drain = (await help('drain')).replace(/\s+/g, ' ');
  assert.match(drain, /goes on with npm run drover -- resume/, 'commands as they are typed here');
});

test('a usage error names the help of the very command', async () => {
  const runner = await openCommandRunner();
  const rows = [
    [['nope'], "unknown command 'nope'", 'help lists the commands'],
    [['help', 'nope'], "unknown command 'nope'", 'help lists the commands'],
    [['help', 'dead', 'nope'], "unknown command 'dead nope'", 'help dead lists the commands'],
    [['dead', 'nope'], "unknown command 'nope'", 'help dead lists the commands'],
    [['crawl', '--zzzzzzzz'], "unknown option '--zzzzzzzz'", 'help crawl shows its options'],
    [['dead', 'replay', '--zzzzzzzz'], "unknown option '--zzzzzzzz'", 'help dead replay shows its options'],
    [['hosts', 'set'], "missing required argument 'host'", 'help hosts set shows its options'],
  ] as const;
  for (const [args, error, hint] of rows) {
    const { code, stderr } = await runner.run(args);
    assert.deepEqual([code, stderr], [2, `error: ${error}\n(npm run drover -- ${hint})\n`]);
  }
});

test('many options stand in groups, the most used first, and few in one', () => {
  const headings = (...names: string[]) => {
    let command = crawlCommand();
    for (const name of names) command = command.commands.find((one) => one.name() === name) ?? command;
    return command.helpInformation().match(/^[A-Z].*:$/gm);
  };
  const all = Object.values(optionGroups);
  assert.deepEqual(headings('crawl'), ['Arguments:', ...all.filter((one) => !/API|More/.test(one))]);
  assert.deepEqual(
    headings('serve'),
    all.filter((one) => one !== 'More:'),
  );
  assert.deepEqual(headings('dead', 'replay')?.slice(0, 2), ['Arguments:', 'Most used:']);
  assert.deepEqual(headings('dead', 'list'), ['Arguments:', 'Options:']);
});

test('one bad line is one bad line', async () => {
  const runner = await openCommandRunner();
  const { code, stderr } = await runner.run(['enqueue', '-', '--crawl', 'c'], {
    input: 'http://a.test/\nnope\n',
  });
  assert.equal(code, 2);
  assert.match(stderr, /crawl c: 1 accepted, 0 known already, 1 bad line, kept in \S+rejected\.ndjson\n$/);
});
