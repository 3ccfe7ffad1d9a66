// The description of the API for machines: made from the very schemas that requests are checked by.
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
          'Enqueue requests, watch crawls, put right what failed. Errors are problem documents (RFC 9457) with a stable `code`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'One of DROVER_API_TOKEN; none is needed where none is set.',
          },
        },
      },
      security: [{ token: [] }],
    },
    transform: (route) => {
      const described = jsonSchemaTransform(route);
      const { bodyShape } = (route.route?.config ?? {}) as { bodyShape?: z.ZodType };
      if (bodyShape) (described.schema as { body?: unknown }).body = bodyAs(bodyShape);
      return described;
    },
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
    exposeHeadRoutes: false,
  });
  server.get('/openapi.json', { config: { open: true }, schema: { hide: true } }, async () =>
    (server as unknown as { swagger(): object }).swagger(),
  );
}

/** Every shape comes in two forms, as it is sent and as it is received; most are used in one. */
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

/** A body that the handler checks itself, because it may come as a stream. */
function bodyAs(shape: z.ZodType): object {
  const { $schema: _draft, ...schema } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' });
  return schema;
}
