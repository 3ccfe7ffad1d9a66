// /queues: bull-board, for a look at the raw queues. Read-only unless the operator said otherwise.
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

/** Its page sets styles within itself, and nothing else that a strict policy forbids. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

export async function addRawQueues(
  server: FastifyInstance,
  { fleet, queue, settings }: ApiContext,
): Promise<void> {
  const adapter = new FastifyAdapter();
  adapter.setBasePath(PATH);
  const modes = { readOnlyMode: !settings.queuesWritable, allowRetries: settings.queuesWritable };
  const look = (raw: unknown, shown: (data: never) => unknown) => {
    const board = new BullMQAdapter(raw as never, modes);
    board.setFormatter('data', shown as never);
    board.setFormatter('progress', redacted as never);
    return board;
  };
  createBullBoard({
    queues: [look(queue, shownJob), look(openWebhookQueue(fleet), redacted)],
    // Two copies of one type, in the packages' own folders.
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
      // Its own handler makes a 500 of every error, of those too that say who may not come in.
      inner.setErrorHandler = (() => inner) as never;
      board(inner, options, done);
    };
    await scope.register(quiet, { prefix: PATH });
  });
}

/** Its request, readable, and how it started. */
function shownJob(data: JobData | FormerJobData): unknown {
  try {
    const request = requestIn(data);
    return redacted(typeof data === 'string' ? request : { ...data, request });
  } catch {
    return REDACTED; // what somebody else put there
  }
}

/** Its own guess takes it for granted that it is not run from a package manager's store. */
function uiFolder(): string {
  return createRequire(import.meta.url)
    .resolve('@bull-board/ui/package.json')
    .replace(/\/package\.json$/, '');
}

/** Fonts from a CDN: it does without. */
function withoutForeign(html: string): string {
  return html.replace(/<link[^>]+href="https?:\/\/[^"]*"[^>]*>/g, '');
}
