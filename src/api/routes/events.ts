// /v1/events: server-sent events for the dashboard and other readers. /v1/stats: the last hour's samples.
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { exactCrawl } from '../../crawl/crawl.ts';
import type { CrawlView } from '../../crawl/views.ts';
import { readStats } from '../../fleet/history.ts';
import type { TailBatch } from '../../fleet/live-tail.ts';
import { apiHeaders } from '../answer-headers.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import type { Hub } from '../hub.ts';
import { tooMany } from '../limits.ts';
import { answers } from '../shapes.ts';

const MOST_STREAMS = 100;
const PING_MS = 15_000;
/**
 * Most bytes that wait for one reader. A reader that falls further behind is disconnected and may connect
 * again.
 */
const MOST_UNREAD = 4 * 1024 * 1024;
const RECONNECT_MS = 1000;

const sampleShape = z.record(z.string(), z.unknown());

export function addEventRoutes(server: ApiServer, context: ApiContext, hub: Hub): void {
  const open = new Set<ServerResponse>();
  server.get(
    '/v1/events',
    {
      exposeHeadRoute: false, // a HEAD request would never be answered
      schema: {
        tags: ['watch'],
        summary: 'Server-sent events: crawls, hosts, dead, replays, sample, tail',
        description:
          'Sends each event once on connecting, and then whenever it changes. Every event is complete: after a break, connect again and nothing is missing.',
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
            .meta({ description: 'id of a crawl: the events crawls and tail show only this one' }),
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
        ...apiHeaders,
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
        summary: 'The fleet in the last hour, one sample every 5 s',
        response: answers(z.object({ everyMs: z.number(), samples: z.array(sampleShape) })),
      },
    },
    async () => readStats(context.fleet),
  );
}

/**
 * The part of an event that is about one crawl; null when a tail event has no line of it. Other events are
 * about the whole fleet and pass unchanged.
 */
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

/**
 * Returns a function that writes the events that the reader asked for. A reader with more than MOST_UNREAD
 * bytes waiting is disconnected.
 */
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

/** Streams events until the reader disconnects or the server stops. */
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
