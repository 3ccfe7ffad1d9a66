import assert from 'node:assert/strict';
import test from 'node:test';
import type { ActiveJob } from '../../../consumers/context.ts';
import type { RequestEnd } from '../../../consumers/decision.ts';
import { buildRecord, examine } from '../../../consumers/handle.ts';
import { defaultSettings, type Settings } from '../../../src/config/settings.ts';
import { failure } from '../../../src/errors.ts';
import { type Answer, NO_TIMINGS } from '../../../src/outcome.ts';
import type { RequestExtras } from '../../../src/request.ts';

const URL_A = 'http://a.example/';
const PAGE = '<title>A page</title><a href="/b">b</a>';

const answer = (status = 200, headers: Record<string, string> = {}): Answer => ({
  finalUrl: 'http://a.example/end',
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
  body: Buffer.from(PAGE),
  http: '1.1',
  address: '127.0.0.1',
  redirects: 1,
  timings: { ...NO_TIMINGS, total: 5 },
});

function job(extras: RequestExtras | null = null, body: Settings['body'] = 'text'): ActiveJob {
  return {
    id: 'i',
    crawl: 'c',
    request: { url: URL_A, depth: 1, referrer: null, extras },
    loadedCrawl: { settings: { ...defaultSettings, body }, urlRules: { maxLength: 2000 } },
    attempt: 2,
    queueMs: 3.4,
    former: null,
    session: { kind: 'ready', session: null },
    trace: { slotMs: 1.6 },
  } as unknown as ActiveJob;
}

function handle(of: ActiveJob, given: RequestEnd) {
  const examined = examine(of, given);
  return { ...examined, record: buildRecord(of, examined, null) };
}

test('a page is looked into: its title and links are in its record', () => {
  const { record, findings } = handle(job(), {
    kind: 'end',
    as: 'recorded',
    answer: answer(),
    failure: null,
  });
  assert.deepEqual([record.title, record.links, record.body], ['A page', ['http://a.example/b'], PAGE]);
  assert.deepEqual(findings?.links, record.links);
  assert.deepEqual([record.ok, record.status, record.finalUrl], [true, 200, 'http://a.example/end']);
  assert.deepEqual(record.timings, { ...NO_TIMINGS, total: 5, queue: 3, slot: 2 });
});

test('what stands in for a page is kept, and nothing in it is taken for the page, however the request ends', () => {
  const challenge = answer(403, { 'cf-mitigated': 'challenge', link: '</next>; rel=next' });
  for (const [as, code] of [
    ['recorded', 'E_CHALLENGE'],
    ['dead', 'E_HTTP_DEAD_STATUS'],
  ] as const) {
    const end = { kind: 'end', as, answer: challenge, failure: failure(code), result: null } as RequestEnd;
    const { record, findings } = handle(job(), end);
    assert.deepEqual([record.title, record.links, record.noindex], [null, null, null]);
    assert.deepEqual([record.ok, record.status, record.body], [false, 403, PAGE]);
    assert.deepEqual([findings?.links, findings?.text], [null, PAGE]);
  }
});

test('what a page says to this robot by name is obeyed, in a tag and in any line of its header', () => {
  const lines = 'otherbot: none\ndrover: nofollow';
  const end = {
    kind: 'end',
    as: 'recorded',
    answer: answer(200, { 'x-robots-tag': lines }),
    failure: null,
  } as const;
  const { record, findings } = handle(job(), end);
  assert.deepEqual([record.links, record.noindex, findings?.nofollow], [[], false, true]);
  const body = Buffer.from(`<meta name=Drover content=none>${PAGE}`);
  const tagged = handle(job(), { ...end, answer: { ...answer(), body } });
  assert.deepEqual([tagged.record.links, tagged.record.noindex], [[], true]);
});

test('of an answer that is reserved nothing is kept, however the request ends and whatever the form of bodies is', () => {
  const reserved = answer(200, { 'content-usage': 'train-ai=n', link: '</next>; rel=next' });
  for (const form of ['text', 'base64'] as const)
    for (const [as, found, code] of [
      ['recorded', null, 'E_RESERVED'],
      ['recorded', failure('E_HTTP_4XX'), 'E_HTTP_4XX'],
      ['dead', failure('E_HTTP_DEAD_STATUS'), 'E_HTTP_DEAD_STATUS'],
    ] as const) {
      const declared = job(null, form);
      Object.assign(declared.loadedCrawl.settings, { purpose: ['search', 'train-ai'] });
      const given = { kind: 'end', as, answer: reserved, failure: found, result: null } as RequestEnd;
      const { end, record, findings } = handle(declared, given);
      assert.deepEqual([end.failure?.code, record.error?.code, record.ok], [code, code, false]);
      assert.deepEqual([record.body, record.sha256, record.title, record.links], [null, null, null, null]);
      assert.deepEqual([findings?.links, findings?.text], [null, null], 'nothing to follow');
      assert.deepEqual(
        [record.status, record.bytes, record.usage?.reserves],
        [200, PAGE.length, ['train-ai']],
      );
      const { record: kept, end: same } = handle(job(null, form), given);
      assert.equal(same, given);
      assert.ok(kept.body !== null && kept.sha256 !== null);
    }
});

test('the body of a sitemap is not kept, nor looked into, whatever the form of bodies is', () => {
  for (const form of ['text', 'base64'] as const) {
    const end = { kind: 'end', as: 'recorded', answer: answer(), failure: null } as const;
    const { record, findings } = handle(job({ sitemap: {} }, form), end);
    assert.deepEqual([record.body, record.links, findings], [null, null, null]);
    assert.equal(record.bytes, PAGE.length);
  }
});

test('what died by its answer has that in its record; what died without has its error and how far it came', () => {
  const error = failure('E_HTTP_5XX');
  const ends: RequestEnd[] = [
    {
      kind: 'end',
      as: 'dead',
      answer: answer(500),
      failure: error,
      result: { ok: true, answer: answer(500) },
    },
    {
      kind: 'end',
      as: 'dead',
      answer: null,
      failure: error,
      result: {
        ok: false,
        failure: error,
        timings: { ...NO_TIMINGS, dns: 7 },
        finalUrl: 'http://b.example/',
      },
    },
  ];
  const [answered, silent] = ends.map((end) => handle(job(), end).record);
  assert.deepEqual([answered?.ok, answered?.status, answered?.body], [false, 500, PAGE]);
  assert.deepEqual([silent?.ok, silent?.status, silent?.body, silent?.error], [false, null, null, error]);
  assert.deepEqual([silent?.finalUrl, silent?.timings.dns], ['http://b.example/', 7]);
});

test('what was refused was never fetched', () => {
  const end = { kind: 'end', as: 'refused', answer: null, failure: failure('E_ROBOTS') } as const;
  const { record, findings } = handle(job(), end);
  assert.deepEqual(
    [record.status, record.finalUrl, record.timings.total, findings],
    [null, null, null, null],
  );
  assert.equal(record.error?.code, 'E_ROBOTS');
});
