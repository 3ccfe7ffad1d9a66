// The key directory of an identity, as verifiers fetch it: a JWK Set with its own signature, and the
// Signature Agent Card beside it.
import { createHash } from 'node:crypto';
import { serializeByteSequence } from 'structured-headers';
import { type Component, signatureBase } from './base.ts';
import type { Identity } from './identity.ts';
import { type OwnJwk, type PublicJwk, privateKeyOf, signBytes, thumbprintOf } from './keys.ts';
import { inputOf } from './sign.ts';

export const DIRECTORY_PATH = '/.well-known/http-message-signatures-directory';
export const CARD_PATH = '/.well-known/signature-agent-card';
export const DIRECTORY_TYPE = 'application/http-message-signatures-directory+json';
export const DIRECTORY_TAG = 'http-message-signatures-directory';

/** A directory that is served is signed anew for each answer. Caches may keep it, for less long. */
const VALID_SECONDS = 3600;
const CACHED_SECONDS = 300;

/** Where verifiers of every draft find the keys: a bare origin has them at the well-known path too. */
export function directoryUrlOf(agent: string): string {
  return URL.parse(agent)?.pathname === '/' ? new URL(DIRECTORY_PATH, agent).href : agent;
}

export interface DirectoryAnswer {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** The JWK Set of what is valid now or will be, without private halves. `now`: Unix seconds. */
export function directoryBody(identity: Pick<Identity, 'keys'>, now: number): string {
  const keys: PublicJwk[] = listed(identity, now).map((own) => {
    const { kty, crv, x, nbf, exp } = own;
    const times = { ...(nbf === undefined ? {} : { nbf }), ...(exp === undefined ? {} : { exp }) };
    return { kty, crv, kid: thumbprintOf(own) as string, x, use: 'sig', ...times };
  });
  return JSON.stringify({ keys });
}

function listed({ keys }: Pick<Identity, 'keys'>, now: number): readonly OwnJwk[] {
  return keys.filter(({ exp = Number.POSITIVE_INFINITY }) => now < exp);
}

/**
 * The directory as it is served: signed with each of its keys, as redistribution and some verifiers want it.
 * The host that is signed is the identity's own, whatever the request said.
 */
export function directoryAnswer(
  identity: Pick<Identity, 'agent' | 'keys'>,
  now: number,
  validSeconds = VALID_SECONDS,
): DirectoryAnswer {
  const body = directoryBody(identity, now);
  const digest = createHash('sha256').update(body).digest();
  const headers = {
    'content-type': DIRECTORY_TYPE,
    'content-digest': `sha-256=${serializeByteSequence(digest)}`,
  };
  const times = { created: now, expires: now + validSeconds };
  const signatures = listed(identity, now).map((key) => signDirectory(identity.agent, headers, key, times));
  const joined = (part: 'input' | 'signature') =>
    signatures.map((each, at) => `sig${at + 1}=${each[part]}`).join(', ');
  return {
    body,
    headers: {
      ...headers,
      'cache-control': `public, max-age=${Math.min(CACHED_SECONDS, validSeconds)}`,
      etag: `"${digest.toString('base64url').slice(0, 22)}"`,
      'signature-input': joined('input'),
      signature: joined('signature'),
    },
  };
}

const COVERED: readonly Component[] = [
  { name: '@authority', parameters: new Map([['req', true]]) },
  { name: 'content-digest', parameters: new Map() },
];

/** The member of Signature-Input and that of Signature. Times are Unix seconds. */
export function signDirectory(
  agent: string,
  headers: Readonly<Record<string, string>>,
  key: OwnJwk,
  { created, expires }: { created: number; expires: number },
): { input: string; signature: string } {
  const params = new Map<string, string | number>([
    ['created', created],
    ['expires', expires],
    ['keyid', thumbprintOf(key) as string],
    ['tag', DIRECTORY_TAG],
  ]);
  const input = inputOf(COVERED, params);
  const message = { method: 'GET', url: new URL(agent), headers, isAnswer: true };
  const signature = signBytes(privateKeyOf(key), signatureBase(message, COVERED, input));
  return { input, signature: serializeByteSequence(signature) };
}

/**
 * The Signature Agent Card (draft-meunier-webbotauth-registry-04), which registries of bots ask for. Its
 * client_id is the URL where it is served.
 */
export function agentCard(identity: Identity): string {
  const { agent, name, uri, logo, contacts, userAgent, product, purpose } = identity;
  const card = {
    client_id: new URL(CARD_PATH, agent).href,
    client_name: name,
    ...(uri === null ? {} : { client_uri: uri }),
    ...(logo === null ? {} : { logo_uri: logo }),
    ...(contacts.length === 0 ? {} : { contacts }),
    jwks_uri: directoryUrlOf(agent),
    web_bot_auth: {
      'expected-user-agent': userAgent,
      'rfc9309-product-token': product,
      // The lines of robots.txt that drover obeys.
      'rfc9309-compliance': ['User-Agent', 'Allow', 'Disallow', 'Crawl-delay', 'Content-Usage'],
      trigger: 'crawler',
      ...(purpose === null ? {} : { purpose }),
    },
  };
  return `${JSON.stringify(card, null, 2)}\n`;
}
