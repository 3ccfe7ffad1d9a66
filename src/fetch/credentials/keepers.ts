// What is kept for one origin: how a request is authorized there, and what an answer changes of it.
import { DroverError } from '../../errors.ts';
import { readAuthenticationInfo, readChallenges } from './challenge.ts';
import { type DigestLogin, DigestSession, digestChallengeIn } from './digest.ts';
import type { AskedHop, HeardAnswer } from './source.ts';

export interface Keeper {
  /** The header of a request; null for none yet. Throws E_CREDENTIALS. */
  authorize(asked: AskedHop): string | null | Promise<string | null>;
  /** See AuthorizationSource.answered. Throws E_CREDENTIALS. */
  answered(
    asked: AskedHop,
    sent: string | null,
    heard: HeardAnswer,
    isLast: boolean,
  ): string | null | Promise<string | null>;
}

export interface OpenedCredentials {
  readonly byOrigin: ReadonlyMap<string, Keeper>;
  /** What the user should know, each a sentence. */
  readonly warnings: readonly string[];
}

/** Basic (RFC 7617), or a bearer token (RFC 6750) that nothing refreshes. */
export function keepHeader(header: string): Keeper {
  return { authorize: () => header, answered: () => null };
}

/** For so long after a login was refused under a new nonce, it is not sent twice for one request. */
const HOPELESS_MS = 30_000;

export class DigestKeeper implements Keeper {
  readonly #login: DigestLogin;
  #session: DigestSession | null = null;
  /** Until then, a refusal is believed. */
  #hopelessUntil = 0;

  constructor(login: DigestLogin) {
    this.#login = login;
  }

  authorize({ method, uri }: AskedHop): string | null {
    return this.#session?.answerTo(method, uri) ?? null;
  }

  answered(asked: AskedHop, sent: string | null, heard: HeardAnswer, isLast: boolean): string | null {
    if (heard.status !== 401) {
      if (sent !== null) this.#accepted(heard.info);
      return null;
    }
    if (isLast) {
      this.#hopelessUntil = performance.now() + HOPELESS_MS;
      return null;
    }
    const challenge = digestChallengeIn(readChallenges(heard.challenge));
    if (challenge === null) return null;
    // Not every server says `stale` of a nonce that has run out, so a refusal may mean no more than that.
    const isStale = challenge.params.get('stale')?.toLowerCase() === 'true';
    if (sent !== null && !isStale && performance.now() < this.#hopelessUntil) return null;
    this.#session = new DigestSession(challenge, this.#login);
    return this.#session.answerTo(asked.method, asked.uri);
  }

  #accepted(info: string): void {
    const next = info === '' ? undefined : readAuthenticationInfo(info).get('nextnonce');
    if (next) this.#session?.renew(next);
  }
}

/** The user's hook: gives a fresh token. */
export type FreshToken = () => Promise<string>;

/** A server may refuse single pages with 401, whatever the token: it is not renewed for each of them. */
const REFRESH_EVERY_MS = 30_000;
/** After a failure, the hook is not asked again for this time. */
const FAILED_MS = 5000;

/** A bearer token that a hook refreshes: one call at a time, for all requests that wait for it. */
export class BearerKeeper implements Keeper {
  readonly #fresh: FreshToken;
  #token: string | null;
  #refreshing: Promise<void> | null = null;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #failed: { error: DroverError; at: number } | null = null;

  /** `token`: what to begin with; null: the hook is asked before the first request. */
  constructor(token: string | null, fresh: FreshToken) {
    this.#token = token;
    this.#fresh = fresh;
  }

  async authorize(): Promise<string | null> {
    if (this.#token === null) await this.#refresh();
    return this.#header;
  }

  async answered(_asked: AskedHop, sent: string | null, heard: HeardAnswer, isLast: boolean) {
    if (heard.status !== 401 || isLast) return null;
    // Another request has had it refreshed meanwhile.
    if (this.#header === sent) {
      if (performance.now() - this.#refreshedAt < REFRESH_EVERY_MS) return null;
      await this.#refresh();
    }
    return this.#header === sent ? null : this.#header;
  }

  get #header(): string | null {
    return this.#token === null ? null : `Bearer ${this.#token}`;
  }

  async #refresh(): Promise<void> {
    if (this.#failed && performance.now() - this.#failed.at < FAILED_MS) throw this.#failed.error;
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
  }

  async #ask(): Promise<void> {
    try {
      this.#token = await this.#fresh();
      this.#failed = null;
      this.#refreshedAt = performance.now();
    } catch (cause) {
      const error = cause instanceof DroverError ? cause : new DroverError('E_CREDENTIALS', String(cause));
      this.#failed = { error, at: performance.now() };
      throw error;
    }
  }
}
