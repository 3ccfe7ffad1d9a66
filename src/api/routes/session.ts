// The dashboard's session: the user gives a token once and gets a cookie that no script can read and no other
// site can use.
import { z } from 'zod';
import type { ApiContext, ApiServer } from '../context.ts';
import { ApiProblem } from '../problem.ts';
import { SESSION_COOKIE } from '../tokens.ts';

const sessionShape = z.object({
  required: z.boolean().meta({ description: 'whether the server asks for a token' }),
  role: z.enum(['read', 'write']).nullable(),
});

export function addSessionRoutes(server: ApiServer, { tokens }: ApiContext): void {
  const config = { open: true, rateLimit: { max: 20, timeWindow: 60_000 } };
  server.get(
    '/v1/session',
    {
      config: { open: true, tellsRole: true },
      schema: { tags: ['session'], summary: 'The role of this caller', response: { 200: sessionShape } },
    },
    async (request) => ({ required: tokens.required, role: tokens.roleOf(request) }),
  );
  server.post(
    '/v1/session',
    {
      config,
      schema: {
        tags: ['session'],
        summary: 'Begin a dashboard session; sets a cookie',
        body: z.strictObject({ token: z.string().min(1).max(300) }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const cookie = tokens.sessionFor(request.body.token);
      if (cookie === null) throw new ApiProblem('E_AUTH', '', { field: 'token' });
      return reply.header('set-cookie', cookie).code(204).send(null);
    },
  );
  server.delete(
    '/v1/session',
    { config, schema: { tags: ['session'], summary: 'End the session', response: { 204: z.null() } } },
    async (_request, reply) =>
      reply
        .header('set-cookie', `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`)
        .code(204)
        .send(null),
  );
}
