// Headers of every answer: it is data, and nothing in it is run, framed, sniffed or kept by whoever comes between.
import type { FastifyInstance } from 'fastify';

export const answerHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** What a route has set itself stays. */
export function addAnswerHeaders(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => {
    for (const [name, value] of Object.entries(answerHeaders)) {
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
    reply.header('x-request-id', request.id);
    return payload;
  });
}
