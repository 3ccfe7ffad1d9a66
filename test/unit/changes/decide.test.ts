import assert from 'node:assert/strict';
import test from 'node:test';
import { changeOf, changeOfReturned, type PageStanding, standingOf } from '../../../src/changes/decide.ts';

const failed = (status: number | null, code: string) => ({
  ...{ ok: false, status },
  error: { code, layer: 'http', message: '' } as never,
});

test('only what tells of the page counts as its state: a failure of the moment, a refusal and a stand-in do not', () => {
  const cases: [status: number | null, code: string, PageStanding][] = [
    [404, 'E_HTTP_4XX', 'gone'],
    [410, 'E_HTTP_4XX', 'gone'],
    [null, 'E_DNS_NOT_FOUND', 'gone'],
    [null, 'E_REDIRECT_LOOP', 'gone'],
    [404, 'E_HTTP_DEAD_STATUS', 'gone'],
    [403, 'E_HTTP_4XX', 'other'],
    [401, 'E_HTTP_4XX', 'other'],
    [302, 'E_HTTP_STATUS', 'other'],
    [503, 'E_HTTP_DEAD_STATUS', 'unseen'],
    [429, 'E_HTTP_DEAD_STATUS', 'unseen'],
    [500, 'E_HTTP_5XX', 'unseen'],
    [429, 'E_RATE_LIMITED', 'unseen'],
    [403, 'E_CHALLENGE', 'unseen'],
    [402, 'E_PAYMENT', 'unseen'],
    [null, 'E_CONNECT_REFUSED', 'unseen'],
    [null, 'E_DNS_TEMPORARY', 'unseen'],
    [null, 'E_ROBOTS', 'unseen'],
    [200, 'E_RESERVED', 'unseen'],
    [200, 'E_HANDLER', 'unseen'],
    [200, 'OF_A_LATER_VERSION', 'unseen'],
  ];
  for (const [status, code, standing] of cases)
    assert.equal(standingOf(failed(status, code)), standing, `${status} ${code}`);
  assert.equal(standingOf({ ok: true, status: 200, error: null }), 'there');
});

const whole = { fromIsWhole: true, toIsWhole: true };

test('each pair of states makes the change that a reader expects', () => {
  const states = [null, 'there', 'gone', 'other', 'unseen'] as const;
  const expected = {
    //          to: null     there       gone       other      unseen
    null: ['-', 'returned', '-', '-', 'unknown'],
    there: ['gone', 'compare', 'gone', 'compare', 'unknown'],
    gone: ['-', 'returned', '-', 'compare', 'unknown'],
    other: ['-', 'returned', 'changed', 'compare', 'unknown'],
    unseen: ['-', 'returned', 'unknown', 'unknown', '-'],
  };
  for (const from of states)
    assert.deepEqual(
      states.map((to) => changeOf(from, to, whole) ?? '-'),
      expected[from ?? 'null'],
      String(from),
    );
  assert.deepEqual(states.map(changeOfReturned), ['new', 'changed', 'changed', 'changed', 'unknown']);
});

test('a record that is not there means nothing when the run is not whole', () => {
  assert.equal(changeOf('there', null, { fromIsWhole: true, toIsWhole: false }), 'unknown');
  assert.equal(changeOf(null, 'there', { fromIsWhole: false, toIsWhole: true }), 'unknown');
  assert.equal(changeOf('gone', null, { fromIsWhole: true, toIsWhole: false }), null);
  assert.equal(changeOf('there', 'there', { fromIsWhole: false, toIsWhole: false }), 'compare');
});
