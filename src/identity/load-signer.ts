// Loads what signs requests, for the first that is signed.
import type { Failure } from '../errors.ts';
import type { Signer, SignsAs } from './signs-as.ts';

/** What signs for `signsAs`; see `signerFor`. */
export async function signerOf(signsAs: SignsAs, ownFile: string | undefined): Promise<Signer | Failure> {
  const { signerFor } = await import('./signer.ts');
  return signerFor(signsAs, ownFile);
}
