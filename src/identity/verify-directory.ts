// Reads a key directory as a verifier does: its keys, and whether it signs itself.
import { createHash } from 'node:crypto';
import { isInnerList, serializeInnerList } from 'structured-headers';
import { BaseError, dictionaryOf, signatureBase } from './base.ts';
import { DIRECTORY_TAG } from './directory.ts';
import { hasSigned, type PublicJwk, thumbprintOf } from './keys.ts';

/** Of a directory, at most so many keys are looked at. */
const MOST_KEYS = 100;

/** The keys of a JWK Set that can be named by a thumbprint; null if the text is none. */
export function keysIn(text: string): PublicJwk[] | null {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) return null;
    return keys.slice(0, MOST_KEYS).filter((key) => typeof key === 'object' && key && thumbprintOf(key));
  } catch {
    return null;
  }
}

/** An answer of a directory. Names of headers are in lower case. */
export interface ReceivedDirectory {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Which keys have signed the directory, as who passes it on wants it; or why none counts. */
export function directorySigners(
  { url, headers, body }: ReceivedDirectory,
  keys: readonly PublicJwk[],
  now: number,
): readonly string[] | string {
  const inputs = dictionaryOf(headers['signature-input'] ?? '');
  const signatures = dictionaryOf(headers.signature ?? '');
  if (!inputs?.size || !signatures?.size) return 'it is not signed';
  const digest = dictionaryOf(headers['content-digest'] ?? '')?.get('sha-256')?.[0];
  const ours = createHash('sha256').update(body).digest();
  if (!(digest instanceof ArrayBuffer) || !ours.equals(Buffer.from(digest)))
    return 'its Content-Digest is not that of its body';
  const signers: string[] = [];
  let why = 'none of its signatures is by one of its keys';
  for (const [label, member] of inputs) {
    const [, params] = member;
    if (!isInnerList(member) || params.get('tag') !== DIRECTORY_TAG) continue;
    const [created, expires, keyid] = ['created', 'expires', 'keyid'].map((name) => params.get(name));
    const jwk = keys.find((key) => thumbprintOf(key) === keyid);
    const bytes = signatures.get(label)?.[0];
    if (!jwk || !(bytes instanceof ArrayBuffer)) continue;
    if (Number(created) > now) why = 'it was signed in the future';
    else if (!(Number(expires) > now)) why = 'its signature has expired';
    else if (isSigned({ url, headers }, member[0], serializeInnerList(member), jwk, bytes))
      signers.push(String(keyid));
  }
  return signers.length > 0 ? signers : why;
}

function isSigned(
  message: Pick<ReceivedDirectory, 'url' | 'headers'>,
  items: readonly (readonly [unknown, ReadonlyMap<string, unknown>])[],
  params: string,
  jwk: PublicJwk,
  signature: ArrayBuffer,
): boolean {
  const covered = items.map(([name, parameters]) => ({ name: String(name), parameters }));
  const has = (wanted: string) => covered.some(({ name }) => name === wanted);
  if (!has('@authority') || !has('content-digest')) return false;
  try {
    const base = signatureBase({ method: 'GET', isAnswer: true, ...message }, covered, params);
    return hasSigned(jwk, base, new Uint8Array(signature));
  } catch (error) {
    if (error instanceof BaseError) return false;
    throw error;
  }
}
