// An identity: who the crawler is, and the keys with which it proves that. It is one file, which nobody but
// its owner may read, and which never leaves the machine.
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DroverError } from '../errors.ts';
import { newKey, type OwnJwk, privateKeyOf, thumbprintOf } from './keys.ts';
import type { SigningKey } from './sign.ts';

/** What a Signature Agent Card says besides keys. */
export interface AgentFacts {
  readonly name: string;
  /** A page about the crawler; null for none. */
  readonly uri: string | null;
  readonly logo: string | null;
  /** URLs, mail addresses as mailto:. */
  readonly contacts: readonly string[];
  /** The User-Agent header and the name in robots.txt. */
  readonly userAgent: string;
  readonly product: string;
  readonly purpose: string | null;
}

export interface Identity extends AgentFacts {
  /** The https URL of the key directory, as Signature-Agent has it: https://bot.example.com */
  readonly agent: string;
  /** The newest comes first. */
  readonly keys: readonly OwnJwk[];
}

/** Throws E_IDENTITY_NONE when there is no such file, and E_IDENTITY when it is not what it should be. */
export async function readIdentity(file: string): Promise<Identity> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
      throw new DroverError('E_IDENTITY_NONE', `There is no file ${file}.`, { cause });
    throw new DroverError('E_IDENTITY', `${file}: ${cause.message}.`, { cause });
  });
  try {
    return checked(JSON.parse(text));
  } catch (cause) {
    // What is wrong with JSON is not told: its text may hold the private key.
    const why = cause instanceof Wrong ? cause.message : 'it is not JSON';
    throw new DroverError('E_IDENTITY', `${file}: ${why}.`);
  }
}

class Wrong extends Error {}

function checked(given: unknown): Identity {
  const identity = given as Identity;
  if (typeof identity !== 'object' || identity === null) throw new Wrong('it holds no object');
  if (agentOf(identity.agent) !== identity.agent)
    throw new Wrong('agent is not the https URL of a directory');
  if (!Array.isArray(identity.keys) || identity.keys.length === 0) throw new Wrong('it has no keys');
  identity.keys.forEach((jwk: Partial<OwnJwk> | null, at) => {
    try {
      if (jwk?.crv !== 'Ed25519') throw new Error();
      privateKeyOf(jwk as OwnJwk);
    } catch {
      throw new Wrong(`keys.${at} is no private Ed25519 key`);
    }
  });
  return identity;
}

/**
 * The URL of a key directory as Signature-Agent names it: https, and without what the identity ignores
 * (query, fragment, credentials). A bare origin has no slash at its end, so that verifiers of every draft
 * find its well-known path. Null if it cannot be one.
 */
export function agentOf(text: unknown): string | null {
  const url = typeof text === 'string' && text.length <= 500 ? URL.parse(text) : null;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || /[?#]/.test(url.href))
    return null;
  return url.pathname === '/' ? url.origin : url.href;
}

/** Others who could read the file could sign as this identity. Always false where there are no modes. */
export async function isExposed(file: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0;
}

/** Writes a new file, for its owner alone: whole, or not at all. Throws E_FILE_EXISTS when there is one. */
export async function writeNewIdentity(file: string, identity: Identity): Promise<void> {
  const part = await writePart(file, identity);
  try {
    await link(part, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new DroverError('E_FILE_EXISTS', `${file} holds an identity, whose key may be in use.`, { cause });
  } finally {
    await rm(part, { force: true });
  }
}

/** Replaces the file in one step. */
export async function replaceIdentity(file: string, identity: Identity): Promise<void> {
  await rename(await writePart(file, identity), file);
}

async function writePart(file: string, identity: Identity): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}.new`;
  const handle = await open(part, 'w', 0o600);
  try {
    await handle.chmod(0o600); // whatever the umask of the user says
    await handle.writeFile(textOf(identity));
    await handle.sync();
  } finally {
    await handle.close();
  }
  return part;
}

function textOf(identity: Identity): string {
  return `${JSON.stringify(identity, null, 2)}\n`;
}

/**
 * The key to sign with at this time, in Unix seconds: the newest of those that are valid. Throws E_IDENTITY
 * when there is none.
 */
export function signingKeyOf(identity: Identity, now: number): SigningKey {
  const jwk = identity.keys.find(({ nbf = 0, exp = Number.POSITIVE_INFINITY }) => nbf <= now && now < exp);
  if (!jwk) throw new DroverError('E_IDENTITY', 'None of its keys is valid now.');
  return { keyid: thumbprintOf(jwk) as string, key: privateKeyOf(jwk), agent: identity.agent };
}

const DAY_SECONDS = 86_400;

/**
 * The identity with a new key in front. Servers keep a directory for a while, so it is listed for a day
 * before it signs, and the former key for a day after. Null while the newest key does not sign yet. `now`:
 * Unix seconds.
 */
export function renewedIdentity(former: Identity, now: number): Identity | null {
  const [newest, ...older] = former.keys;
  if (newest === undefined || (newest.nbf ?? 0) > now) return null;
  const from = now + DAY_SECONDS;
  const leaving = older.filter(({ exp = 0 }) => exp > now);
  return {
    ...former,
    keys: [{ ...newKey(), nbf: from }, { ...newest, exp: from + DAY_SECONDS }, ...leaving],
  };
}
