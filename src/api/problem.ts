// Errors as answers: problem documents (RFC 9457) with a stable code, and the field where one is at fault.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { catalogue, DroverError, type ErrorCode } from '../errors.ts';
import { redact } from '../redact.ts';
import { redisFailure } from '../redis.ts';

export const problemShape = z
  .object({
    type: z.string().meta({ description: 'urn:drover:error:CODE' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().meta({ description: 'one of docs/errors.md' }),
    advice: z.string(),
    field: z.string().optional().meta({ description: 'what is at fault: urls.3, query.limit' }),
    requestId: z.string().meta({ description: 'by which the server’s log names this request' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** What a call is answered that cannot be done as it was asked. */
export class ApiProblem extends DroverError {
  readonly field: string | undefined;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail = '',
    more: { field?: string; status?: number; retryAfterSeconds?: number } = {},
  ) {
    super(code, detail);
    this.field = more.field;
    this.status = more.status;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

const statuses: Partial<Record<ErrorCode, number>> = {
  E_AUTH: 401,
  E_FORBIDDEN: 403,
  E_ORIGIN: 403,
  E_ROUTE: 404,
  E_LETTER_UNKNOWN: 404,
  E_REPLAY_UNKNOWN: 404,
  E_REQUEST_UNKNOWN: 404,
  E_CRAWL_UNKNOWN: 404,
  E_METHOD: 405,
  E_BODY_SLOW: 408,
  E_CRAWL_ENDED: 409,
  E_IDEMPOTENCY: 409,
  E_BODY_SIZE: 413,
  E_MEDIA_TYPE: 415,
  E_TOO_MANY: 429,
  E_INTERNAL: 500,
  E_STOPPING: 503,
};

/** What a caller did wrong is a 400, what Redis or a disk cannot do now a 503. */
function statusOf(error: DroverError): number {
  const given = error instanceof ApiProblem ? error.status : undefined;
  const { layer } = error;
  return given ?? statuses[error.code] ?? (layer === 'redis' || layer === 'disk' ? 503 : 400);
}

/** Answers any error: what is known with its own code, what is a defect of drover's with E_INTERNAL and a line in the log. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asDroverError(error);
  const status = statusOf(known);
  if (known.code === 'E_INTERNAL') request.log.error({ err: error, code: known.code }, 'failed');
  const { code, advice } = known;
  const field = known instanceof ApiProblem ? known.field : undefined;
  const wait = known instanceof ApiProblem ? known.retryAfterSeconds : undefined;
  if (wait !== undefined) reply.header('retry-after', wait);
  else if (status === 503) reply.header('retry-after', 2);
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="drover"');
  // What was not read of a body would be taken for the next request.
  if (status === 408 || status === 413) reply.header('connection', 'close');
  const problem: z.infer<typeof problemShape> = {
    type: `urn:drover:error:${code}`,
    title: catalogue[code].means,
    status,
    detail: redact(known.message),
    code,
    advice,
    ...(field === undefined ? {} : { field }),
    requestId: request.id,
  };
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

const fastifyCodes: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'E_BODY_SIZE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'E_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'E_FIELD',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'E_FIELD',
  FST_ERR_BAD_URL: 'E_ROUTE',
  FST_ERR_MAX_PARAM_LENGTH: 'E_ROUTE',
  FST_ERR_ASYNC_CONSTRAINT: 'E_ROUTE',
};

function asDroverError(error: unknown): DroverError {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issue = error.validation[0];
    const path = (issue?.instancePath ?? '').split('/').filter(Boolean);
    // The body's fields are named as they stand in it; those of query and path with their place.
    const place = error.validationContext === 'body' ? [] : [error.validationContext ?? ''];
    const field = [...place, ...path].join('.');
    return new ApiProblem('E_FIELD', `${field || 'The body'}: ${issue?.message ?? 'wrong'}.`, {
      ...(field ? { field } : {}),
    });
  }
  const known = redisFailure(error);
  if (known) return known;
  const { code, message } = error as { code?: string; message?: string };
  const mapped = fastifyCodes[code ?? ''];
  return mapped ? new ApiProblem(mapped, `${message}.`) : new DroverError('E_INTERNAL');
}
