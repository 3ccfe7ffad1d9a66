// Builds the HTTP server, with what holds for every route: who may call and how often, headers of answers,
// errors as problem documents.

import { randomUUID } from 'node:crypto';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ZodType } from 'zod';
import { DroverError } from '../errors.ts';
import { addAnswerHeaders, apiHeaders } from './answer-headers.ts';
import { addBodyParsers } from './bodies.ts';
import type { ApiContext, ApiServer } from './context.ts';
import { addLimits } from './limits.ts';
import { addOpenApi } from './openapi.ts';
import { checkOrigin } from './origin-check.ts';
import { ApiProblem, sendProblem, unreadableAnswer } from './problem.ts';
import { addQueryCheck } from './query-check.ts';
import { addRoutes } from './routes.ts';
import { checkRole } from './tokens.ts';

const MOST_CONNECTIONS = 2000;
const HEADERS_MS = 10_000;
const KEEP_ALIVE_MS = 20_000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is answered without a token. It must not tell anything about crawls. */
    open?: boolean;
    /** The route is answered under any host name and to any page: it tells everybody the same. */
    anyHost?: boolean;
    /** The route tells whether a token is valid, so wrong tokens are counted there too. */
    tellsRole?: boolean;
    /** Shape of a body that the handler checks itself. It is used for the OpenAPI description only. */
    bodyShape?: ZodType;
  }
}

/** Builds the server with all its routes. It does not listen yet. */
export async function buildServer(context: ApiContext): Promise<FastifyInstance> {
  const server = fastify({
    loggerInstance: context.log.child({ part: 'api' }) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID().slice(0, 13),
    requestIdHeader: false,
    // No limit on a whole request: bodies.ts limits the time of bodies as they are read, and an upload that
    // waits for a full frontier may take hours.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: 2000, caseSensitive: true },
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: 2000 },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: (error, socket) => socket.writable && socket.end(unreadableAnswer(error.code)),
    frameworkErrors: (error, request, reply) => sendUnrouted(context, error, request, reply),
  });
  server.server.maxConnections = MOST_CONNECTIONS;
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  addBodyParsers(server);
  addAnswerHeaders(server);
  server.setErrorHandler(sendProblem);
  const countWrongToken = await addLimits(server);
  server.addHook('onRequest', async (request) => admitCaller(context, request, countWrongToken));
  server.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request;
    const line = {
      method,
      route: routeOptions.url ?? 'none',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    request.log.debug(line, 'answered');
  });
  addQueryCheck(server);
  await addOpenApi(server);
  const typed: ApiServer = server.withTypeProvider<ZodTypeProvider>();
  await addRoutes(typed, context);
  server.setNotFoundHandler({ preHandler: server.rateLimit() }, (request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const others = ['GET', 'POST', 'PATCH', 'DELETE'].filter(
      (method) => server.findRoute({ method: method as 'GET', url: path }) !== null,
    );
    if (others.length > 0) reply.header('allow', others.join(', '));
    throw others.length > 0
      ? new ApiProblem('E_METHOD', `${request.method} ${path}.`)
      : new ApiProblem('E_ROUTE', `${path.slice(0, 200)}.`);
  });
  return server;
}

/**
 * Answers what the router cannot look up, such as a path that is not part of a URL. No hook has seen such a
 * request, so headers and origin check are done here.
 */
function sendUnrouted(
  context: ApiContext,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.headers({ ...apiHeaders, 'x-request-id': request.id });
  try {
    checkOrigin(request, context.settings.allowHost);
    return sendProblem(error, request, reply);
  } catch (refusal) {
    return sendProblem(refusal, request, reply);
  }
}

async function admitCaller(
  context: ApiContext,
  request: FastifyRequest,
  countWrongToken: (request: FastifyRequest) => Promise<void>,
): Promise<void> {
  const { open, anyHost, tellsRole } = request.routeOptions.config;
  if (!anyHost) checkOrigin(request, context.settings.allowHost);
  if (tellsRole && request.headers.authorization !== undefined && context.tokens.roleOf(request) === null)
    await countWrongToken(request);
  if (open) return;
  if (context.stopping()) throw new ApiProblem('E_STOPPING');
  const role = context.tokens.roleOf(request);
  // A call without a token and without a cookie is no attempt to guess a token.
  const { authorization, cookie } = request.headers;
  if (role === null && (authorization ?? cookie) !== undefined) await countWrongToken(request);
  checkRole(role, request);
}

/**
 * Throws E_OPEN_DOOR when the server has no tokens and would listen on more than the loopback address, so
 * that anybody could do everything.
 */
export function checkExposure(host: string, tokens: readonly string[]): void {
  const isLoopback = host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
  if (!isLoopback && tokens.length === 0) throw new DroverError('E_OPEN_DOOR', `${host}.`);
}
