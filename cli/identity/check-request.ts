// Verifies a request that a server has received, as the server does.
import { readFile } from 'node:fs/promises';
import { DroverError } from '../../src/errors.ts';
import { DIRECTORY_PATH } from '../../src/identity/directory.ts';
import { readIdentity } from '../../src/identity/identity.ts';
import type { PublicJwk } from '../../src/identity/keys.ts';
import { type Claim, readClaim, verifyClaim } from '../../src/identity/verify.ts';
import { keysIn } from '../../src/identity/verify-directory.ts';
import type { Check } from '../doctor/check.ts';
import { fetchDirectory } from './fetch-directory.ts';
import { findIdentityFile } from './find.ts';
import type { CheckOptions } from './options.ts';
import { readRequest } from './read-request.ts';

/** Throws E_USAGE, E_FILE, E_SETTING. */
export async function checkRequest(options: CheckOptions & { request: string }): Promise<Check[]> {
  const now = Math.floor(readTime(options.at) / 1000);
  const message = await readRequest(options.request);
  const claim = readClaim(message, now);
  const name = `${message.method} ${message.url.href}`;
  if ('why' in claim) return [refusedCheck(name, claim)];
  const { keys, checks } = await keysFor(claim, options);
  if (keys === null) return checks;
  const refusal = verifyClaim(message, claim, keys, { now });
  if (refusal) return [...checks, refusedCheck(name, refusal)];
  const until = new Date(claim.expires * 1000).toISOString();
  const says = `signed by ${claim.agent} with ${claim.keyid}, valid until ${until}`;
  return [...checks, { name, ok: 'yes', says, advice: null }, formCheck(claim), coverCheck(claim)];
}

function refusedCheck(name: string, refusal: { why: string; status: number; advice: string }): Check {
  return {
    name,
    ok: 'no',
    says: `${refusal.why.replace(/\.$/, '')} (status ${refusal.status})`,
    advice: refusal.advice,
  };
}

function formCheck({ form, label }: Claim): Check {
  const name = 'Signature-Agent';
  if (form === 'draft-01') return { name, ok: 'yes', says: 'as in draft-01', advice: null };
  const says = form === 'string' ? 'a String, as in the first drafts' : 'a dictionary as before draft-01';
  return { name, ok: 'warn', says, advice: `By draft-01 it is ${label}="https://HOST", without parameters.` };
}

/** A signature over the host alone can be sent again with any method and path of that host. */
function coverCheck({ covered, nonce }: Claim): Check {
  const names = covered.map(({ name }) => name);
  const has = (...wanted: string[]) => wanted.every((one) => names.includes(one));
  const isNarrow = has('@target-uri', '@method') || has('@method', '@path');
  const says = `covers ${names.join(', ')}${nonce === null ? '; no nonce' : ''}`;
  const advice = 'Cover @method and @path too, and send a nonce, or it can be used for other requests.';
  const ok = isNarrow && nonce !== null ? 'yes' : 'warn';
  return { name: 'replay', ok, says, advice: ok === 'yes' ? null : advice };
}

function readTime(given: string | undefined): number {
  if (given === undefined) return Date.now();
  const time = Date.parse(given);
  if (!Number.isNaN(time)) return time;
  throw new DroverError('E_USAGE', `--at: expected a time such as 2026-01-31T12:00:00Z (got ${given}).`);
}

/** Those of --directory, else of the own identity if it is the one that signed, else of its directory. */
async function keysFor(
  claim: Claim,
  options: CheckOptions,
): Promise<{ keys: readonly PublicJwk[] | null; checks: Check[] }> {
  const { file, settings } = await findIdentityFile(undefined, options.settings);
  const { directory } = options;
  if (directory !== undefined && !/^https?:\/\//i.test(directory)) {
    const keys = keysIn(await readFile(directory, 'utf8'));
    if (keys === null) throw new DroverError('E_FILE', `--directory ${directory}: it is no JWK Set.`);
    return { keys, checks: [] };
  }
  if (directory === undefined) {
    const own = await readIdentity(file).catch(() => null);
    const says = `${claim.agent} is the identity of ${file}`;
    if (own?.agent === claim.agent)
      return { keys: own.keys, checks: [{ name: 'keys', ok: 'yes', says, advice: null }] };
  }
  const isNew = claim.form === 'draft-01';
  const named = isNew ? claim.agent : new URL(DIRECTORY_PATH, claim.agent).href;
  return fetchDirectory(directory ?? named, settings, directory !== undefined);
}
