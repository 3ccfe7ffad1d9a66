import assert from 'node:assert/strict';
import test from 'node:test';
import { readAuthenticationInfo, readChallenges } from '../../../../src/fetch/credentials/challenge.ts';

const read = (text: string) =>
  readChallenges(text).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);

test('several challenges in one header are told apart', () => {
  assert.deepEqual(read('Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'), [
    ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
    ['basic', { realm: 'simple' }],
  ]);
  assert.deepEqual(read('Negotiate, NTLM TlRMTVNTUAAB=, Basic realm="a, Digest b=c",,'), [
    ['negotiate', {}],
    ['ntlm', {}],
    ['basic', { realm: 'a, Digest b=c' }],
  ]);
  assert.deepEqual(read('Bearer REALM = "a" , realm="b"'), [['bearer', { realm: 'a' }]]);
});

test('what cannot be read ends the reading, however long it is', () => {
  assert.deepEqual(read(''), []);
  assert.deepEqual(read('"x"'), []);
  assert.deepEqual(read('Basic realm="never closed'), [
    ['basic', {}],
    ['realm', {}],
  ]);
  const since = performance.now();
  for (const long of ['a="', '\\"', 'a=', ',', 'a ', '=']) readChallenges(`Digest ${long.repeat(20_000)}`);
  assert.ok(performance.now() - since < 1000);
});

test('Authentication-Info is read as parameters', () => {
  const info = readAuthenticationInfo('qop=auth, nextnonce="a b", nc=00000001');
  assert.deepEqual([info.get('nextnonce'), info.get('qop')], ['a b', 'auth']);
});
