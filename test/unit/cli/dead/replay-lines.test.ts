// A run of a replay in one line.
import assert from 'node:assert/strict';
import test from 'node:test';
import { runLine } from '../../../../cli/dead/replay-lines.ts';
import { ALL_DEAD } from '../../../../src/dead/filter.ts';
import type { ReplayRun } from '../../../../src/dead/replay-runs.ts';

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
