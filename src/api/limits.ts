// How often the server may be called, by whoever calls it: so that one client cannot take it from the others.
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem } from './problem.ts';

/** Calls of a client in WINDOW_MS: of a route that says nothing else, and of those that cost more. */
const MOST_CALLS = 3000;
const WINDOW_MS = 10_000;
export const COSTLY = { rateLimit: { max: 200 } };
/** Wrong tokens of a client in a minute. */
const MOST_GUESSES = 20;
const MOST_CLIENTS = 10_000;

/** Answers a check for calls without a valid token: it throws E_TOO_MANY when there were too many of them. */
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
