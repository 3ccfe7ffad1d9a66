// /v1/events: server-sent events, for the dashboard and for whoever wants to follow along.
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { readStats } from '../crawl/history.ts';
import { answerHeaders } from './answer-headers.ts';
import type { ApiContext, ApiServer } from './context.ts';
import type { Hub } from './hub.ts';
import { tooMany } from './limits.ts';
import { answers } from './shapes.ts';

const MOST_STREAMS = 100;
const PING_MS = 15_000;
/** What a reader has not taken yet; beyond it, the reader is let go, and comes again when it can. */
const MOST_UNREAD = 4 * 1024 * 1024;
const RECONNECT_MS = 1000;

const sampleShape = z.record(z.string(), z.unknown());

export function addEventRoutes(server: ApiServer, context: ApiContext, hub: Hub): void {
  const open = new Set<ServerResponse>();
  server.get(
    '/v1/events',
    {
      schema: {
        tags: ['watch'],
        summary: 'Server-sent events: crawls, hosts, dead, replays, sample, tail',
        description:
          'Each as it stands on connecting, then whenever it changes. After a break, connect again: nothing builds on former events.',
        querystring: z.object({
          only: z.string().max(100).optional().meta({ description: 'names of events, separated by commas' }),
        }),
        produces: ['text/event-stream'],
      },
    },
    (request, reply) => {
      if (open.size >= MOST_STREAMS) throw tooMany(10_000);
      const response = reply.raw;
      reply.hijack();
      response.writeHead(200, {
        ...answerHeaders,
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
      });
      open.add(response);
      const only = request.query.only?.split(',').map((name) => name.trim());
      const tell = (event: string, json: string) => {
        if (only && event !== 'hello' && !only.includes(event)) return;
        if (response.writableLength > MOST_UNREAD) response.destroy();
        else response.write(`event: ${event}\ndata: ${json}\n\n`);
      };
      response.write(`retry: ${RECONNECT_MS}\n`);
      tell('hello', JSON.stringify({ version: context.version, role: context.tokens.roleOf(request) }));
      const leave = hub.watch({ tell });
      const ping = setInterval(() => {
        if (context.stopping()) response.end();
        else response.write(': ping\n\n');
      }, PING_MS);
      response.on('close', () => {
        clearInterval(ping);
        leave();
        open.delete(response);
      });
    },
  );
  server.addHook('preClose', async () => {
    for (const response of open) response.end();
  });
  server.get(
    '/v1/stats',
    {
      schema: {
        tags: ['watch'],
        summary: 'The fleet over the last hour, a sample every 5 s',
        response: answers(z.object({ everyMs: z.number(), samples: z.array(sampleShape) })),
      },
    },
    async () => readStats(context.redis, context.shard),
  );
}
