import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type JobStart, packJobData, requestIn, startIn } from '../../../src/queue/job-data.ts';
import { packRequest, type Request } from '../../../src/request.ts';

const request: Request = {
  url: 'http://a.example/b?c',
  depth: 2,
  referrer: 'http://a.example/',
  extras: null,
};
const packed = packRequest(request);

const starts: fc.Arbitrary<JobStart> = fc.oneof(
  fc.record(
    { kind: fc.constant('granted' as const), server: fc.string(), givenAt: fc.nat() },
    { noNullPrototype: true },
  ),
  fc.record({ kind: fc.constant('ahead' as const), givenAt: fc.nat() }, { noNullPrototype: true }),
  fc.constant<JobStart>({ kind: 'ask' }),
);

/** As BullMQ gives it back. */
const job = (data: unknown, name = 'request', timestamp = 0) => ({
  data: JSON.parse(JSON.stringify(data)),
  name,
  timestamp,
});

test('what is packed is read again, whatever the name and the time of the job', () => {
  fc.assert(
    fc.property(starts, fc.string(), fc.nat(), (start, name, timestamp) => {
      const stored = job(packJobData(packed, start), name, timestamp);
      assert.deepEqual(startIn(stored), start);
      assert.deepEqual(requestIn(stored.data), request);
    }),
  );
});

test('nothing is kept that says nothing: no server without a ceiling, no time where the gate is asked', () => {
  const granted = packJobData(packed, { kind: 'granted', server: '', givenAt: 7 });
  assert.deepEqual(granted, { request: packed, start: 'granted', givenAt: 7 });
  assert.deepEqual(packJobData(packed, { kind: 'ask' }), { request: packed, start: 'ask' });
});

test('a job of the former version is read: its data is the request, its name how it starts, its timestamp since when', () => {
  const starts = ['fetch', 'fetch@b.example', 'ahead', 'ask', 'something else'].map((name) =>
    startIn(job(packed, name, 9)),
  );
  assert.deepEqual(starts, [
    { kind: 'granted', server: '', givenAt: 9 },
    { kind: 'granted', server: 'b.example', givenAt: 9 },
    { kind: 'ahead', givenAt: 9 },
    { kind: 'ask' },
    { kind: 'ask' },
  ]);
  assert.deepEqual(requestIn(packed), request);
});

test('what is no job of drover is refused', () => {
  for (const data of ['', 'x', { request: 'x', start: 'ask' as const }])
    assert.throws(() => requestIn(data), /not a packed request/);
});
