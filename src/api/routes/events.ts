// /v1/events: server-sent events, for the dashboard and for whoever wants to follow along.
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { CrawlView } from '../../crawl/views.ts';
import { readStats } from '../../fleet/history.ts';
import type { TailBatch } from '../../fleet/live-tail.ts';
import { answerHeaders } from '../answer-headers.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { exactCrawl } from '../crawl-names.ts';
import type { Hub } from '../hub.ts';
import { tooMany } from '../limits.ts';
import { answers } from '../shapes.ts';

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
      exposeHeadRoute: false, // a stream that never ends has no head alone
      schema: {
        tags: ['watch'],
        summary: 'Server-sent events: crawls, hosts, dead, replays, sample, tail',
        description:
          'Each as it stands on connecting, then whenever it changes. After a break, connect again: nothing builds on former events.',
        querystring: z.object({
          only: z
            .string()
            .regex(
              /^(crawls|hosts|dead|replays|sample|tail)(,\s*(crawls|hosts|dead|replays|sample|tail))*$/,
              'expected names of events, separated by commas',
            )
            .optional()
            .meta({ description: 'names of events, separated by commas' }),
          crawl: z
            .string()
            .max(200)
            .optional()
            .meta({ description: 'of crawls and tail, those of this id alone' }),
        }),
        produces: ['text/event-stream'],
      },
    },
    async (request, reply) => {
      if (open.size >= MOST_STREAMS) throw tooMany(10_000);
      const { crawl } = request.query;
      if (crawl !== undefined) await exactCrawl(context.fleet, crawl);
      const role = context.tokens.roleOf(request);
      reply.hijack();
      const response = reply.raw;
      response.writeHead(200, {
        ...answerHeaders,
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
        'x-request-id': request.id,
      });
      open.add(response);
      response.on('close', () => open.delete(response));
      response.write(`retry: ${RECONNECT_MS}\n`);
      const tell = tellerOf(response, request.query);
      tell('hello', JSON.stringify({ version: context.version, role }));
      stream(context, hub, response, tell);
      return reply;
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
    async () => readStats(context.fleet),
  );
}

/** What an event says of one crawl; null where the tail says nothing of it. Other events are of the whole fleet. */
function ofCrawl(event: string, json: string, crawl: string): string | null {
  const isOf = (item: { crawl: string }) => item.crawl === crawl;
  if (event === 'crawls') {
    const { crawls } = JSON.parse(json) as { crawls: CrawlView[] };
    return JSON.stringify({ crawls: crawls.filter(isOf) });
  }
  if (event !== 'tail') return json;
  const { lines, skipped } = JSON.parse(json) as TailBatch;
  const own = lines.filter(isOf);
  return own.length === 0 ? null : JSON.stringify({ lines: own, skipped });
}

type Tell = (event: string, json: string) => void;

/** Writes the events that were asked for; a reader who takes too little is let go. */
function tellerOf(response: ServerResponse, wanted: { only?: string; crawl?: string }): Tell {
  const only = wanted.only?.split(',').map((name) => name.trim());
  const { crawl } = wanted;
  return (event, json) => {
    if (response.writableEnded || (only && event !== 'hello' && !only.includes(event))) return;
    const text = crawl === undefined ? json : ofCrawl(event, json, crawl);
    if (response.writableLength > MOST_UNREAD) response.destroy();
    else if (text !== null) response.write(`event: ${event}\ndata: ${text}\n\n`);
  };
}

/** Until the reader goes or the server stops. */
function stream(context: ApiContext, hub: Hub, response: ServerResponse, tell: Tell): void {
  const leave = hub.watch({ tell });
  const ping = setInterval(() => {
    if (context.stopping()) response.end();
    else response.write(': ping\n\n');
  }, PING_MS);
  response.on('close', () => {
    clearInterval(ping);
    leave();
  });
}
