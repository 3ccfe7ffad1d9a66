// Signs and verifies webhooks by the Standard Webhooks specification (https://www.standardwebhooks.com),
// version 1.0.0, with symmetric keys.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** A message whose time differs from now by more than this, past or future, is rejected. */
const TOLERANCE_SECONDS = 300;

export type SignedHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>;

/** The headers that sign `body` at one moment, in Unix seconds. `id` must not contain a dot. */
export function signWebhook(secret: string, id: string, seconds: number, body: string): SignedHeaders {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${hmac(secret, id, String(seconds), body).toString('base64')}`,
  };
}

/**
 * Whether a request that a receiver got is a webhook of drover: it is signed with `secret`, and its time
 * differs from now by at most `toleranceSeconds` (300 by default). `body` must be the received bytes, not a
 * parsed and re-encoded copy. `headers` may be those of node:http or fetch, with names in any case. `secret`
 * may be several while one is being replaced; any of them may have signed. Compares in constant time and
 * never throws. A webhook may come more than once; its header `webhook-id` is then the same. Source:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function verifyWebhook(message: {
  /** DROVER_WEBHOOK_SECRET. */
  secret: string | readonly string[];
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  body: string | Uint8Array;
  toleranceSeconds?: number;
}): boolean {
  const { headers, body, toleranceSeconds = TOLERANCE_SECONDS } = message;
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  if (id === '' || !/^\d{1,15}$/.test(timestamp)) return false;
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(ageSeconds <= toleranceSeconds)) return false;
  const given = headerOf(headers, 'webhook-signature')
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Buffer.from(signature.slice(3), 'base64'));
  const secrets = typeof message.secret === 'string' ? [message.secret] : message.secret;
  let isSigned = false;
  for (const secret of secrets) {
    if (secret === '') continue; // an unset variable: anybody could sign with an empty secret
    const expected = hmac(secret, id, timestamp, body);
    for (const signature of given)
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) isSigned = true;
  }
  return isSigned;
}

function hmac(secret: string, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest();
}

/** A secret in the specification's form is base64; any other text is the key itself. */
function keyOf(secret: string): Buffer {
  const encoded = /^whsec_(.*)$/s.exec(secret)?.[1];
  return encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, 'base64');
}

function headerOf(headers: Parameters<typeof verifyWebhook>[0]['headers'], name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? '';
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : (found?.[0] ?? '');
}
