// GET /v1/proxies: how the proxies of the consumers stand.
import { z } from 'zod';
import { readFleetProxies } from '../../fleet/fleet-proxies.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { answers } from '../shapes.ts';

const proxyShape = z
  .object({
    name: z
      .string()
      .meta({ description: 'without user and password; #2 tells it from another of the same address' }),
    consumers: z.number().int().meta({ description: 'how many consumers use it' }),
    leftOutBy: z.number().int().meta({ description: 'how many of them leave it out now, because it failed' }),
    leftOutMs: z.number().meta({ description: 'for how long, at the one that waits longest' }),
    inFlight: z.number().int(),
    worked: z.number().int().meta({ description: 'requests that went through it' }),
    failed: z.number().int(),
    failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Proxy' });

export function addProxyRoutes(server: ApiServer, { fleet }: ApiContext): void {
  server.get(
    '/v1/proxies',
    {
      schema: {
        tags: ['fleet'],
        summary: 'The proxies that the consumers fetch through',
        response: answers(
          z.object({
            proxies: z.array(proxyShape),
            untold: z.number().int().meta({ description: 'how many more a consumer has, all of which work' }),
          }),
        ),
      },
    },
    () => readFleetProxies(fleet),
  );
}
