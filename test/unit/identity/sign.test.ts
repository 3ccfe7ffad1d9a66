// What is signed: the published vectors byte for byte, and what a server of the tests says to signatures of
// today.
import assert from 'node:assert/strict';
import test from 'node:test';
import { newKey, privateKeyOf, thumbprintOf } from '../../../src/identity/keys.ts';
import { type SignatureChoices, signatureFields, VALID_SECONDS } from '../../../src/identity/sign.ts';
import {
  agentOfVectors,
  createdOfVectors,
  exampleKey,
  exampleKeyId,
  exampleRsaKey,
  exampleRsaKeyId,
  requestOfVector,
  vectors,
} from '../../support/identity/vectors.ts';
import { BotVerifier, type ReceivedRequest } from '../../support/identity/verifier.ts';

test('the keyid is the thumbprint of the key', () => {
  assert.equal(thumbprintOf(exampleKey), exampleKeyId);
  assert.equal(thumbprintOf(exampleRsaKey), exampleRsaKeyId);
  assert.equal(thumbprintOf({ kty: 'OKP', crv: 'Ed25519' }), null);
  assert.equal(thumbprintOf({ kty: 'oct', k: 'c2VjcmV0' }), null);
});

for (const vector of vectors) {
  const request = requestOfVector(vector);
  const { agentKey, expires, nonce } = vector;

  if (vector.alg === 'ed25519')
    test(`the published vector ${vector.name} is signed to the same bytes`, () => {
      const key = { keyid: exampleKeyId, key: privateKeyOf(exampleKey), agent: agentOfVectors };
      const message = { method: 'GET', url: new URL('https://example.com/'), headers: {} };
      const fields = signatureFields(message, key, {
        ...{ profile: agentKey === null ? 'string' : 'draft-01', label: 'sig2', covered: ['@authority'] },
        ...{ agentKey: agentKey ?? 'sig2', created: createdOfVectors, expires, nonce },
      });
      const { host: _host, ...signed } = request.headers;
      assert.deepEqual(fields, signed);
    });

  test(`the server of the tests takes the published vector ${vector.name} as its draft says, and nothing changed`, () => {
    const server = new BotVerifier(
      { [exampleKeyId]: exampleKey, [exampleRsaKeyId]: exampleRsaKey },
      {
        form: agentKey === null ? 'string' : 'dictionary',
        now: () => createdOfVectors + 60,
        longestSeconds: Number.POSITIVE_INFINITY,
      },
    );
    if (agentKey === 'agent2') {
      assert.deepEqual(server.check(request), { refused: 'Signature-Agent' });
      return;
    }
    const other = { ...request, headers: { ...request.headers, host: 'example.net' } };
    assert.deepEqual(server.check(other), { refused: 'signature' });
    const taken = server.check(request);
    assert.ok('keyid' in taken, JSON.stringify(taken));
    assert.deepEqual([taken.keyid, taken.agent, taken.nonce], [vector.keyid, agentOfVectors, nonce]);
    assert.deepEqual(server.check(request), { refused: 'replayed' });
  });
}

const own = newKey();
const ownId = thumbprintOf(own) as string;

/** A request to this URL as it comes to the server, signed unless `fields` say otherwise. */
function received(
  url: string,
  options: { method?: string; choices?: Partial<SignatureChoices>; host?: string } = {},
): ReceivedRequest & { headers: Record<string, string> } {
  const { method = 'GET', choices = {}, host } = options;
  const parsed = new URL(url);
  const sent = host === undefined ? {} : { host };
  const key = { keyid: ownId, key: privateKeyOf(own), agent: 'https://bot.example.com' };
  const fields = signatureFields({ method, url: parsed, headers: sent }, key, choices);
  const headers = { host: host ?? parsed.host, ...fields };
  return { method, path: parsed.pathname + parsed.search, scheme: 'https', headers };
}

const server = (options = {}) => new BotVerifier({ [ownId]: own }, options);

test('any URL and method is signed as a server reads it: ports, empty and odd queries, escapes, a Host of the user’s', () => {
  for (const url of [
    'https://example.com/',
    'https://EXAMPLE.com:443/a%20b?x=1&y=%C3%A9',
    'https://example.com:8443/?',
    'https://example.com/a?b?c',
    'https://[::1]:444/x//y/',
    'https://bücher.example/ü?ü',
    'https://example.com/a\'"()<>?"\'',
  ])
    for (const method of ['GET', 'HEAD', 'POST']) {
      const taken = server().check(received(url, { method }));
      assert.ok('keyid' in taken, `${url}: ${JSON.stringify(taken)}`);
      assert.equal(taken.agent, 'https://bot.example.com');
    }
  const named = server().check(received('https://127.0.0.1:8443/', { host: 'Shop.example:443' }));
  assert.ok('keyid' in named, JSON.stringify(named));
});

test('the profile string is what the first drafts have', () => {
  const request = received('https://example.com/', { choices: { profile: 'string' } });
  assert.equal(request.headers['signature-agent'], '"https://bot.example.com"');
  assert.ok('keyid' in server({ form: 'string' }).check(request));
  assert.ok('refused' in server().check(request));
});

test('a signature is for one request: no other method, host, path, query, time, agent or nonce', () => {
  const request = received('https://example.com/a?b=1');
  const check = (change: Partial<ReceivedRequest>, options = {}) =>
    server(options).check({ ...request, ...change });
  assert.deepEqual(check({ method: 'POST' }), { refused: 'signature' });
  assert.deepEqual(check({ path: '/a?b=2' }), { refused: 'signature' });
  assert.deepEqual(check({ path: '/A?b=1' }), { refused: 'signature' });
  assert.deepEqual(check({ path: '/a' }), { refused: 'signature' });
  assert.deepEqual(check({ headers: { ...request.headers, host: 'example.org' } }), { refused: 'signature' });
  assert.deepEqual(check({ scheme: 'http' }), { refused: 'signed over http' });
  const swap = (name: string, from: RegExp, to: string) =>
    check({ headers: { ...request.headers, [name]: (request.headers[name] ?? '').replace(from, to) } });
  assert.deepEqual(swap('signature-agent', /bot\./, 'cat.'), { refused: 'signature' });
  assert.deepEqual(swap('signature-input', /nonce="./, 'nonce="_'), { refused: 'signature' });
  assert.deepEqual(swap('signature-input', /expires=\d/, 'expires=9'), { refused: 'valid for too long' });
  const after = (seconds: number) => check({}, { now: () => Date.now() / 1000 + seconds });
  assert.deepEqual(after(VALID_SECONDS + 1), { refused: 'expired' });
  assert.deepEqual(after(-10), { refused: 'made in the future' });
});

test('two signatures of one request have two nonces', () => {
  const one = server();
  const nonces = [1, 2].map(() => one.check(received('https://example.com/')));
  assert.ok(nonces.every((taken) => 'keyid' in taken));
});
