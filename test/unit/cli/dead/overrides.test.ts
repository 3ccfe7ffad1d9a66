// What the options of drover dead replay change in the requests.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Command } from 'commander';
import { EVERY_COMMAND } from '../../../../cli/command/setting-flags.ts';
import { addProgram } from '../../../../cli/command/typed-options.ts';
import { type ReplayOptions, replayOptions } from '../../../../cli/dead/options.ts';
import { replayHow } from '../../../../cli/dead/overrides.ts';
import { DEFAULT_RATE, type ReplayHow } from '../../../../src/dead/replay.ts';

/** What drover dead replay does with these words. */
async function howOf(...words: string[]): Promise<ReplayHow> {
  let how: ReplayHow | null = null;
  const command = new Command().argument('[crawl]').exitOverride();
  const run = async (_args: string[], options: ReplayOptions) => {
    how = replayHow(options);
    return 0;
  };
  addProgram(command, { own: replayOptions, settings: EVERY_COMMAND }, async () => ({ run }));
  await command.parseAsync(words, { from: 'user' });
  assert.ok(how);
  return how;
}

test('without options a large group has a canary, and nothing is overridden', async () => {
  assert.deepEqual(await howOf(), { canary: null, rate: DEFAULT_RATE, overrides: {} });
  assert.equal(DEFAULT_RATE, 0.8);
});

test('options of a replay become overrides, under the names of a request', async () => {
  const words = ['--canary', '3', '--rate', '.5', '--attempts', '2', '--delay', '2s'];
  const headers = ['--header', 'X-A: 1', '--header', 'x-b:2'];
  assert.deepEqual(await howOf(...words, ...headers, '--timeout-dns', '100', '--timeout-read=5s'), {
    canary: 3,
    rate: 0.5,
    overrides: {
      timeouts: { dns: 100, read: 5000 },
      attempts: 2,
      headers: { 'x-a': '1', 'x-b': '2' },
      delayMs: 2000,
    },
  });
});

test('a limit of each layer becomes an override of that layer', async () => {
  const layers = ['dns', 'connect', 'tls', 'send', 'response', 'read', 'request'];
  const { overrides } = await howOf(...layers.map((layer, index) => `--timeout-${layer}=${index + 1}s`));
  const timeouts = Object.fromEntries(layers.map((layer, index) => [layer, (index + 1) * 1000]));
  assert.deepEqual(overrides, { timeouts });
});

test('a wrong option names itself', async () => {
  const wrong: [string, RegExp][] = [
    ['--canary=-1', /--canary: expected a whole number/],
    ['--canary=1.5', /--canary/],
    ['--rate=80', /--rate: expected a share/],
    ['--rate=x', /--rate/],
    ['--attempts=0', /--attempts/],
    ['--timeout-read=soon', /--timeout-read: expected a duration/],
    ['--header=nocolon', /--header: expected "name: value"/],
    ['--delay=0', /--delay: expected at least 1ms/],
  ];
  for (const [word, said] of wrong) await assert.rejects(howOf(word), said);
});
