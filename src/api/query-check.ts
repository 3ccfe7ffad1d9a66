// Refuses query parameters that a route does not know. Ignored, they would make an answer look filtered that
// is not.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiProblem } from './problem.ts';

/**
 * Checks every route that is described in the OpenAPI document; the files of the dashboard and /queues are
 * not. Throws E_FIELD.
 */
export function addQueryCheck(server: FastifyInstance): void {
  server.addHook('preValidation', async (request) => checkQuery(request));
}

function checkQuery({ query, routeOptions }: FastifyRequest): void {
  const schema = routeOptions.schema as { hide?: boolean; querystring?: unknown } | undefined;
  if (!schema || schema.hide) return;
  const shape = schema.querystring;
  const known = shape instanceof z.ZodObject ? Object.keys(shape.shape) : [];
  const unknown = Object.keys(query as object).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const field = `query.${unknown.slice(0, 100)}`;
  const others = known.length > 0 ? `this route has ${known.join(', ')}` : 'this route has none';
  throw new ApiProblem('E_FIELD', `${field}: there is no such parameter; ${others}.`, { field });
}
