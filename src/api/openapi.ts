// OpenAPI description of the API at /openapi.json, made from the same schemas that check requests.
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

export const API_VERSION = '1.0.0';

export async function addOpenApi(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'drover',
        version: API_VERSION,
        description:
          'Enqueue requests, watch crawls, replay dead letters. Errors are problem documents (RFC 9457) with a stable `code`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'One of the tokens in DROVER_API_TOKEN. Not needed when the server has none.',
          },
        },
      },
      security: [{ token: [] }],
    },
    transform: (route) => {
      const described = jsonSchemaTransform(route);
      const { bodyShape, open } = (route.route?.config ?? {}) as { bodyShape?: z.ZodType; open?: boolean };
      const schema = described.schema as { body?: unknown; security?: unknown };
      if (bodyShape) schema.body = bodyAs(bodyShape);
      if (open) schema.security = [];
      return described;
    },
    transformObject: (document) => completed(withoutUnused(jsonSchemaTransformObject(document))),
    exposeHeadRoutes: false,
  });
  server.get('/openapi.json', { config: { open: true }, schema: { hide: true } }, async () =>
    (server as unknown as { swagger(): object }).swagger(),
  );
}

/**
 * Removes schemas that nothing refers to. Zod makes two of each shape, for input and for output, and most are
 * used in one form only.
 */
function withoutUnused<T extends object>(document: T): T {
  const { components } = document as { components?: { schemas?: Record<string, unknown> } };
  const schemas = components?.schemas ?? {};
  for (let removed = -1; removed !== 0; ) {
    const text = JSON.stringify(document);
    const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    for (const name of unused) delete schemas[name];
    removed = unused.length;
  }
  return document;
}

interface Operation {
  operationId?: string;
  summary?: string;
  requestBody?: { content: Record<string, unknown> };
  responses?: Record<string, { content?: Record<string, unknown> }>;
}

/** Media types other than JSON that a path takes or gives. */
const otherForms: Record<string, { takes?: string[]; gives?: string[] }> = {
  'post /v1/requests': { takes: ['application/x-ndjson'] },
  'get /v1/crawls/{id}/records': { gives: ['application/x-ndjson', 'text/csv'] },
  'get /v1/dead': { gives: ['application/x-ndjson', 'text/csv'] },
  'get /v1/events': { gives: ['text/event-stream'] },
  'get /metrics': { gives: ['text/plain'] },
};

/**
 * Adds what Zod's schemas do not say: operation names for generated clients, the media type of problems, and
 * other media types than JSON.
 */
function completed<T extends object>(document: T): T {
  const { paths = {} } = document as { paths?: Record<string, Record<string, Operation>> };
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations)) {
      operation.operationId = nameOf(method, path);
      operation.responses ??= {};
      const { responses } = operation;
      for (const status of ['4XX', '5XX', '4xx', '5xx']) asProblem(responses[status]);
      const { takes = [], gives = [] } = otherForms[`${method} ${path}`] ?? {};
      const lines = { schema: { type: 'string' } };
      for (const type of takes) if (operation.requestBody) operation.requestBody.content[type] = lines;
      if (gives.length === 0) continue;
      const { content = {}, ...success } = responses['200'] ?? {};
      const others = Object.fromEntries(gives.map((type) => [type, lines]));
      responses['200'] = { ...success, content: { ...content, ...others } };
    }
  return document;
}

function asProblem(response: { content?: Record<string, unknown> } | undefined): void {
  if (!response?.content?.['application/json']) return;
  response.content = { 'application/problem+json': response.content['application/json'] };
}

/** `getCrawlsIdRecords` of GET /v1/crawls/{id}/records. */
function nameOf(method: string, path: string): string {
  const words = path
    .replace(/^\/v1/, '')
    .split(/[^A-Za-z]+/)
    .filter(Boolean);
  return method + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
}

/** JSON schema of a body that the handler checks itself because it may come as a stream. */
function bodyAs(shape: z.ZodType): object {
  const { $schema: _draft, ...schema } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' });
  return schema;
}
