// Errors as answers: problem documents (RFC 9457) with a stable code and, where one field is at fault, its
// name.
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { catalogue, DroverError, type ErrorCode } from '../errors.ts';
import { shorten } from '../printable.ts';
import { redact } from '../redact.ts';
import { redisFailure } from '../redis/failures.ts';

export const problemShape = z
  .object({
    type: z.string().meta({ description: 'urn:drover:error:CODE' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().meta({ description: 'one of docs/errors.md' }),
    advice: z.string(),
    field: z.string().optional().meta({ description: 'the field that is at fault: urls.3, query.limit' }),
    requestId: z.string().meta({ description: 'names this request in the server’s log' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/**
 * An error that the API answers to a caller, with the field at fault, a status and a Retry-After where
 * needed.
 */
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

/** Most characters of a `detail`, which may repeat what the caller sent. */
const MOST_SHOWN = 1000;

/**
 * Status of an error: its own, or that of its code in the catalogue. A code without a status counts as a
 * fault of the caller (400).
 */
function statusOf(error: DroverError): number {
  const given = error instanceof ApiProblem ? error.status : undefined;
  return given ?? catalogue[error.code].status ?? 400;
}

/**
 * The complete answer, with its header, to bytes that Node cannot read as a request. Such bytes reach no
 * route and no hook.
 */
export function unreadableAnswer(nodeCode: string | undefined): string {
  const [status, reason, code, detail]: [number, string, ErrorCode, string] =
    nodeCode === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'E_FIELD', 'The header is larger than 16 KiB.']
      : nodeCode === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'E_BODY_SLOW', 'The header did not arrive in time.']
        : [400, 'Bad Request', 'E_FIELD', 'It is not an HTTP request.'];
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

/**
 * Answers any error with a problem document. An error that is not a DroverError becomes E_INTERNAL, and its
 * cause goes to the log.
 */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = asDroverError(error);
  const status = statusOf(known);
  if (known.code === 'E_INTERNAL') request.log.error({ err: error, code: known.code }, 'failed');
  const wait = known instanceof ApiProblem ? known.retryAfterSeconds : undefined;
  if (wait !== undefined) reply.header('retry-after', wait);
  else if (status === 503) reply.header('retry-after', 2);
  // Closing the connection now would reset it, and a client that is still sending would lose the answer.
  // dropRest in bodies.ts closes it later.
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
    // A field of the body is named by its path in the body; one of the query or path gets that word as a
    // prefix.
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
