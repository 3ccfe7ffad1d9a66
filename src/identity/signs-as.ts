// Whom the requests of a crawl are signed as. This stands by itself, because every command reads the
// settings, and few sign.
import { join, resolve } from 'node:path';

/**
 * The ways to write Signature-Agent. draft-01: a dictionary whose member has the label of the signature.
 * string: a String, as the first drafts had it and some verifiers still want it.
 */
export const signatureProfiles = ['draft-01', 'string'] as const;
export type SignatureProfile = (typeof signatureProfiles)[number];

/** What a crawl says of the identity that its requests are signed with. */
export interface SignsAs {
  /** The path of its file; `auto` for that in the data directory of whoever fetches. */
  readonly file: string;
  readonly profile: SignatureProfile;
}

/** The file of a data directory's own identity. */
export function identityFileOf(dataDir: string): string {
  return join(resolve(dataDir), 'identity.json');
}

/** A request that can be signed. */
export interface Signable {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
}

export interface Signer {
  /**
   * The request with the fields of a signature that is made now, for it alone. A request over http stays as
   * it is: its signature could be read and used by everybody on the way.
   */
  signed<T extends Signable>(request: T): T;
}

/** The part of a fetch that says how it is signed. Each hop over https gets a signature for it alone. */
export interface SignedFetch {
  /** Null or absent: it is not signed. */
  signsAs?: SignsAs | null;
  /** What signs it, in place of what is found by `signsAs`. */
  signer?: Signer;
}
