import assert from 'node:assert/strict';
import test from 'node:test';
import { Command } from 'commander';
import { EVERY_COMMAND } from '../../../../cli/command/setting-flags.ts';
import { addProgram } from '../../../../cli/command/typed-options.ts';
import { timeOf } from '../../../../cli/dead/filter.ts';
import { type ReplayOptions, replayOptions } from '../../../../cli/dead/options.ts';
import { replayHow } from '../../../../cli/dead/overrides.ts';
import { runLine } from '../../../../cli/dead/replay-lines.ts';
import { ALL_DEAD } from '../../../../src/dead/filter.ts';
import { DEFAULT_RATE, type ReplayHow } from '../../../../src/dead/replay.ts';
import type { ReplayRun } from '../../../../src/dead/replay-runs.ts';

const now = Date.parse('2026-05-01T00:00:00Z');

test('--since takes a duration or a time', () => {
  assert.equal(timeOf('2h', now), now - 7_200_000);
  assert.equal(timeOf('40d', now), now - 40 * 86_400_000);
  assert.equal(timeOf('2026-04-30', now), now - 86_400_000);
  assert.equal(timeOf('2026-04-30T23:00:00+01:00', now), now - 7_200_000);
});

test('--since says what it does not take', () => {
  for (const text of ['yesterday', '', '7', '2026-02-31', '2026-13-01', '2026-04-30T99:00'])
    assert.throws(
      () => timeOf(text, now),
      { code: 'E_USAGE', message: /expected a duration such as 2h or 7d/ },
      text,
    );
  assert.throws(() => timeOf('2026-05-02', now), /is in the future/);
});

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

test('a run is told in one line, and nothing in it can be obeyed by a terminal', () => {
  const run: ReplayRun = {
    ...{ id: '1a2b', code: 'E_RESET', host: 'a\u001b[2J', filter: ALL_DEAD, overrides: {} },
    ...{ canary: 2, rate: 1, phase: 'stopped', total: 10, opened: 2, recorded: 1, refused: 0, dead: 1 },
    ...{ startedAt: '', endedAt: '' },
  };
  assert.equal(
    runLine(run),
    '1a2b  E_RESET at a\\x1b[2J: 1 of 2 recorded, 1 failed again, 8 stay dead; stopped, because too few were recorded',
  );
});
