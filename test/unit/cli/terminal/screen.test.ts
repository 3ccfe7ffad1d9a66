// What a crawl shows while it runs: on a terminal, elsewhere, quiet and as JSON.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { createScreen } from '../../../../cli/terminal/screen.ts';
import type { Summary } from '../../../../cli/terminal/summary.ts';
import { isDumbTerminal } from '../../../../src/config/read.ts';
import type { CrawlCounts, ProgressSample } from '../../../../src/crawl/progress.ts';
import type { Hold } from '../../../../src/politeness/held-back.ts';
import { counts, type StreamOptions, Terminal } from '../../../support/terminal.ts';

// Whatever terminal the tests run in.
process.env.TERM = 'xterm-256color';

function screenOn(options: StreamOptions & { quiet?: boolean; json?: boolean }) {
  const terminal = new Terminal(options);
  const stream = terminal as unknown as NodeJS.WriteStream;
  const screen = createScreen(stream, { quiet: options.quiet ?? false, json: options.json });
  return { terminal, screen };
}

/** A list of 300 pages, ten of them recorded each second. */
function listAt(atMs: number, part: Partial<CrawlCounts> = {}): ProgressSample {
  const recorded = Math.floor(atMs / 100);
  return {
    atMs,
    inFlight: 8,
    counts: counts({ accepted: 300, recorded, waiting: 300 - recorded, bytes: recorded * 10_000, ...part }),
  };
}

const summary: Summary = {
  counts: counts({ state: 'finished', accepted: 1, recorded: 1 }),
  elapsedMs: 1000,
  slowestHosts: [],
  output: null,
  interrupted: false,
  command: 'drover',
  badLines: 0,
};

test('on a terminal, progress is redrawn in place, with what is done, how fast, how long it takes, and what went wrong', () => {
  const { terminal, screen } = screenOn({ isTTY: true, columns: 100 });
  for (let at = 0; at <= 5000; at += 500) screen.update(listAt(at));
  screen.update(listAt(5500, { dead: 1, retries: 4, refused: 2, errors: { E_HTTP_5XX: 3 } }));
  const lines = terminal.seen();
  assert.match(lines[0] ?? '', /^museum {2}━+─+ {2}58 of 300 · 19 % · \d+ s left$/);
  assert.equal(lines[1], '  10 pages/s · 8 in flight · 245 waiting · 550 kB');
  assert.equal(lines[2], '  1 dead · 3 errors (E_HTTP_5XX 3) · 4 retries · 2 refused');
  assert.deepEqual(lines.slice(3), ['']);
});

test('while the frontier grows there is no bar and no time left, since nobody knows the total', () => {
  const { terminal, screen } = screenOn({ isTTY: true });
  for (let at = 0; at <= 5000; at += 500)
    screen.update(listAt(at, { accepted: 300 + at, waiting: 300 + at - at / 100 }));
  assert.equal(terminal.seen()[0], 'museum · 50 done');
});

test('at most five redraws a second', () => {
  const { terminal, screen } = screenOn({ isTTY: true });
  for (let at = 0; at < 10_000; at += 10) screen.update(listAt(at));
  assert.ok(terminal.writes.length <= 50, `${terminal.writes.length} in ten seconds`);
  assert.ok(terminal.writes.length >= 40);
});

test('no line is wider than the terminal, whatever its width, the counts and the name', () => {
  const figure = fc.integer({ min: 0, max: 1e12 });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 200 }),
      fc.string({ unit: 'grapheme' }),
      figure,
      figure,
      (columns, crawl, a, b) => {
        const { terminal, screen } = screenOn({ isTTY: true, columns, colour: true });
        const errors = { E_HTTP_5XX: a, E_RESET: b, E_DNS_TIMEOUT: 2 };
        screen.update(listAt(0, { crawl, accepted: a, waiting: b, errors }));
        screen.update(
          listAt(500, { crawl, accepted: a, waiting: b, errors, dead: a, retries: b, postponed: a }),
        );
        for (const line of terminal.seen())
          assert.ok(stringWidth(line) < columns, `${stringWidth(line)} in ${columns}: ${line}`);
      },
    ),
    { numRuns: 500 },
  );
});

test('a note stands above the progress, which stays whole below', () => {
  const { terminal, screen } = screenOn({ isTTY: true });
  screen.note('crawl museum');
  screen.update(listAt(0));
  screen.warn('urls.txt, line 7: \x1b[2Jbad\u202e');
  screen.update(listAt(1000));
  const lines = terminal.seen();
  assert.deepEqual(lines.slice(0, 2), ['crawl museum', 'urls.txt, line 7: \\x1b[2Jbad\\u202e']);
  assert.match(lines[2] ?? '', /^museum /);
  assert.match(lines[3] ?? '', /pages\/s/);
});

test('no name and no code can move the terminal', () => {
  for (const isTTY of [true, false]) {
    const { terminal, screen } = screenOn({ isTTY, columns: 120 });
    const evil = '\x1b[2J\x9b1A\u202e';
    screen.update(listAt(0, { crawl: evil, errors: { [evil]: 1 } }));
    const text = terminal.seen().join('\n');
    assert.equal(text.split('\\x1b[2J\\x9b1A\\u202e').length, 3);
    assert.doesNotMatch(text, /[\x1b\x9b\u202e]/);
  }
});

test('lines that a narrower terminal has broken are taken away as well', () => {
  const { terminal, screen } = screenOn({ isTTY: true, columns: 100 });
  for (let at = 0; at <= 5000; at += 500) screen.update(listAt(at));
  const before = terminal.writes.length;
  terminal.columns = 40;
  screen.update(listAt(6000));
  // The head takes two rows of 40 now, and the line below it two.
  assert.match(terminal.writes[before] ?? '', /^\x1b\[4A\r/);
});

test('the cursor rests at the start of a line after every write, so that nothing is to be restored after a kill', () => {
  const { terminal, screen } = screenOn({ isTTY: true, colour: true });
  screen.update(listAt(0));
  screen.note('note');
  screen.update(listAt(1000));
  screen.end(summary);
  for (const write of terminal.writes) assert.match(write, /(\n|\x1b\[J)$/);
  assert.doesNotMatch(terminal.text(), /\x1b\[\?/);
});

test('at the end the progress gives way to the summary', () => {
  const { terminal, screen } = screenOn({ isTTY: true });
  screen.update(listAt(0));
  screen.end(summary);
  const text = terminal.seen().join('\n');
  assert.match(text, /^\nCrawl museum finished/);
  assert.doesNotMatch(text, /in flight/);
});

test('a host that is held back is named with its reason, its end and what would change it, on a terminal and elsewhere', () => {
  const until = new Date(Date.now() + 60_000);
  until.setMilliseconds(0);
  const hold: Hold = {
    ...{ kind: 'paused', why: 'named', since: null, until: until.toISOString(), intervalMs: null },
    ...{ reason: 'it said when to come again', change: 'wait, or drover hosts resume a.test' },
  };
  const sample = {
    ...listAt(0),
    held: [
      { key: 'a.test', hold },
      { key: 'b.test', hold },
    ],
  };
  for (const isTTY of [true, false]) {
    const { terminal, screen } = screenOn({ isTTY, columns: 200 });
    screen.update(sample);
    const text = terminal.seen().join('\n');
    assert.match(text, /a\.test paused until [^:]*\d\d:\d\d:\d\d: it said when to come again/);
    assert.match(text, /1 more host held back.*wait, or npm run drover -- hosts resume a\.test/);
  }
});

test('elsewhere there is one plain line every five seconds, without a single escape', () => {
  const { terminal, screen } = screenOn({ isTTY: false, colour: true });
  for (let at = 0; at <= 12_000; at += 500) screen.update(listAt(at));
  screen.note('a note \x1b[31m');
  screen.end(summary);
  assert.doesNotMatch(terminal.text(), /\x1b/);
  const lines = terminal.text().split('\n');
  assert.equal(lines[0], 'museum: 0 done, 300 waiting, 8 in flight, – pages/s, 0 B');
  assert.equal(lines[1], 'museum: 50 done, 250 waiting, 8 in flight, 10 pages/s, 500 kB, 25 s left');
  assert.match(lines[2] ?? '', /^museum: 100 done/);
  assert.equal(lines[3], 'a note \\x1b[31m');
  assert.match(terminal.text(), /Crawl museum finished/);
});

test('quiet says nothing but warnings; JSON is one object a line', () => {
  for (const isTTY of [true, false]) {
    const quiet = screenOn({ isTTY, quiet: true });
    quiet.screen.update(listAt(0));
    quiet.screen.note('a note');
    quiet.screen.warn('a warning');
    quiet.screen.end(summary);
    assert.equal(quiet.terminal.text(), 'a warning\n');

    const json = screenOn({ isTTY, json: true });
    json.screen.note('a note');
    json.screen.update(listAt(0));
    json.screen.update(listAt(5000));
    json.screen.end(summary);
    const lines = json.terminal
      .text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(lines[0], { note: 'a note' });
    assert.equal(lines[2].progress.recorded, 50);
    assert.equal(lines[2].progress.pagesPerSecond, 10);
    assert.equal(lines.length, 3);
  }
});

test('colours only where the terminal has them; a dumb terminal gets plain lines', () => {
  const coloured = screenOn({ isTTY: true, colour: true });
  coloured.screen.update(listAt(0, { dead: 1 }));
  assert.match(coloured.terminal.text(), /\x1b\[31m1 dead\x1b\[0m/);
  const plain = screenOn({ isTTY: true, colour: false });
  plain.screen.update(listAt(0, { dead: 1 }));
  plain.screen.end(summary);
  assert.doesNotMatch(plain.terminal.text(), /\x1b\[[0-9;]*m/);

  assert.equal(isDumbTerminal({ TERM: 'dumb' }), true);
  assert.equal(isDumbTerminal({ TERM: 'xterm' }), false);
  process.env.TERM = 'dumb';
  const dumb = screenOn({ isTTY: true });
  process.env.TERM = 'xterm-256color';
  dumb.screen.update(listAt(0));
  dumb.screen.end(summary);
  assert.doesNotMatch(dumb.terminal.text(), /\x1b/);
});

test('progress that nobody reads stops nothing', () => {
  const { terminal, screen } = screenOn({ isTTY: false });
  terminal.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  screen.update(listAt(0));
});
