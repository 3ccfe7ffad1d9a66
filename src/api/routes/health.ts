// /healthz, /readyz and /metrics, for load balancers and Prometheus.
import { z } from 'zod';
import { METRICS_CONTENT_TYPE, processMetrics, renderMetrics } from '../../fleet/prometheus.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { COSTLY } from '../limits.ts';

const open = { config: { open: true } };
const state = z.object({ status: z.enum(['ok', 'stopping', 'redis']) });

/** /readyz answers after at most this time, even when Redis does not. */
const REDIS_MS = 2000;

export function addHealthRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet, queue } = context;
  const own = processMetrics();
  server.get(
    '/healthz',
    { ...open, schema: { tags: ['health'], summary: 'The process is alive', response: { 200: state } } },
    async () => ({ status: 'ok' as const }),
  );
  server.get(
    '/readyz',
    {
      ...open,
      schema: { tags: ['health'], summary: 'The server accepts calls', response: { 200: state, 503: state } },
    },
    async (_request, reply) => {
      if (context.leaving()) return reply.code(503).send({ status: 'stopping' });
      const late = new Promise<null>((resolve) => setTimeout(resolve, REDIS_MS, null).unref());
      const pong = await Promise.race([fleet.redis.ping().catch(() => null), late]);
      return pong === 'PONG' ? { status: 'ok' as const } : reply.code(503).send({ status: 'redis' });
    },
  );
  server.get(
    '/metrics',
    {
      config: COSTLY,
      schema: { tags: ['health'], summary: 'Metrics of the fleet, for Prometheus', produces: ['text/plain'] },
    },
    async (_request, reply) =>
      reply
        .type(METRICS_CONTENT_TYPE)
        .serializer((text: string) => text)
        .send(await renderMetrics(fleet, queue, own)),
  );
}
