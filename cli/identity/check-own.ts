// The identity as servers see it: its file, its directory on the web, and a request that it has signed.
import { directoryUrlOf } from '../../src/identity/directory.ts';
import { isExposed, signingKeyOf } from '../../src/identity/identity.ts';
import { isPublishedKey, type PublicJwk } from '../../src/identity/keys.ts';
import { signatureFields } from '../../src/identity/sign.ts';
import type { SignatureProfile } from '../../src/identity/signs-as.ts';
import { readClaim, verifyClaim } from '../../src/identity/verify.ts';
import type { Check } from '../doctor/check.ts';
import { fetchDirectory } from './fetch-directory.ts';
import { findIdentity } from './find.ts';
import type { CheckOptions } from './options.ts';

export async function checkOwn(options: CheckOptions): Promise<Check[]> {
  const { file, identity, settings } = await findIdentity(undefined, options.settings);
  const now = Math.floor(Date.now() / 1000);
  const key = signingKeyOf(identity, now);
  const checks = [await rights(file), keyCheck(key.keyid)];
  const { agent } = identity;
  const wellKnown = directoryUrlOf(agent);
  let keys: readonly PublicJwk[] | null = null;
  for (const url of new Set([agent, wellKnown])) {
    const found = await fetchDirectory(url, settings, true);
    checks.push(...found.checks);
    keys ??= found.keys;
  }
  if (keys === null) return checks;
  const message = { method: 'GET', url: new URL('https://example.com/a?b=1'), headers: {} };
  const fields = signatureFields(message, key, { profile: settings.identityProfile });
  const signed = { ...message, headers: fields };
  const claim = readClaim(signed, now);
  const refusal = 'why' in claim ? claim : verifyClaim(signed, claim, keys, { now });
  const says = refusal?.why ?? `verified with the directory, ${formText(settings.identityProfile)}`;
  return [
    ...checks,
    { name: 'a signed request', ok: refusal ? 'no' : 'yes', says, advice: refusal?.advice ?? null },
  ];
}

function formText(profile: SignatureProfile): string {
  return `Signature-Agent as ${profile === 'string' ? 'a string' : `in ${profile}`}`;
}

async function rights(file: string): Promise<Check> {
  const isOpen = await isExposed(file);
  return {
    name: 'file',
    ok: isOpen ? 'warn' : 'yes',
    says: isOpen ? `${file} can be read by others` : file,
    advice: isOpen ? `Run chmod 600 ${file}.` : null,
  };
}

function keyCheck(keyid: string): Check {
  const isExample = isPublishedKey(keyid);
  return {
    name: 'key',
    ok: isExample ? 'no' : 'yes',
    says: isExample ? `${keyid} is an example of RFC 9421, which everybody has` : keyid,
    advice: isExample ? 'Make one with drover identity init.' : null,
  };
}
