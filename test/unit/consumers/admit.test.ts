// What a request ends with when its robots.txt cannot be fetched.
import assert from 'node:assert/strict';
import test from 'node:test';
import { refusal } from '../../../consumers/admit.ts';
import { catalogue, type ErrorCode, failure } from '../../../src/errors.ts';

const unreachable = (cause?: ErrorCode) =>
  failure('E_ROBOTS_UNREACHABLE', 'http://a/robots.txt', cause && failure(cause, 'Detail.'));

/** How the request ends for each cause, by the code that it ends with. */
function endings(kind: 'again' | 'fail', isCause: boolean): string[] {
  return (Object.keys(catalogue) as ErrorCode[]).filter((code) => {
    const ending = refusal(unreachable(code));
    return ending.kind === kind && (ending.failure.code === code) === isCause;
  });
}

test('what forbids the URL refuses it, and an address that may not be reached ends it', () => {
  assert.deepEqual(refusal(failure('E_ROBOTS', 'x')), { kind: 'refuse', failure: failure('E_ROBOTS', 'x') });
  assert.deepEqual(refusal(failure('E_SSRF')), { kind: 'fail', failure: failure('E_SSRF') });
});

test('without a cause, as when the host answered, it is tried again as it is', () => {
  assert.deepEqual(refusal(unreachable()), { kind: 'again', failure: unreachable() });
});

test('a cause that passes is what the request fails of and is tried again for', () => {
  assert.deepEqual(refusal(unreachable('E_CONNECT_REFUSED')), {
    kind: 'again',
    failure: failure('E_CONNECT_REFUSED', 'Detail. (asking for robots.txt)'),
  });
  assert.equal(
    refusal(failure('E_ROBOTS_UNREACHABLE', 'x', failure('E_RESET'))).failure.message,
    `${catalogue.E_RESET.means} (asking for robots.txt)`,
  );
});

test('a cause that holds for the whole host ends the request, any other one says nothing of its page', () => {
  assert.deepEqual(endings('fail', true), [
    ...['E_SSRF', 'E_DNS_NOT_FOUND', 'E_TLS', 'E_TLS_EXPIRED', 'E_TLS_SELF_SIGNED', 'E_TLS_WRONG_NAME'],
    'E_RATE_LIMITED',
  ]);
  assert.deepEqual(endings('fail', false), []);
  for (const code of ['E_PROTOCOL', 'E_HEADERS_TOO_LARGE', 'E_BODY_ENCODING', 'E_REDIRECT_INVALID'] as const)
    assert.deepEqual(refusal(unreachable(code)), { kind: 'again', failure: unreachable(code) });
});
