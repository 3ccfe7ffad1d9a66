// /queues: bull-board, which shows the raw queues. Read-only unless the setting `queuesWritable` allows
// changes.
import { createRequire } from 'node:module';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { FastifyInstance } from 'fastify';
import { type FormerJobData, type JobData, requestIn } from '../../queue/job-data.ts';
import { openWebhookQueue } from '../../queue/webhook-queue.ts';
import { REDACTED, redacted } from '../../redact.ts';
import type { ApiContext } from '../context.ts';

const PATH = '/queues';

/** bull-board's page has inline styles. Otherwise it works under a strict policy. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

export async function addRawQueues(
  server: FastifyInstance,
  { fleet, queues, settings }: ApiContext,
): Promise<void> {
  const adapter = new FastifyAdapter();
  adapter.setBasePath(PATH);
  const modes = { readOnlyMode: !settings.queuesWritable, allowRetries: settings.queuesWritable };
  const look = (raw: unknown, shown: (data: never) => unknown, prefix = '') => {
    const board = new BullMQAdapter(raw as never, { ...modes, prefix });
    board.setFormatter('data', shown as never);
    board.setFormatter('progress', redacted as never);
    return board;
  };
  createBullBoard({
    queues: [
      ...queues.map((queue, shard) => look(queue, shownJob, queues.length > 1 ? `${shard}-` : '')),
      look(openWebhookQueue(fleet), redacted),
    ],
    // The two packages each bring their own copy of this type.
    serverAdapter: adapter as never,
    options: {
      uiBasePath: uiFolder(),
      uiConfig: { boardTitle: 'drover: raw queues', hideRedisDetails: true },
    },
  });
  await server.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header('content-security-policy', policy);
      return typeof payload === 'string' ? withoutForeign(payload) : payload;
    });
    const board = adapter.registerPlugin();
    const quiet: typeof board = (inner, options, done) => {
      // bull-board's own error handler would answer 500 to every error, also to a missing token.
      inner.setErrorHandler = (() => inner) as never;
      board(inner, options, done);
    };
    await scope.register(quiet, { prefix: PATH });
  });
}

/** Shows a job's request, unpacked and redacted, and how the job starts. */
function shownJob(data: JobData | FormerJobData): unknown {
  try {
    const request = requestIn(data);
    return redacted(typeof data === 'string' ? request : { ...data, request });
  } catch {
    return REDACTED; // a job that drover did not make
  }
}

/**
 * Folder of bull-board's page. bull-board's own guess fails where a package manager keeps packages in a store
 * of its own.
 */
function uiFolder(): string {
  return createRequire(import.meta.url)
    .resolve('@bull-board/ui/package.json')
    .replace(/\/package\.json$/, '');
}

/** Removes links to other sites (fonts from a CDN); the page works without them. */
function withoutForeign(html: string): string {
  return html.replace(/<link[^>]+href="https?:\/\/[^"]*"[^>]*>/g, '');
}
