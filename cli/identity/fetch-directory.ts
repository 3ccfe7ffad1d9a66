// Fetches a key directory as a verifier does: by https, without redirects, and without a signature.
import type { Settings } from '../../src/config/settings.ts';
import { SingleFetch } from '../../src/crawl/single-fetch.ts';
import { DIRECTORY_PATH, DIRECTORY_TYPE } from '../../src/identity/directory.ts';
import type { PublicJwk } from '../../src/identity/keys.ts';
import { directorySigners, keysIn } from '../../src/identity/verify-directory.ts';
import type { Check } from '../doctor/check.ts';

const MOST_BYTES = 64 * 1024;

export interface FetchedDirectory {
  /** Null when there is no directory. */
  keys: readonly PublicJwk[] | null;
  checks: Check[];
}

/**
 * `isNamed`: the user has named the URL, so that it may be at a private address; a request that somebody has
 * sent may not lead there. Its well-known path asks for a media type of its own.
 */
export async function fetchDirectory(
  url: string,
  settings: Settings,
  isNamed: boolean,
): Promise<FetchedDirectory> {
  const name = `directory at ${url}`;
  const no = (says: string, advice: string) => ({
    keys: null,
    checks: [{ name, ok: 'no' as const, says, advice }],
  });
  const { href, pathname } = new URL(url);
  const single = new SingleFetch({ settings: { ...settings, identity: null }, seed: isNamed ? href : null });
  try {
    const result = await single.send({
      ...{ url: href, headers: { accept: `${DIRECTORY_TYPE}, application/json` } },
      ...{ maxRedirects: 0, maxBytes: MOST_BYTES },
    });
    if (!result.ok) {
      const isRedirect = result.failure.code === 'E_REDIRECT_LOOP';
      return isRedirect
        ? no('a redirect, which verifiers do not follow', 'Serve it with 200 at this very URL.')
        : no(`${result.failure.message} (${result.failure.code})`, SERVE);
    }
    const { status, headers, body } = result.answer;
    if (status !== 200) return no(`status ${status}`, SERVE);
    const keys = keysIn(Buffer.from(body).toString('utf8'));
    if (keys === null) return no('no JWK Set', SERVE);
    const checks = [typeCheck(name, headers['content-type'], pathname === DIRECTORY_PATH)];
    const signers = directorySigners(
      { url: new URL(url), headers, body },
      keys,
      Math.floor(Date.now() / 1000),
    );
    checks.push(
      typeof signers === 'string'
        ? { name, ok: 'warn', says: signers, advice: 'Cloudflare and who passes keys on want it signed.' }
        : { name, ok: 'yes', says: `signed by ${signers.join(', ')}`, advice: null },
    );
    return { keys, checks };
  } finally {
    single.close();
  }
}

const SERVE = 'Serve it with drover identity serve, drover serve, or the files of drover identity show -o.';

function typeCheck(name: string, type: string | undefined, isWellKnown: boolean): Check {
  const media = type?.split(';', 1)[0]?.trim().toLowerCase() ?? 'no Content-Type';
  const ok = media === DIRECTORY_TYPE ? 'yes' : isWellKnown ? 'no' : 'warn';
  return { name, ok, says: media, advice: ok === 'yes' ? null : `Serve it as ${DIRECTORY_TYPE}.` };
}
