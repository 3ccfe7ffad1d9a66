// Loads what signs requests, for the first that is signed.
import type { Failure } from '../errors.ts';
import type { SignedFetch, Signer, SignsAs } from './signs-as.ts';

/** What signs a fetch; see `signerFor`. */
export async function signerOf(
  fetch: SignedFetch & { signsAs: SignsAs },
  ownFile: string | undefined,
): Promise<Signer | Failure> {
  const { signerFor } = await import('./signer.ts');
  return signerFor(fetch, ownFile);
}
