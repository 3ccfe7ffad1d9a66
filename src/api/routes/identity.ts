// The key directory of the identity with which crawls are signed, and its card, for servers that verify. They
// are open to everybody, under any host name: the public one is that of a web server before this one.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CARD_PATH, DIRECTORY_PATH } from '../../identity/directory.ts';
import { readIdentity } from '../../identity/identity.ts';
import { serveIdentity } from '../../identity/served.ts';
import { identityFileOf } from '../../identity/signs-as.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { ApiProblem } from '../problem.ts';

const route = { config: { open: true, anyHost: true }, schema: { hide: true } };

export async function addIdentityRoutes(server: ApiServer, { settings, log }: ApiContext): Promise<void> {
  const named = settings.identity ?? 'auto';
  const file = named === 'auto' ? identityFileOf(settings.dataDir) : named;
  const served = serveIdentity(file);
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    // What is wrong with the file is nothing for everybody.
    const found = await served.answer(path, Math.floor(Date.now() / 1000)).catch((error: unknown) => {
      log.warn({ err: error }, 'the identity cannot be served');
      return null;
    });
    if (found === null) throw new ApiProblem('E_ROUTE', `${path}.`);
    reply.headers(found.headers).serializer((body: string) => body);
    return found.body;
  };
  for (const path of [DIRECTORY_PATH, CARD_PATH]) server.get(path, route, answer);
  // By the present draft, the URL of the identity is the directory itself. Under its host there is nothing
  // else at that path; under other names the root is the dashboard.
  const identity = await readIdentity(file).catch(() => null);
  if (identity === null) return;
  const { host, pathname } = new URL(identity.agent);
  const isPlain = /^[\w./-]+$/.test(pathname); // with other characters, it would be a pattern of the router
  if (isPlain && pathname !== DIRECTORY_PATH)
    server.get(pathname, { ...route, constraints: { host } }, answer);
}
