// /healthz, /readyz and /metrics, for load balancers and Prometheus.
import { z } from 'zod';
import type { ErrorCode } from '../../errors.ts';
import { METRICS_CONTENT_TYPE, processMetrics, renderMetrics } from '../../fleet/prometheus.ts';
import { checkRedis } from '../../redis/check.ts';
import { redisFailure } from '../../redis/failures.ts';
import { closeRedis, connectRedis } from '../../redis.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { COSTLY } from '../limits.ts';

const open = { config: { open: true } };
const state = z.object({
  status: z.enum(['ok', 'stopping', 'redis']),
  code: z.string().optional().meta({ description: 'why Redis cannot be used: one of docs/errors.md' }),
});

/** /readyz answers after at most this time, even when Redis does not. */
const REDIS_MS = 2000;
/** How often what a command checks at its start is checked again. In between, a PING must do. */
const CHECK_EVERY_MS = 5000;

export function addHealthRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet, queues } = context;
  const own = processMetrics();
  const whyNotReady = createReadiness(context);
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
      const late = new Promise<ErrorCode>((resolve) => setTimeout(resolve, REDIS_MS, 'E_REDIS_DOWN').unref());
      const code = await Promise.race([whyNotReady(), late]);
      return code === null ? { status: 'ok' as const } : reply.code(503).send({ status: 'redis', code });
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
        .send(await renderMetrics(fleet, queues, own)),
  );
}

/**
 * Whether Redis can be used, as a command finds out at its start: null, or the code of what is wrong. Callers
 * at the same time share one check.
 */
function createReadiness({ fleet, address }: ApiContext): () => Promise<ErrorCode | null> {
  let checked = { at: Number.NEGATIVE_INFINITY, code: null as ErrorCode | null };
  let checking: Promise<void> | null = null;
  const codeOf = (error: unknown) => redisFailure(error)?.code ?? 'E_INTERNAL';

  async function check(): Promise<void> {
    const redis = connectRedis(address, 'producer', { name: 'ready' });
    const code = await checkRedis(redis, fleet.namespace).then(() => null, codeOf);
    closeRedis(redis);
    checked = { at: performance.now(), code };
  }

  return async () => {
    if (performance.now() - checked.at > CHECK_EVERY_MS) {
      checking ??= check().finally(() => {
        checking = null;
      });
      await checking;
    }
    return checked.code ?? (await fleet.redis.ping().then(() => null, codeOf));
  };
}
