// Answers that stand in for the page, because something is wanted first: a proof of being a browser or a
// person, a price, a licence. One table says by which header each is known, and one function reads it. The
// body of an answer is never looked at.
import { type ErrorCode, type Failure, failure } from '../errors.ts';

interface StandIn {
  code: ErrorCode;
  /** Whose it is: a vendor's, or a specification's. */
  who: string;
  /** In lower case. A header that stands on good answers too proves nothing, and is no row here. */
  header: string;
  /** Matched against the header's value, from which quoted strings are taken out. */
  value: RegExp;
  /**
   * The statuses with which it was seen or is documented; null where the header tells by itself, whatever the
   * status.
   */
  statuses: readonly number[] | null;
  /** The detail of the failure, from the header's whole value. */
  tells: (value: string) => string;
  /** Where this can be read. */
  source: string;
}

const anything = /^/;
/** Servers and caches may send a line twice: then Node joins the two by a comma. */
const shown = (header: string) => (value: string) => `with ${header}: ${short(value.split(',', 1)[0] ?? '')}`;
const present = (header: string) => () => `with ${header}`;

const standIns: readonly StandIn[] = [
  {
    ...{ code: 'E_CHALLENGE', who: 'Cloudflare', header: 'cf-mitigated', value: /^challenge(?:,|$)/i },
    ...{ statuses: null, tells: shown('cf-mitigated') },
    source:
      'developers.cloudflare.com, "Detect a Challenge Page response": the header tells, whatever page it is',
  },
  {
    ...{ code: 'E_CHALLENGE', who: 'AWS WAF', header: 'x-amzn-waf-action' },
    ...{ value: /^(?:challenge|captcha)(?:,|$)/i, statuses: [202, 405], tells: shown('x-amzn-waf-action') },
    source: 'docs.aws.amazon.com/waf, "CAPTCHA and Challenge action behavior": 202 challenge, 405 captcha',
  },
  {
    ...{ code: 'E_CHALLENGE', who: 'Vercel', header: 'x-vercel-mitigated' },
    ...{ value: /^(?:challenge|deny)(?:,|$)/i, statuses: [403, 429], tells: shown('x-vercel-mitigated') },
    source: 'seen in 2026: 403, and 429 which looks like a rate limit and is none',
  },
  {
    ...{ code: 'E_CHALLENGE', who: 'DataDome', header: 'x-dd-b', value: anything },
    ...{ statuses: [403], tells: present('x-dd-b') },
    source: 'docs.datadome.co, "Validate request"; x-datadome alone stands on good answers too',
  },
  {
    ...{ code: 'E_CHALLENGE', who: 'DataDome', header: 'x-datadome-cid', value: anything },
    ...{ statuses: [403], tells: present('x-datadome-cid') },
    source: 'seen in 2026, beside x-dd-b',
  },
  {
    ...{ code: 'E_LICENSE', who: 'RSL', header: 'www-authenticate' },
    ...{ value: /(?:^|,)\s*license(?:[\s,]|$)/i, statuses: [401, 402], tells: licenceText },
    source: 'rslstandard.org, RSL 1.0: no token, or a bad one; not licensed, or not paid',
  },
  {
    ...{ code: 'E_PAYMENT', who: 'Cloudflare', header: 'crawler-price', value: anything, statuses: [402] },
    tells: (value) => `at the price of ${short(value)}`,
    source: 'developers.cloudflare.com, "Pay per crawl"',
  },
  {
    ...{ code: 'E_PAYMENT', who: 'x402', header: 'payment-required', value: anything, statuses: [402] },
    tells: offerText,
    source: 'x402 specification v2 of 2025-12-09: base64 of JSON with what is accepted',
  },
];

const forEvery = standIns.filter(({ statuses }) => statuses === null);
/** The rows by status, so that a usual answer looks at those for every status alone. */
const byStatus = new Map(
  standIns
    .flatMap(({ statuses }) => statuses ?? [])
    .map((status) => [
      status,
      standIns.filter(({ statuses }) => statuses === null || statuses.includes(status)),
    ]),
);

/**
 * For what an answer stands in for the page: E_CHALLENGE, E_LICENSE or E_PAYMENT, with the status and whose
 * it is; null for any other answer. 402 without any of the headers is a price that is not told (RFC 9110
 * section 15.5.3), unless it says when to come again. Header names in lower case.
 */
export function standInOf({
  status,
  headers,
}: {
  status: number;
  headers: Record<string, string>;
}): Failure | null {
  for (const { code, who, header, value, tells } of byStatus.get(status) ?? forEvery) {
    const found = headers[header];
    if (found === undefined || !value.test(found.replace(quoted, '""'))) continue;
    return failure(code, `Status ${status} ${tells(found)} (${who}).`);
  }
  if (status !== 402 || headers['retry-after'] !== undefined) return null;
  return failure('E_PAYMENT', `Status ${status} without a price.`);
}

/** The challenge that an answer is, else null. */
export function challengeOf(answer: { status: number; headers: Record<string, string> }): Failure | null {
  const standIn = standInOf(answer);
  return standIn?.code === 'E_CHALLENGE' ? standIn : null;
}

/** An unclosed quote extends to the end of the text. */
const quoted = /"(?:\\.|[^"\\])*"?/gs;
const LONGEST = 80;

/** What a server wrote, in one line of bounded length. */
function short(text: string): string {
  return text
    .slice(0, LONGEST)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
}

function licenceText(value: string): string {
  const error = /\berror\s*=\s*"?([\w.-]{1,40})/i.exec(value.slice(value.search(/license/i)))?.[1];
  return `with WWW-Authenticate: License${error ? `, error ${error}` : ''}`;
}

/** The first of the offers. Amounts are in the smallest unit of their currency. */
function offerText(value: string): string {
  const { amount, asset, network, name } = firstOffer(value);
  if (!amount) return 'with PAYMENT-REQUIRED that names no price';
  const currency = name || asset;
  return `at the price of ${amount}${currency ? ` smallest units of ${currency}` : ''}${network ? ` on ${network}` : ''}`;
}

function firstOffer(value: string): Record<string, string> {
  try {
    const offer = JSON.parse(Buffer.from(value, 'base64').toString())?.accepts?.[0] ?? {};
    const { amount, asset, network, extra } = offer;
    const known = Object.entries({ amount, asset, network, name: extra?.name });
    return Object.fromEntries(
      known.map(([name, each]) => [name, ['string', 'number'].includes(typeof each) ? short(`${each}`) : '']),
    );
  } catch {
    return {};
  }
}
