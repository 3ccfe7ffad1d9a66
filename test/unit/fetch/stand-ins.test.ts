// The table of what stands in for a page: a challenge, a price, a licence. By headers and status alone.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/errors.ts';
import { classify } from '../../../src/fetch/classify.ts';
import { standInOf } from '../../../src/fetch/stand-ins.ts';
import { type Answer, NO_TIMINGS } from '../../../src/outcome.ts';
import { signalOf } from '../../../src/politeness/answer-signal.ts';

type Row = [status: number, headers: Record<string, string>, code: ErrorCode | null, detail?: string];

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const accepts = [
  { scheme: 'exact', network: 'eip155:8453', amount: '10000', asset: '0xa1', extra: { name: 'USDC' } },
];

const rows: Row[] = [
  [
    403,
    { 'cf-mitigated': 'challenge' },
    'E_CHALLENGE',
    'Status 403 with cf-mitigated: challenge (Cloudflare).',
  ],
  [429, { 'cf-mitigated': 'Challenge' }, 'E_CHALLENGE'],
  [503, { 'cf-mitigated': 'challenge', 'retry-after': '30' }, 'E_CHALLENGE'],
  [200, { 'cf-mitigated': 'challenge' }, 'E_CHALLENGE'],
  [
    403,
    { 'cf-mitigated': 'challenge, challenge' },
    'E_CHALLENGE',
    'Status 403 with cf-mitigated: challenge (Cloudflare).',
  ],
  [403, { 'cf-mitigated': 'block' }, null],
  [
    202,
    { 'x-amzn-waf-action': 'challenge' },
    'E_CHALLENGE',
    'Status 202 with x-amzn-waf-action: challenge (AWS WAF).',
  ],
  [405, { 'x-amzn-waf-action': 'captcha' }, 'E_CHALLENGE'],
  [200, { 'x-amzn-waf-action': 'challenge' }, null],
  [202, {}, null],
  [405, { 'x-amzn-waf-action': 'count' }, null],
  [403, { 'x-vercel-mitigated': 'challenge' }, 'E_CHALLENGE'],
  [
    429,
    { 'x-vercel-mitigated': 'challenge' },
    'E_CHALLENGE',
    'Status 429 with x-vercel-mitigated: challenge (Vercel).',
  ],
  [
    403,
    { 'x-vercel-mitigated': 'deny' },
    'E_CHALLENGE',
    'Status 403 with x-vercel-mitigated: deny (Vercel).',
  ],
  [200, { 'x-vercel-mitigated': 'challenge' }, null],
  [403, { 'x-dd-b': '1' }, 'E_CHALLENGE', 'Status 403 with x-dd-b (DataDome).'],
  [403, { 'x-datadome': 'protected', 'x-datadome-cid': 'AHrl' }, 'E_CHALLENGE'],
  // Headers that stand on good answers too.
  [403, { 'x-datadome': 'protected' }, null],
  [200, { 'x-datadome': 'protected', 'x-datadome-cid': 'AHrl' }, null],
  [403, { 'x-iinfo': '1-2', 'x-cdn': 'Imperva' }, null],
  [403, { server: 'cloudflare', 'cf-ray': '8f02-LHR' }, null],
  [402, { 'crawler-price': 'USD 0.01' }, 'E_PAYMENT', 'Status 402 at the price of USD 0.01 (Cloudflare).'],
  [200, { 'crawler-price': 'USD 0.01', 'crawler-charged': 'USD 0.01' }, null],
  [
    402,
    { 'payment-required': base64({ x402Version: 2, accepts }) },
    'E_PAYMENT',
    'Status 402 at the price of 10000 smallest units of USDC on eip155:8453 (x402).',
  ],
  [
    402,
    { 'payment-required': base64({ accepts: [{ amount: 7, network: { a: 1 } }] }) },
    'E_PAYMENT',
    'Status 402 at the price of 7 (x402).',
  ],
  [
    402,
    { 'payment-required': 'none of that' },
    'E_PAYMENT',
    'Status 402 with PAYMENT-REQUIRED that names no price (x402).',
  ],
  [402, {}, 'E_PAYMENT', 'Status 402 without a price.'],
  [402, { 'retry-after': '60' }, null],
  [402, { 'crawler-price': 'USD 1', 'retry-after': '60' }, 'E_PAYMENT'],
  [
    401,
    { 'www-authenticate': 'License error="invalid_request"' },
    'E_LICENSE',
    'Status 401 with WWW-Authenticate: License, error invalid_request (RSL).',
  ],
  [
    402,
    { 'www-authenticate': 'Bearer realm="a", license' },
    'E_LICENSE',
    'Status 402 with WWW-Authenticate: License (RSL).',
  ],
  [401, { 'www-authenticate': 'Basic realm="a, License b"' }, null],
  [401, { 'www-authenticate': 'Licensed x="y"' }, null],
  [403, { 'www-authenticate': 'License' }, null],
  [401, {}, null],
];

const answerOf = (status: number, headers: Record<string, string>): Answer => ({
  ...{ finalUrl: 'http://a.test/', status, headers, body: new Uint8Array(), address: null, http: '1.1' },
  ...{ redirects: 0, timings: NO_TIMINGS },
});
const nowMs = 1_700_000_000_000;

for (const [status, headers, code, detail] of rows)
  test(`${status} ${JSON.stringify(headers).slice(0, 80)}: ${code ?? 'no stand-in'}`, () => {
    const standIn = standInOf({ status, headers });
    assert.equal(standIn?.code ?? null, code);
    if (detail !== undefined) assert.equal(standIn?.detail, detail);
    const answer = answerOf(status, headers);
    const verdict = classify({ ok: true, answer }, { deadOn: [], nowMs });
    const signal = signalOf(
      { ok: true, answer },
      { afterMs: 9, by: 'retry-after' },
      { attempt: 1, longestMs: 9, nowMs },
    );
    if (code === null) return assert.notEqual(signal.kind, 'nothing');
    assert.deepEqual(verdict, { kind: 'recorded', answer, failure: standIn });
    assert.deepEqual(
      signal,
      { kind: 'nothing', named: null, quota: null },
      'the host is neither paused nor slowed',
    );
  });

test('--dead-on goes first: who names a status wants its letters, a challenge among them; the host is spared all the same', () => {
  const answer = answerOf(403, { 'cf-mitigated': 'challenge' });
  const verdict = classify({ ok: true, answer }, { deadOn: [403], nowMs });
  assert.deepEqual([verdict.kind, verdict.failure?.code], ['dead', 'E_HTTP_DEAD_STATUS']);
  assert.equal(signalOf({ ok: true, answer }, null, { attempt: 1, longestMs: 9, nowMs }).kind, 'nothing');
});

const names = [
  'cf-mitigated',
  'x-amzn-waf-action',
  'x-dd-b',
  'www-authenticate',
  'crawler-price',
  'payment-required',
];

test('no header makes it throw, nor its message long or of several lines', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 500 }),
    fc.json().map((text) => Buffer.from(text).toString('base64')),
    fc.anything().map((accept) => base64({ accepts: [accept] })),
    fc.constantFrom('License error=', 'challenge,', '"'),
  );
  const headers = fc.dictionary(fc.constantFrom(...names), value);
  fc.assert(
    fc.property(fc.constantFrom(200, 202, 401, 402, 403, 429), headers, (status, given) => {
      const detail = standInOf({ status, headers: given })?.detail ?? '';
      assert.match(detail, /^[\x20-\x7e]*$/);
      assert.ok(detail.length < 420, detail);
    }),
  );
});

test('a hostile header takes no more than linear time', () => {
  for (const piece of ['"', '\\"', ',', ', ', ' ', 'license ', 'license error ', 'error =', 'A']) {
    const start = performance.now();
    for (const name of names)
      for (const status of [401, 402, 403])
        standInOf({ status, headers: { [name]: piece.repeat(65_536 / piece.length) } });
    assert.ok(performance.now() - start < 1000, piece);
  }
});
