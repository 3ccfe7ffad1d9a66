// What drover identity check says of requests: it takes what the signer makes and the published vectors, and
// names what is wrong with others.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { SignedMessage } from '../../../src/identity/base.ts';
import { newKey, type PublicJwk, privateKeyOf, thumbprintOf } from '../../../src/identity/keys.ts';
import { type SignatureChoices, signatureFields } from '../../../src/identity/sign.ts';
import { createNonceMemory, readClaim, verifyClaim } from '../../../src/identity/verify.ts';
import {
  createdOfVectors,
  exampleKey,
  exampleRsaKey,
  requestOfVector,
  vectors,
} from '../../support/identity/vectors.ts';

const own = newKey();
const key = { keyid: thumbprintOf(own) as string, key: privateKeyOf(own), agent: 'https://bot.example.com' };
const now = 1_800_000_000;

function signed(
  choices: Partial<SignatureChoices> = {},
  url = 'https://example.com/a?b=1',
): SignedMessage & { headers: Record<string, string> } {
  const message = { method: 'GET', url: new URL(url), headers: { host: new URL(url).host } };
  const fields = signatureFields(message, key, { created: now, ...choices });
  return { ...message, headers: { ...message.headers, ...fields } };
}

function refusalOf(message: SignedMessage, at = now, keys: PublicJwk[] = [own], allowPublished = false) {
  const claim = readClaim(message, at);
  return 'why' in claim ? claim : verifyClaim(message, claim, keys, { now: at, allowPublished });
}

test('what is signed is verified, in both profiles', () => {
  assert.equal(refusalOf(signed()), null);
  assert.equal(refusalOf(signed({ profile: 'string' })), null);
});

for (const vector of vectors)
  test(`the published vector ${vector.name} holds, with its example key allowed`, () => {
    const { method, path, headers } = requestOfVector(vector);
    const message = { method, url: new URL(path, 'https://example.com'), headers };
    const at = createdOfVectors + 60;
    const claim = readClaim(message, at);
    if ('why' in claim) {
      // The examples of the draft hold for a century, and a signature may hold for a day.
      assert.match(claim.why, /more than a day/);
      assert.ok(vector.expires - createdOfVectors > 86_400);
      return;
    }
    assert.equal(claim.form, 'string');
    assert.equal(
      verifyClaim(message, claim, [exampleKey, exampleRsaKey], { now: at, allowPublished: true }),
      null,
    );
    assert.match(refusalOf(message, at, [exampleKey])?.why ?? '', /example key/);
  });

test('each thing that is wrong is named, with the status that a server answers', () => {
  const without = (name: string) => {
    const { [name]: _left, ...headers } = signed().headers;
    return { ...signed(), headers };
  };
  const changed = (name: string, from: string | RegExp, to: string, choices = {}) => {
    const message = signed(choices);
    const value = message.headers[name] ?? '';
    assert.notEqual(value.replace(from, to), value, `${name} lacks ${from}`);
    return { ...message, headers: { ...message.headers, [name]: value.replace(from, to) } };
  };
  const cases: [string, SignedMessage, number, RegExp][] = [
    ['no signature', without('signature'), 401, /not signed/],
    ['no Signature-Agent', without('signature-agent'), 403, /signature-agent is not signed/],
    ['over http', signed({}, 'http://example.com/'), 403, /over http/],
    ['another path', { ...signed(), url: new URL('https://example.com/b?b=1') }, 403, /not of this request/],
    ['another method', { ...signed(), method: 'POST' }, 403, /not of this request/],
    ['no dictionary', changed('signature-input', '(', '(('), 400, /Signature-Input is no dictionary/],
    ['another label', changed('signature', 'sig1=', 'sig2='), 400, /no bytes for the label sig1/],
    ['another tag', changed('signature-input', 'web-bot-auth', 'other'), 401, /No signature has the tag/],
    ['not bound', signed({ covered: ['@method'] }), 403, /count at every host/],
    ['the future', signed({ created: now + 60 }), 403, /60 s in the future/],
    ['the past', signed({ created: now - 90 }), 403, /expired 30 s ago/],
    ['too long', signed({ expires: now + 86_401 }), 403, /more than a day/],
    ['hmac', changed('signature-input', '"ed25519"', '"hmac-sha256"'), 403, /hmac-sha256 is not accepted/],
    [
      'another algorithm',
      changed('signature-input', '"ed25519"', '"rsa-pss-sha512"'),
      403,
      /does not sign with/,
    ],
    ['http agent', changed('signature-agent', 'https:', 'http:'), 400, /names no https URL/],
  ];
  for (const [what, message, status, why] of cases) {
    const refusal = refusalOf(message);
    assert.equal(refusal?.status, status, `${what}: ${refusal?.why}`);
    assert.match(refusal?.why ?? '', why, what);
  }
  assert.match(refusalOf(signed(), now, [newKey()])?.why ?? '', /The directory has no key/);
  assert.match(refusalOf(signed(), now, [{ ...own, exp: now }])?.why ?? '', /not valid now/);
  assert.match(refusalOf(signed(), now, [{ ...own, nbf: now + 1 }])?.why ?? '', /not valid now/);
});

test('a component that the request lacks, has twice, or that is not known is named', () => {
  const swap = (to: string) => {
    const message = signed();
    const input = (message.headers['signature-input'] ?? '').replace('"@method"', to);
    return refusalOf({ ...message, headers: { ...message.headers, 'signature-input': input } });
  };
  assert.match(swap('"x-missing"')?.why ?? '', /no header x-missing/);
  assert.match(swap('"@path"')?.why ?? '', /twice/);
  assert.match(swap('"@status"')?.why ?? '', /no component that drover knows/);
  assert.match(swap('"@method";req')?.why ?? '', /answers alone/);
  assert.match(swap('"host";sf')?.why ?? '', /;sf/);
  assert.match(swap('"signature";key="none"')?.why ?? '', /no member none/);
});

test('a nonce counts once', () => {
  const message = signed();
  const claim = readClaim(message, now);
  assert.ok('keyid' in claim);
  const nonces = createNonceMemory();
  assert.equal(verifyClaim(message, claim, [own], { now, nonces }), null);
  assert.equal(verifyClaim(message, claim, [own], { now, nonces })?.status, 429);
});

test('of older dictionaries it is said that they are such', () => {
  const claim = readClaim(signed({ agentKey: 'agent' }), now);
  assert.ok('keyid' in claim);
  assert.equal(claim.form, 'draft-00');
  const again = readClaim(signed(), now);
  assert.ok('keyid' in again && again.form === 'draft-01');
});
