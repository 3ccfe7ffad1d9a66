// Bearer tokens and the dashboard's sessions: who may read, who may write. Compared in constant time.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ApiProblem } from './problem.ts';

export type ApiRole = 'read' | 'write';

export interface Tokens {
  /** False: there are none, and whoever reaches the server may do all. */
  readonly required: boolean;
  /** Of a request, by its Authorization header or its session cookie; null without a valid one. */
  roleOf(request: FastifyRequest): ApiRole | null;
  /** Of a token; null for none of ours. */
  roleOfToken(token: string): ApiRole | null;
  /** The cookie for whoever showed this token, good for SESSION_HOURS; null for none of ours. */
  sessionFor(token: string): string | null;
}

export const SESSION_COOKIE = 'drover_session';
const SESSION_HOURS = 12;

interface Token {
  text: string;
  digest: Buffer;
  role: ApiRole;
}

/** Of the setting apiToken: `ro:` before one lets it only read. */
export function createTokens(settings: readonly string[], nowMs: () => number = Date.now): Tokens {
  const tokens: Token[] = settings.map((setting) => {
    const text = setting.replace(/^ro:/, '');
    return { text, digest: digestOf(text), role: setting.startsWith('ro:') ? 'read' : 'write' };
  });

  /** All are compared, whichever it is: how long it takes tells nothing. */
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

/** Throws E_AUTH or E_FORBIDDEN unless the role suffices: whatever changes nothing may be done by all that may read. */
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
