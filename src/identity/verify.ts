// Verifies a signed request as a server does (draft-ietf-webbotauth-httpsig-protocol-01, RFC 9421), and says
// why it would refuse one.
import type { JsonWebKey } from 'node:crypto';
import { type BareItem, isInnerList, serializeInnerList } from 'structured-headers';
import {
  authorityOf,
  BaseError,
  type Component,
  dictionaryOf,
  type SignedMessage,
  signatureBase,
} from './base.ts';
import { agentOf } from './identity.ts';
import { algorithmOf, hasSigned, isPublishedKey, type PublicJwk, thumbprintOf } from './keys.ts';
import { BOT_TAG } from './sign.ts';

/** Which draft the Signature-Agent of a request follows. */
export type AgentForm = 'draft-01' | 'draft-00' | 'string';

/** What a signature says of itself, before any key is asked. */
export interface Claim {
  readonly label: string;
  readonly keyid: string;
  /** The https URL of the key directory. */
  readonly agent: string;
  readonly form: AgentForm;
  readonly created: number;
  readonly expires: number;
  readonly nonce: string | null;
  readonly covered: readonly Component[];
  /** The value of @signature-params. */
  readonly params: string;
  readonly alg: string | null;
  readonly signature: Uint8Array;
}

/** `status`: what a server answers. 400: it cannot be read. 401: nobody known. 403: it does not count. */
export interface SignatureRefusal {
  readonly status: 400 | 401 | 403 | 429;
  readonly why: string;
  readonly advice: string;
}

const refused = (status: SignatureRefusal['status'], why: string, advice: string): SignatureRefusal => ({
  ...{ status, why, advice },
});

/** Clocks differ: a signature may be made by this much in the future. */
const SKEW_SECONDS = 30;
const DAY_SECONDS = 86_400;

/**
 * Reads the signature of a bot. A SignatureRefusal when there is none, or when it cannot count whatever the
 * key is.
 */
export function readClaim(message: SignedMessage, now: number): Claim | SignatureRefusal {
  const { headers, url } = message;
  const [input, signature, agent] = ['signature-input', 'signature', 'signature-agent'].map(
    (name) => headers[name],
  );
  if (input === undefined || signature === undefined)
    return refused(401, 'The request is not signed.', 'Crawl with --identity, over https.');
  if (url.protocol !== 'https:')
    return refused(403, 'It came over http, where everybody on the way can copy it.', 'Sign https alone.');
  const inputs = dictionaryOf(input);
  const signatures = dictionaryOf(signature);
  if (inputs === null) return unreadable('Signature-Input');
  if (signatures === null) return unreadable('Signature');
  const found = [...inputs].find(([, member]) => member[1].get('tag') === BOT_TAG);
  if (!found) return refused(401, `No signature has the tag ${BOT_TAG}.`, `Sign with ;tag="${BOT_TAG}".`);
  const [label, member] = found;
  if (!isInnerList(member)) return unreadable('Signature-Input');
  const bytes = signatures.get(label)?.[0];
  if (!(bytes instanceof ArrayBuffer))
    return refused(400, `Signature has no bytes for the label ${label}.`, 'Use one label in both fields.');
  const covered = member[0].map(([name, parameters]) => ({ name: String(name), parameters }));
  const said = readAgent(agent, label, covered);
  if ('why' in said) return said;
  const lacks = lackOf(covered, member[1]) ?? timesOf(member[1], now);
  if (lacks) return lacks;
  const params = member[1];
  return {
    ...{ label, ...said, covered, params: serializeInnerList(member) },
    keyid: String(params.get('keyid')),
    created: Number(params.get('created')),
    expires: Number(params.get('expires')),
    nonce: textOf(params.get('nonce')),
    alg: textOf(params.get('alg')),
    signature: new Uint8Array(bytes),
  };
}

function unreadable(field: string): SignatureRefusal {
  return refused(400, `${field} is no dictionary as RFC 9421 wants it.`, 'Let no proxy change or join it.');
}

function textOf(value: BareItem | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function readAgent(
  field: string | undefined,
  label: string,
  covered: readonly Component[],
): { agent: string; form: AgentForm } | SignatureRefusal {
  const component = covered.find(({ name }) => name === 'signature-agent');
  if (field === undefined || component === undefined)
    return refused(403, 'signature-agent is not signed.', 'Send Signature-Agent, and cover it.');
  const key = component.parameters.get('key');
  const isString = field.trim().startsWith('"');
  const dictionary = isString ? null : dictionaryOf(field);
  const value = isString ? unquoted(field) : dictionary?.get(String(key))?.[0];
  const agent = agentOf(value);
  if (agent === null)
    return refused(400, 'Signature-Agent names no https URL of a key directory.', agentAdvice(label));
  if (isString) return { agent, form: 'string' };
  if (key === label && dictionary?.get(label)?.[1].size === 0) return { agent, form: 'draft-01' };
  return { agent, form: 'draft-00' };
}

function unquoted(field: string): string | null {
  return /^\s*"([^"\\]*)"\s*$/.exec(field)?.[1] ?? null;
}

function agentAdvice(label: string): string {
  return `By draft-01 it is ${label}="https://HOST", covered as "signature-agent";key="${label}".`;
}

function lackOf(
  covered: readonly Component[],
  params: ReadonlyMap<string, BareItem>,
): SignatureRefusal | null {
  const isBound = covered.some(({ name }) => name === '@authority' || name === '@target-uri');
  if (!isBound) return refused(403, 'It would count at every host.', 'Cover @authority or @target-uri.');
  if (textOf(params.get('keyid')) === null) return refused(400, 'It has no keyid.', 'Send the thumbprint.');
  const alg = params.get('alg');
  if (alg === undefined || alg === 'ed25519' || alg === 'rsa-pss-sha512') return null;
  return refused(403, `The algorithm ${String(alg)} is not accepted.`, 'Sign with ed25519.');
}

function timesOf(params: ReadonlyMap<string, BareItem>, now: number): SignatureRefusal | null {
  const [created, expires] = [params.get('created'), params.get('expires')];
  if (!Number.isSafeInteger(created) || !Number.isSafeInteger(expires))
    return refused(400, 'It lacks created or expires.', 'Send both, in Unix seconds.');
  const [from, to] = [Number(created), Number(expires)];
  if (from > now + SKEW_SECONDS)
    return refused(403, `It was made ${from - now} s in the future.`, 'Set the clock of the crawler.');
  if (to <= now)
    return refused(403, `It expired ${now - to} s ago.`, 'Sign each request anew; set the clock.');
  if (to - from <= DAY_SECONDS) return null;
  return refused(403, 'It holds for more than a day.', 'Let it expire sooner; a minute is usual.');
}

/** Where nonces that were seen are kept. A server has one for all requests. */
export interface NonceMemory {
  /** Notes the nonce until it expires. True when it was there already. */
  seen(keyid: string, nonce: string, expires: number): boolean;
}

/**
 * Whether the claim is true of the message: null, or why not. `keys`: those of the agent's directory.
 * `allowPublished`: the example keys of RFC 9421 count too, as they do in no production.
 */
export function verifyClaim(
  message: SignedMessage,
  claim: Claim,
  keys: readonly PublicJwk[],
  options: { now: number; nonces?: NonceMemory; allowPublished?: boolean },
): SignatureRefusal | null {
  const jwk = keys.find((key) => thumbprintOf(key as JsonWebKey) === claim.keyid);
  if (!jwk)
    return refused(
      401,
      `The directory has no key ${claim.keyid}.`,
      'Publish the directory of this identity.',
    );
  const { now, nonces, allowPublished = false } = options;
  if (isPublishedKey(claim.keyid) && !allowPublished)
    return refused(403, 'This is an example key of RFC 9421, which everybody has.', 'Make one of your own.');
  const { nbf = 0, exp = Number.POSITIVE_INFINITY } = jwk;
  if (now < nbf || now >= exp) return refused(403, 'The key is not valid now.', 'See its nbf and exp.');
  if (claim.alg !== null && claim.alg !== algorithmOf(jwk))
    return refused(403, `The key does not sign with ${claim.alg}.`, 'Name the algorithm of the key.');
  try {
    const base = signatureBase(message, claim.covered, claim.params);
    if (!hasSigned(jwk, base, claim.signature))
      return refused(403, 'The signature is not of this request.', changedAdvice(message));
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    return refused(400, `${sentence(error.message)}.`, 'Cover what the request has.');
  }
  const { nonce, keyid, expires } = claim;
  if (nonce !== null && nonces?.seen(keyid, nonce, expires))
    return refused(429, 'The nonce was used before.', 'Sign each request anew, retries and redirects too.');
  return null;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function changedAdvice({ url, headers }: SignedMessage): string {
  const authority = authorityOf(url, headers.host);
  return `Method, host (${authority}), path or query may have been changed on the way, by a proxy or by hand.`;
}

/** Keeps nonces in memory. */
export function createNonceMemory(): NonceMemory {
  const until = new Map<string, number>();
  return {
    seen(keyid, nonce, expires) {
      const key = `${keyid} ${nonce}`;
      if (until.has(key)) return true;
      until.set(key, expires);
      return false;
    },
  };
}
