// Errors as answers: problem documents (RFC 9457) with a stable code, and the field where one is at fault.
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { catalogue, DroverError, type ErrorCode } from '../errors.ts';
import { shorten } from '../log.ts';
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
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    detail = '',
    more: { field?: string; status?: number; retryAfterSeconds?: number } = {},
  ) {
    super(code, detail, more.field === undefined ? {} : { field: more.field });
    this.status = more.status;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** Of a detail, which may repeat what was sent. */
const MOST_SHOWN = 1000;

/** The catalogue's, unless this problem has its own; for a code that no call should end with, it is the caller's doing. */
function statusOf(error: DroverError): number {
  const given = error instanceof ApiProblem ? error.status : undefined;
  return given ?? catalogue[error.code].status ?? 400;
}

/** What is said, in whole, to bytes that are no request: no route has seen them. */
export function unreadableAnswer(nodeCode: string | undefined): string {
  const [status, reason, code, detail]: [number, string, ErrorCode, string] =
    nodeCode === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'E_FIELD', 'The header is larger than 16 KiB.']
      : nodeCode === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'E_BODY_SLOW', 'Nor did the header.']
        : [400, 'Bad Request', 'E_FIELD', 'It is no HTTP request.'];
  const requestId = randomUUID().slice(0, 13);
  const json = JSON.stringify(documentOf(new ApiProblem(code, detail, { status }), requestId));
  const head = `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nX-Request-Id: ${requestId}\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}

function documentOf(error: DroverError, requestId: string): z.infer<typeof problemShape> {
  const { code, advice, message, field } = error;
  return {
    type: `urn:drover:error:${code}`,
    title: catalogue[code].means,
    status: statusOf(error),
    detail: shorten(redact(message), MOST_SHOWN),
    code,
    advice,
    ...(field === undefined ? {} : { field }),
    requestId,
  };
}

/** Answers any error: what is known with its own code, what is a defect of drover's with E_INTERNAL and a line in the log. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asDroverError(error);
  const status = statusOf(known);
  if (known.code === 'E_INTERNAL') request.log.error({ err: error, code: known.code }, 'failed');
  const wait = known instanceof ApiProblem ? known.retryAfterSeconds : undefined;
  if (wait !== undefined) reply.header('retry-after', wait);
  else if (status === 503) reply.header('retry-after', 2);
  // Closed at once, the connection would be reset, and the answer lost on whoever is still sending: dropRest (bodies.ts) does it.
  const isKept = reply.raw.shouldKeepAlive || !request.raw.complete;
  reply.header('connection', isKept ? 'keep-alive' : 'close');
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="drover"');
  const problem = documentOf(known, request.id);
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
    const place =
      error.validationContext === 'body'
        ? []
        : [error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? '')];
    const field = [...place, ...path].join('.') || 'body';
    return new ApiProblem('E_FIELD', `${field}: ${issue?.message ?? 'wrong'}.`, { field });
  }
  const known = redisFailure(error);
  if (known) return known;
  const { code, message } = error as { code?: string; message?: string };
  const mapped = fastifyCodes[code ?? ''];
  return mapped ? new ApiProblem(mapped, `${message}.`) : new DroverError('E_INTERNAL');
}
