import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { signWebhook, verifyWebhook } from '../../../src/webhooks/sign.ts';

const secret = 'a secret of enough characters';
const now = () => Math.floor(Date.now() / 1000);

test('the signature is HMAC-SHA256 in base64 over id, time and body, joined by dots', () => {
  const headers = signWebhook(
    'correct horse battery',
    'shop-1a2b3c4d-1',
    1700000000,
    '{"type":"crawl.finished"}',
  );
  assert.deepEqual(headers, {
    'webhook-id': 'shop-1a2b3c4d-1',
    'webhook-timestamp': '1700000000',
    // printf '%s' 'shop-1a2b3c4d-1.1700000000.{"type":"crawl.finished"}' | openssl dgst -sha256 -hmac
    // 'correct horse battery' -binary | base64
    'webhook-signature': 'v1,1/++RpMkbKENKiu+yZWF1WToiYwK5dSvHtck3gskEVU=',
  });
});

test('a secret in the form of the Standard Webhooks specification is base64, so that its libraries verify what drover signs', () => {
  // The key, the message and the signature of the reference implementations' own test.
  const reference = {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    seconds: 1614265330,
    body: '{"test": 2432232314}',
  };
  const headers = signWebhook(reference.secret, reference.id, reference.seconds, reference.body);
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('what is signed verifies, with header names in any case, in Headers, as bytes, with several signatures and several secrets', () => {
  const body = '{"id":"é"}';
  const headers = signWebhook(secret, 'c-1-1', now(), body);
  const upper = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
  );
  const several = { ...headers, 'webhook-signature': `v1a,abc v1,AAAA ${headers['webhook-signature']}` };
  assert.ok(verifyWebhook({ secret, headers, body }));
  assert.ok(verifyWebhook({ secret, headers: upper, body }));
  assert.ok(verifyWebhook({ secret, headers: new Headers({ ...headers }), body: Buffer.from(body) }));
  assert.ok(verifyWebhook({ secret, headers: several, body }));
  assert.ok(verifyWebhook({ secret: ['the next secret there is', secret], headers, body }));
});

test('any change to id, time, body, signature or secret is seen', () => {
  const change = fc.record({
    field: fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'body', 'secret'),
    at: fc.nat(1000),
    to: fc.constantFrom('0', '1', 'a', 'Z', '.', '+'),
  });
  fc.assert(
    fc.property(change, ({ field, at, to }) => {
      const body = '{"id":"c-1-1"}';
      const parts: Record<string, string> = { ...signWebhook(secret, 'c-1-1', now(), body), body, secret };
      const before = parts[field] ?? '';
      // The last character of base64 holds bits that do not count.
      const place = at % (before.length - (field === 'webhook-signature' ? 2 : 0));
      const after = before.slice(0, place) + to + before.slice(place + 1);
      fc.pre(after !== before);
      const { body: sent = '', secret: key = '', ...headers } = { ...parts, [field]: after };
      assert.equal(verifyWebhook({ secret: key, headers, body: sent, toleranceSeconds: 1e12 }), false);
    }),
  );
});

test('a message that is too old, from the future, without a header, or signed with no secret at all is not believed', () => {
  const body = '{}';
  const at = (seconds: number) => signWebhook(secret, 'c-1-1', seconds, body);
  assert.equal(verifyWebhook({ secret, headers: at(now() - 301), body }), false);
  assert.equal(verifyWebhook({ secret, headers: at(now() + 302), body }), false);
  assert.ok(verifyWebhook({ secret, headers: at(now() - 301), body, toleranceSeconds: 400 }));
  for (const name of Object.keys(at(0))) {
    const headers: Record<string, string | undefined> = { ...at(now()), [name]: undefined };
    assert.equal(verifyWebhook({ secret, headers, body }), false, name);
  }
  const signature = createHmac('sha256', '').update(`c-1-1.${now()}.${body}`).digest('base64');
  const unsigned = { ...at(now()), 'webhook-signature': `v1,${signature}` };
  assert.equal(verifyWebhook({ secret: '', headers: unsigned, body }), false);
  assert.equal(verifyWebhook({ secret, headers: { ...at(now()), 'webhook-timestamp': 'NaN' }, body }), false);
});
