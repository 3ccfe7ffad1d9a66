// Signs what one process fetches. The file of an identity is read when it is first needed, and looked at
// again now and then, so that a new key or a missing file is noticed while crawls go on.
import { DroverError, type Failure, failure } from '../errors.ts';
import { readIdentity, signingKeyOf } from './identity.ts';
import { type SigningKey, signatureFields } from './sign.ts';
import type { Signer, SignsAs } from './signs-as.ts';

const FRESH_MS = 30_000;
/** A file that is missing may come soon: every request that waits for it asks again. */
const FAILED_FRESH_MS = 1000;

interface Kept {
  readonly until: number;
  readonly signing: Promise<SigningKey | Failure>;
}

const kept = new Map<string, Kept>();

/**
 * The signer of a crawl's requests; a Failure (E_IDENTITY_NONE, E_IDENTITY) when nothing can be signed.
 * `ownFile`: the identity that `auto` means.
 */
export async function signerFor(signsAs: SignsAs, ownFile = ''): Promise<Signer | Failure> {
  const file = signsAs.file === 'auto' ? ownFile : signsAs.file;
  const signing = await keyIn(file);
  if ('code' in signing) return signing;
  const { profile } = signsAs;
  return {
    signed(request) {
      if (request.url.protocol !== 'https:') return request;
      return {
        ...request,
        headers: { ...request.headers, ...signatureFields(request, signing, { profile }) },
      };
    },
  };
}

function keyIn(file: string): Promise<SigningKey | Failure> {
  const known = kept.get(file);
  if (known && known.until > performance.now()) return known.signing;
  const signing = readKey(file);
  kept.set(file, { signing, until: performance.now() + FRESH_MS });
  void signing.then((read) => {
    if ('code' in read) kept.set(file, { signing, until: performance.now() + FAILED_FRESH_MS });
  });
  return signing;
}

async function readKey(file: string): Promise<SigningKey | Failure> {
  try {
    return signingKeyOf(await readIdentity(file), Math.floor(Date.now() / 1000));
  } catch (error) {
    if (error instanceof DroverError) return failure(error.code, error.detail);
    throw error;
  }
}
