import assert from 'node:assert/strict';
import test from 'node:test';
import type { ActiveJob, ConsumerContext } from '../../../consumers/context.ts';
import { die, postponeFor, refuseRequest, retry } from '../../../consumers/decision.ts';
import { defaultSettings } from '../../../src/config/settings.ts';
import { failure } from '../../../src/errors.ts';
import { NO_TIMINGS } from '../../../src/outcome.ts';
import type { JobMemory } from '../../../src/queue/job-memory.ts';
import type { RequestExtras } from '../../../src/request.ts';

const RESET = failure('E_RESET');
const hop = { url: 'http://b.example/', method: 'GET', redirects: 1, isAway: true, withBody: false };

/** A job on its so many-th attempt, what it keeps, and the retries that were counted. */
function jobOn(attempt: number, extras: RequestExtras | null = null) {
  const memory: JobMemory = { rateLimitedAt: null, hop, tries: [], alone: null };
  const settings = { ...defaultSettings, attempts: 3, backoff: 100, maxBackoff: 1000 };
  const job = {
    crawl: 'c',
    request: { url: 'http://a.example/', depth: 0, referrer: null, extras },
    loadedCrawl: { settings },
    attempt,
    memory,
    remember: async (change: Partial<JobMemory>) => void Object.assign(memory, change),
  } as unknown as ActiveJob;
  const counted: string[] = [];
  const tallies = { count: (_crawl: string, field: string) => counted.push(field) };
  const context = { tallies } as unknown as ConsumerContext;
  const decide = () => retry(context, job, { failure: RESET, answer: null }, null);
  return { job, memory, counted, decide };
}

test('an attempt that fails is made again after the backoff of its number, from the first URL', async () => {
  for (const [attempt, full] of [
    [1, 100],
    [2, 200],
  ] as const) {
    const { decide, memory, counted } = jobOn(attempt);
    const decision = await decide();
    assert.ok(decision.kind === 'retry' && decision.failure === RESET, JSON.stringify(decision));
    assert.ok(decision.delayMs >= full / 2 && decision.delayMs <= full, String(decision.delayMs));
    assert.deepEqual([memory.hop, memory.tries.length, counted], [null, 1, ['retries']]);
  }
});

test('the backoff never exceeds its longest, however many attempts there are, and a request may name its own', async () => {
  const many = await jobOn(90, { attempts: 100 }).decide();
  assert.ok(many.kind === 'retry' && many.delayMs >= 500 && many.delayMs <= 1000, JSON.stringify(many));
  const own = await jobOn(5, { attempts: 100, backoff: { delayMs: 1, maxMs: 2 } }).decide();
  assert.ok(own.kind === 'retry' && own.delayMs >= 1 && own.delayMs <= 2, JSON.stringify(own));
});

test('the last attempt ends the request; the dead letter has it too', async () => {
  for (const { decide, memory, counted } of [jobOn(3), jobOn(1, { attempts: 1 })]) {
    const expected = { kind: 'end', as: 'dead', failure: RESET, answer: null, result: null };
    assert.deepEqual(await decide(), expected);
    assert.deepEqual([memory.tries.map(([, code]) => code), counted], [['E_RESET'], []]);
  }
});

test('to die keeps what the fetch gave, to be refused gives nothing', async () => {
  const { job } = jobOn(1);
  const result = { ok: false as const, failure: RESET, timings: NO_TIMINGS, finalUrl: 'http://b.example/' };
  const end = await die(job, { failure: RESET, answer: null, result });
  assert.ok(end.as === 'dead' && end.result === result);
  assert.deepEqual(refuseRequest(RESET), { kind: 'end', as: 'refused', answer: null, failure: RESET });
});

test('nothing is postponed for longer than half a minute at a time', () => {
  const now = Date.now();
  const [soon, late] = [postponeFor(100), postponeFor(10_000_000)].map(({ untilMs }) => untilMs - now) as [
    number,
    number,
  ];
  assert.ok(soon >= 100 && soon < 5000 && late >= 30_000 && late < 35_000, `${soon} ${late}`);
});
