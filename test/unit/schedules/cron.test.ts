// The due times of a schedule where clocks are put forward or back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { nextDue } from '../../../src/queue/next-due.ts';

const cases: [cron: string, zone: string, from: string, due: string[]][] = [
  // Forward from 02:00 to 03:00 on 29 March.
  ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', ['2026-03-29T01:30', '2026-03-30T00:30']],
  // Back from 03:00 to 02:00 on 25 October.
  ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
  // Forward at midnight: 24 April and 6 September have no hour from 00:00 to 01:00.
  ['0 0 * * *', 'Africa/Cairo', '2026-04-23T12:00Z', ['2026-04-23T22:00', '2026-04-24T21:00']],
  ['30 0 * * *', 'America/Santiago', '2026-09-05T12:00Z', ['2026-09-06T04:30', '2026-09-07T03:30']],
  ['0 0 * * 5', 'Africa/Cairo', '2026-04-20T12:00Z', ['2026-04-23T22:00', '2026-04-30T21:00']],
  // Back from 03:45 to 02:45 at 14:00 UTC, in a zone of whole hours and 45 minutes.
  [
    '*/15 * * * *',
    'Pacific/Chatham',
    '2026-04-04T12:45Z',
    ['2026-04-04T13:00', '2026-04-04T13:15', '2026-04-04T13:30', '2026-04-04T13:45'],
  ],
  ['10,40 0/15 * * * *', 'Pacific/Chatham', '2026-04-04T13:00:20Z', ['2026-04-04T13:00', '2026-04-04T13:15']],
  ['15 3 * * *', 'Pacific/Chatham', '2026-04-04T11:00Z', ['2026-04-04T13:30', '2026-04-05T14:30']],
  // Back by half an hour, from 02:00 to 01:30 at 15:00 UTC.
  ['0 3 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', ['2026-04-04T16:30', '2026-04-05T16:30']],
  ['0 3 20 * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', ['2026-04-19T16:30', '2026-05-19T16:30']],
];

test('no day is left out and none comes twice when clocks change, at midnight and by half an hour too', () => {
  for (const [cron, zone, from, expected] of cases) {
    let at = Date.parse(from);
    const due = expected.map(() => {
      at = nextDue({ cron, zone }, at) ?? 0;
      return new Date(at).toISOString().slice(0, 16);
    });
    assert.deepEqual(due, expected, `${cron} ${zone}`);
  }
});
