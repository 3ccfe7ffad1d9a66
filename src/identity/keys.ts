// Keys of Web Bot Auth: Ed25519 ones that drover makes and signs with, and those of others that are verified.
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** A public key of a directory. Times are Unix seconds. */
export interface PublicJwk extends JsonWebKey {
  kid?: string;
  use?: string;
  /** Before `nbf` and from `exp` on, nothing that it signs counts. */
  nbf?: number;
  exp?: number;
}

/** An Ed25519 key as an identity keeps it. */
export interface OwnJwk extends PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
}

/** The names of RFC 9421 section 6.2.2 that are known here. HMAC is forbidden, so it is none of them. */
export type SignatureAlgorithm = 'ed25519' | 'rsa-pss-sha512';

export function newKey(): OwnJwk {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x: x as string, d: d as string };
}

/** Members of RFC 7638 section 3.2, in the order of their names. */
const required: Record<string, readonly string[]> = {
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
};

/** The JWK thumbprint (RFC 7638, SHA-256, base64url), which is the `keyid`; null if the key is incomplete. */
export function thumbprintOf(jwk: JsonWebKey): string | null {
  const names = required[String(jwk.kty)];
  if (names === undefined || names.some((name) => typeof jwk[name] !== 'string')) return null;
  const members = Object.fromEntries(names.map((name) => [name, jwk[name]]));
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** Keys of RFC 9421, appendix B.1. Everybody has their private halves, so nothing that they sign counts. */
const published = new Set([
  'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U',
  'oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA',
]);

/** Whether the key is one of the examples of RFC 9421. */
export function isPublishedKey(keyid: string): boolean {
  return published.has(keyid);
}

/** Throws what Node throws for a malformed key. */
export function privateKeyOf({ kty, crv, x, d }: OwnJwk): KeyObject {
  return createPrivateKey({ key: { kty, crv, x, d }, format: 'jwk' });
}

export function signBytes(key: KeyObject, base: string): Buffer {
  return sign(null, Buffer.from(base, 'latin1'), key);
}

/** How the key signs; null for a key that is not known here. */
export function algorithmOf({ kty, crv }: JsonWebKey): SignatureAlgorithm | null {
  if (kty === 'OKP' && crv === 'Ed25519') return 'ed25519';
  return kty === 'RSA' ? 'rsa-pss-sha512' : null;
}

/** Whether the key has signed the base. False for a malformed key too. */
export function hasSigned(jwk: JsonWebKey, base: string, signature: Uint8Array): boolean {
  const algorithm = algorithmOf(jwk);
  if (algorithm === null) return false;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const bytes = Buffer.from(base, 'latin1');
    if (algorithm === 'ed25519') return verify(null, bytes, key, signature);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verify('sha512', bytes, { key, padding, saltLength: 64 }, signature);
  } catch {
    return false;
  }
}
