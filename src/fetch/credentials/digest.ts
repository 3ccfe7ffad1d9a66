// Digest access authentication (RFC 7616): the answers to one challenge. Without `qop` as RFC 2069 has it,
// and with `auth`; `auth-int` is not spoken.
import { createHash, randomBytes } from 'node:crypto';
import type { AuthChallenge } from './challenge.ts';

export interface DigestLogin {
  readonly user: string;
  readonly password: string;
}

interface Algorithm {
  /** As the challenge spells it; null if it names none. */
  readonly spelled: string | null;
  readonly hash: string;
  readonly isSession: boolean;
}

const hashes: Readonly<Record<string, string>> = {
  md5: 'md5',
  'sha-256': 'sha256',
  'sha-512-256': 'sha512-256',
};

/** The first challenge that can be answered: servers name first what they like best. */
export function digestChallengeIn(challenges: readonly AuthChallenge[]): AuthChallenge | null {
  return (
    challenges.find((challenge) => challenge.scheme === 'digest' && isAnswerable(challenge.params)) ?? null
  );
}

function isAnswerable(params: AuthChallenge['params']): boolean {
  const qop = params.get('qop');
  const isPlain = qop === undefined || optionsIn(qop).includes('auth');
  return isPlain && params.has('nonce') && params.has('realm') && algorithmIn(params) !== null;
}

function algorithmIn(params: AuthChallenge['params']): Algorithm | null {
  const spelled = params.get('algorithm') ?? null;
  const [, name = '', session] = /^(.+?)(-sess)?$/i.exec((spelled ?? 'MD5').toLowerCase()) ?? [];
  const hash = Object.hasOwn(hashes, name) ? hashes[name] : undefined;
  return hash === undefined ? null : { spelled, hash, isSession: session !== undefined };
}

/** What follows from one challenge. It counts the requests that are answered under its nonce. */
export class DigestSession {
  readonly #login: DigestLogin;
  readonly #params: AuthChallenge['params'];
  readonly #algorithm: Algorithm;
  /** The hash of user, realm and password; with -sess, of the first nonces too (section 3.4.2). */
  readonly #secret: string;
  /** One for the whole session, as -sess wants; the count tells requests apart. */
  readonly #cnonce: string;
  #nonce: string;
  #count = 0;

  /** `challenge`: one of digestChallengeIn. `cnonce`: only tests give it. */
  constructor(challenge: AuthChallenge, login: DigestLogin, cnonce = randomBytes(18).toString('base64url')) {
    const { params } = challenge;
    this.#login = login;
    this.#params = params;
    this.#algorithm = algorithmIn(params) ?? { spelled: null, hash: 'md5', isSession: false };
    this.#cnonce = cnonce;
    this.#nonce = params.get('nonce') ?? '';
    const secret = this.#hash(`${login.user}:${params.get('realm')}:${login.password}`);
    this.#secret = this.#algorithm.isSession ? this.#hash(`${secret}:${this.#nonce}:${cnonce}`) : secret;
  }

  get nonce(): string {
    return this.#nonce;
  }

  /** From now on this nonce is used (`nextnonce`, section 3.5). */
  renew(nonce: string): void {
    if (nonce === this.#nonce) return;
    this.#nonce = nonce;
    this.#count = 0;
  }

  /** The value of the header Authorization. `uri`: the path and the query of the request. */
  answerTo(method: string, uri: string): string {
    const realm = this.#params.get('realm') ?? '';
    const opaque = this.#params.get('opaque');
    const hasQop = this.#params.has('qop');
    const isHashed = this.#params.get('userhash')?.toLowerCase() === 'true';
    const count = (++this.#count).toString(16).padStart(8, '0');
    const asked = this.#hash(`${method}:${uri}`);
    const middle = hasQop ? `${this.#nonce}:${count}:${this.#cnonce}:auth` : this.#nonce;
    const { user } = this.#login;
    const parts = [
      isHashed ? `username=${quoted(this.#hash(`${user}:${realm}`))}` : nameOf(user),
      `realm=${quoted(realm)}`,
      `uri=${quoted(uri)}`,
      ...(this.#algorithm.spelled === null ? [] : [`algorithm=${this.#algorithm.spelled}`]),
      `nonce=${quoted(this.#nonce)}`,
      ...(hasQop ? [`nc=${count}`, 'qop=auth'] : []),
      ...(hasQop || this.#algorithm.isSession ? [`cnonce=${quoted(this.#cnonce)}`] : []),
      `response=${quoted(this.#hash(`${this.#secret}:${middle}:${asked}`))}`,
      ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
      ...(isHashed ? ['userhash=true'] : []),
    ];
    // A header is bytes, each a character.
    return Buffer.from(`Digest ${parts.join(', ')}`).toString('latin1');
  }

  #hash(text: string): string {
    return createHash(this.#algorithm.hash).update(text).digest('hex');
  }
}

/** A name that is not ASCII is written as RFC 8187 has it (section 3.4). */
function nameOf(user: string): string {
  if (/^[\x20-\x7e]*$/.test(user)) return `username=${quoted(user)}`;
  const coded = encodeURIComponent(user).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `username*=UTF-8''${coded}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function optionsIn(qop: string): string[] {
  return qop.toLowerCase().split(/[\s,]+/);
}
