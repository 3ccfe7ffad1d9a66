// Limits how often one client may call the server, so that it cannot crowd out the others.
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem } from './problem.ts';

/**
 * Most calls of one client in WINDOW_MS to a route that has no limit of its own. COSTLY is for routes that
 * cost more.
 */
const MOST_CALLS = 3000;
const WINDOW_MS = 10_000;
export const COSTLY = { rateLimit: { max: 200 } };
/** Most wrong tokens of one client in a minute. */
const MOST_GUESSES = 20;
const MOST_CLIENTS = 10_000;

/**
 * Installs the limit on all routes. Returns a check for calls without a valid token; it throws E_TOO_MANY
 * when one client has made too many of them.
 */
export async function addLimits(
  server: FastifyInstance,
): Promise<(request: FastifyRequest) => Promise<void>> {
  await server.register(rateLimit, {
    global: true,
    max: MOST_CALLS,
    timeWindow: WINDOW_MS,
    cache: MOST_CLIENTS,
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
  });
  const guesses = server.createRateLimit({ max: MOST_GUESSES, timeWindow: 60_000 });
  return async (request) => {
    const found = await guesses(request);
    if (!found.isAllowed && found.isExceeded) throw tooMany(found.ttl);
  };
}

export function tooMany(afterMs: number): ApiProblem {
  return new ApiProblem('E_TOO_MANY', '', { retryAfterSeconds: Math.max(1, Math.ceil(afterMs / 1000)) });
}
