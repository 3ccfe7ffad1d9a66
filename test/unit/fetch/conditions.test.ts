// Which validators are used, what is sent where, and what an answer to it means.
import assert from 'node:assert/strict';
import test from 'node:test';
import { conditionsOn, freshened, replyTo, withConditions } from '../../../src/fetch/conditions.ts';
import { type Answer, NO_TIMINGS } from '../../../src/outcome.ts';

// A date without a zone must not be read in that of the machine.
process.env.TZ = 'Pacific/Auckland';

const URL_A = 'http://a.example/p';
const PAST = 'Mon, 02 Feb 2026 10:00:00 GMT';
const sent = (headers: Record<string, string>) => conditionsOn(URL_A, headers)?.headers ?? null;
const ifTag = (tag: string) => ({ 'if-none-match': tag });

test('entity tags are sent as they came: strong, weak, with spaces, without quotes', () => {
  for (const etag of ['"1"', 'W/"1"', '"a b,c"', '"5f-*"', 'abc-1', `"${'x'.repeat(900)}"`])
    assert.deepEqual(sent({ etag }), ifTag(etag), etag);
});

test('what names no version, any, several, or is too odd to be sent is not', () => {
  for (const etag of [
    '*',
    '""',
    'W/""',
    '',
    '"é"',
    '"a',
    'a"b',
    '"1", "2"',
    'a*',
    'a,b',
    '"\n"',
    `"${'x'.repeat(1000)}"`,
  ])
    assert.equal(sent({ etag }), null, etag);
});

test('Last-Modified is sent as it came, unless it is no time, or within the second of its answer', () => {
  const since = (modified: string, date?: string) =>
    sent({ 'last-modified': modified, ...(date === undefined ? {} : { date }) })?.['if-modified-since'] ??
    null;
  assert.equal(since(PAST), PAST);
  const [asctime, sameSecond] = ['Mon Feb  2 10:00:00 2026', 'Mon, 02 Feb 2026 10:00:00 GMT'];
  assert.equal(since(asctime, sameSecond), null);
  assert.equal(since(sameSecond, asctime), null);
  assert.equal(since(asctime, 'Mon, 02 Feb 2026 10:00:01 GMT'), asctime);
  assert.equal(
    since('Monday, 02-Feb-26 10:00:00 GMT', PAST.replace('10', '11')),
    'Monday, 02-Feb-26 10:00:00 GMT',
  );
  assert.equal(since(PAST, 'Mon, 02 Feb 2026 10:00:01 GMT'), PAST);
  assert.equal(since(PAST, PAST), null);
  assert.equal(since(PAST, 'Mon, 02 Feb 2026 09:00:00 GMT'), null);
  assert.equal(since('yesterday'), null);
  assert.equal(since('0'.repeat(2000)), null);
  assert.deepEqual(sent({ etag: '"1"', 'last-modified': PAST, date: PAST }), ifTag('"1"'));
});

test('nothing is asked about an answer that varies by what nobody knows', () => {
  for (const vary of ['*', ' * ', 'accept, *', '*,accept'])
    assert.equal(sent({ etag: '"1"', vary }), null, vary);
  assert.deepEqual(sent({ etag: '"1"', vary: 'accept-encoding, x-*' }), ifTag('"1"'));
});

test('only a GET without body of that very URL is sent with the conditions', () => {
  const conditions = conditionsOn(URL_A, { etag: '"1"' });
  const target = { url: new URL(URL_A), method: 'GET', headers: { accept: 'a' }, body: null };
  assert.deepEqual(withConditions(target, conditions).headers, { accept: 'a', 'if-none-match': '"1"' });
  assert.deepEqual(target.headers, { accept: 'a' }, 'the target itself goes on to the next hop');
  for (const other of [{ url: new URL('http://a.example/') }, { method: 'HEAD' }, { body: '' }])
    assert.equal('if-none-match' in withConditions({ ...target, ...other }, conditions).headers, false);
  assert.equal(withConditions(target, null), target);
});

const answer = (status: number, headers: Record<string, string> = {}, finalUrl = URL_A): Answer => ({
  ...{ finalUrl, status, headers, body: new Uint8Array(), address: null, redirects: 0 },
  ...{ http: '1.1', timings: NO_TIMINGS },
});

test('a 304 confirms the page that was asked about; one of another version, and 412, are odd', () => {
  const reply = (asked: Record<string, string>, ...given: Parameters<typeof answer>) =>
    replyTo(conditionsOn(URL_A, asked), answer(...given));
  const tag = (etag: string) => ({ etag });
  assert.equal(reply(tag('"1"'), 304), 'not-modified');
  for (const [asked, named] of [
    ['"1"', 'W/"1"'],
    ['W/"1"', '"1"'],
    ['1', '"1"'],
    ['"1-gzip"', '"1"'],
    ['"1"', 'W/"1--gzip"'],
    ['"1;br"', '"1-gzip"'],
  ] as const)
    assert.equal(reply(tag(asked), 304, tag(named)), 'not-modified', `${asked} ${named}`);
  for (const [asked, named] of [
    ['"1"', '"2"'],
    ['"1-gzip"', '"2-gzip"'],
    ['"gzip"', '"br"'],
  ] as const)
    assert.equal(reply(tag(asked), 304, tag(named)), 'odd', `${asked} ${named}`);
  assert.equal(reply({ 'last-modified': PAST }, 304, tag('"new"')), 'not-modified');
  for (const status of [400, 412, 416]) assert.equal(reply(tag('"1"'), status), 'odd');
  for (const status of [200, 404, 429, 500]) assert.equal(reply(tag('"1"'), status, tag('"2"')), null);
  assert.equal(reply(tag('"1"'), 304, {}, 'http://a.example/other'), null, 'a hop that was asked nothing');
  assert.equal(replyTo(null, answer(304)), null);
});

test('after a 304, headers are the former ones with those that came, but for those of the body', () => {
  const former = {
    etag: '"1"',
    'content-type': 'text/html',
    'content-encoding': 'gzip',
    'content-length': '5',
    x: 'a',
  };
  const came = {
    date: PAST,
    'content-type': 'text/plain',
    'content-length': '0',
    connection: 'close',
    x: 'b',
  };
  assert.deepEqual(freshened(former, came), { ...former, date: PAST, x: 'b' });
});
