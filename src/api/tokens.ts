// Bearer tokens and the dashboard's sessions: who may read and who may write. All comparisons take constant
// time.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ApiProblem } from './problem.ts';

export type ApiRole = 'read' | 'write';

export interface Tokens {
  /** False when the server has no tokens: then everybody who reaches it may do everything. */
  readonly required: boolean;
  /**
   * The role of a request, from its Authorization header or its session cookie; null when it has no valid
   * one.
   */
  roleOf(request: FastifyRequest): ApiRole | null;
  /** The role of a token; null when it is not one of the server's. */
  roleOfToken(token: string): ApiRole | null;
  /**
   * A Set-Cookie value for a session with this token's role, valid for SESSION_HOURS; null when the token is
   * not one of the server's.
   */
  sessionFor(token: string): string | null;
}

export const SESSION_COOKIE = 'drover_session';
const SESSION_HOURS = 12;

interface Token {
  text: string;
  digest: Buffer;
  role: ApiRole;
}

/** Makes the tokens of the setting `apiToken`. A token with the prefix `ro:` allows reading only. */
export function createTokens(settings: readonly string[], nowMs: () => number = Date.now): Tokens {
  const tokens: Token[] = settings.map((setting) => {
    const text = setting.replace(/^ro:/, '');
    return { text, digest: digestOf(text), role: setting.startsWith('ro:') ? 'read' : 'write' };
  });

  /** Compares with every token, so that the time taken tells nothing about which one matched. */
  function find(given: string): Token | null {
    const digest = digestOf(given);
    let found: Token | null = null;
    for (const token of tokens) if (timingSafeEqual(token.digest, digest)) found = token;
    return found;
  }

  function roleOfSession(cookie: string): ApiRole | null {
    const [expires = '', signature = ''] = cookie.split('.');
    let role: ApiRole | null = null;
    for (const token of tokens) {
      if (timingSafeEqual(digestOf(sign(token, expires)), digestOf(signature))) role = token.role;
    }
    return Number(expires) > nowMs() ? role : null;
  }

  const roleOfToken = (token: string) => find(token)?.role ?? null;
  return {
    required: tokens.length > 0,
    roleOfToken,
    roleOf(request) {
      if (tokens.length === 0) return 'write';
      const { authorization, cookie } = request.headers;
      const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
      if (bearer !== undefined) return roleOfToken(bearer);
      if (authorization !== undefined) return null;
      const session = cookieOf(cookie ?? '');
      return session === null ? null : roleOfSession(session);
    },
    sessionFor(given) {
      const token = find(given);
      if (!token) return null;
      const expires = String(nowMs() + SESSION_HOURS * 3_600_000);
      return `${SESSION_COOKIE}=${expires}.${sign(token, expires)}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_HOURS * 3600}`;
    },
  };
}

/**
 * Throws E_AUTH without a valid token. Throws E_FORBIDDEN when a token that allows reading only is used for
 * anything but GET and HEAD.
 */
export function checkRole(role: ApiRole | null, request: FastifyRequest): void {
  if (role === null) throw new ApiProblem('E_AUTH');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead && role !== 'write') throw new ApiProblem('E_FORBIDDEN');
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function sign(token: Token, expires: string): string {
  return createHmac('sha256', token.text).update(`drover session ${expires}`).digest('base64url');
}

function cookieOf(header: string): string | null {
  for (const part of header.split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === SESSION_COOKIE && value) return value;
  }
  return null;
}
