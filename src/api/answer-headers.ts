// Response headers of every answer. They tell browsers and proxies to treat the answer as data: not to run
// it, frame it, guess its type or cache it.
import type { FastifyInstance } from 'fastify';

export const apiHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * Adds the headers above and X-Request-Id to every answer. A header that the route has set itself is kept.
 */
export function addAnswerHeaders(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => {
    for (const [name, value] of Object.entries(apiHeaders)) {
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
    reply.header('x-request-id', request.id);
    return payload;
  });
}
