// Shapes of answers, for the description at /openapi.json. The functions that make the answers have types of
// their own.
import { z } from 'zod';
import { parseSetting } from '../config/parse.ts';
import { catalogue } from '../errors.ts';
import { problemShape } from './problem.ts';

const count = z.number().int();
const counts = z.record(z.string(), count);
const time = z.string().meta({ description: 'ISO 8601' });

export const crawlShape = z
  .object({
    crawl: z.string().meta({ description: 'id of the crawl' }),
    name: z.string(),
    state: z.enum(['running', 'paused', 'finished', 'cancelled']),
    accepted: count,
    recorded: count,
    refused: count,
    dead: count,
    waiting: count,
    bytes: count,
    retries: count,
    postponed: count,
    unchanged: count.meta({ description: 'recorded pages that are as in the former run' }),
    notDue: count.meta({ description: 'unchanged pages that were not asked for (onlyDue)' }),
    statuses: counts,
    errors: counts,
    refusals: counts,
    leftOut: counts,
    items: counts.meta({ description: 'items that handlers emitted, by handler' }),
    seeds: z.string(),
    createdAt: time,
    finishedAt: time.nullable(),
    settings: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Crawl', description: 'accepted = recorded + refused + dead + waiting' });

export const scheduleShape = z
  .object({
    name: z.string().meta({ description: 'also the name of its crawls' }),
    cron: z.string(),
    zone: z.string(),
    seeds: z.string(),
    again: z.boolean().meta({ description: 'it has no seeds of its own, and repeats the former run' }),
    former: z
      .string()
      .nullable()
      .meta({ description: 'the run by which the next one asks what has changed' }),
    addedAt: time,
    next: time.nullable(),
    started: count,
    skipped: count.meta({
      description: 'runs that were due while the former one went on, or that could not begin',
    }),
    last: z
      .object({
        due: time,
        outcome: z.enum(['started', 'skipped']),
        crawl: z.string().nullable(),
        former: z.string().nullable(),
        why: z.string().nullable().meta({ description: 'code of the error because of which no crawl began' }),
      })
      .nullable(),
  })
  .meta({ id: 'Schedule' });

export const letterShape = z
  .object({
    jobId: z.string(),
    crawl: z.string(),
    id: z.string(),
    url: z.string(),
    host: z.string(),
    code: z.string(),
    layer: z.string(),
    message: z.string(),
    attempts: count,
    failedAt: time,
  })
  .meta({ id: 'DeadLetter' });

const timings = z.record(z.string(), z.number().nullable()).meta({ description: 'milliseconds by phase' });

export const attemptShape = z
  .object({
    at: time,
    code: z.string(),
    layer: z.string(),
    message: z.string(),
    status: count.nullable(),
    address: z.string().nullable(),
    finalUrl: z.string().nullable(),
    timings,
    body: z.string().nullable().meta({ description: 'the first characters of the body' }),
  })
  .meta({ id: 'Attempt' });

export const letterDetailShape = letterShape
  .extend({
    request: z.record(z.string(), z.unknown()),
    depth: count,
    referrer: z.string().nullable(),
    advice: z.string(),
    tries: z.array(attemptShape),
  })
  .meta({ id: 'DeadLetterDetail' });

export const replayShape = z
  .object({
    id: z.string(),
    code: z.string(),
    host: z.string(),
    filter: z.record(z.string(), z.unknown()),
    overrides: z.record(z.string(), z.unknown()),
    canary: count,
    rate: z.number(),
    phase: z.enum(['canary', 'rest', 'done', 'stopped']),
    total: count,
    opened: count,
    recorded: count,
    refused: count,
    dead: count,
    startedAt: time,
    endedAt: time.nullable(),
  })
  .meta({ id: 'Replay' });

export const groupShape = z
  .object({
    code: z.string(),
    layer: z.string(),
    host: z.string(),
    count,
    firstAt: time,
    lastAt: time,
    sample: letterShape.nullable(),
    advice: z.string(),
    run: replayShape.nullable(),
  })
  .meta({ id: 'DeadGroup', description: 'dead letters of one code at one host' });

const holdShape = z
  .object({
    kind: z.enum(['paused', 'slowed']),
    why: z.enum(['named', 'quota', 'refuses', 'operator', 'failures', 'latency', 'crawl-delay']),
    since: time.nullable(),
    until: time.nullable(),
    intervalMs: z.number().nullable(),
    reason: z.string(),
    change: z.string(),
  })
  .meta({ id: 'Hold', description: 'why a host is paused or slowed, and what would change it' });

export const hostShape = z
  .object({
    key: z.string(),
    waiting: count,
    open: count,
    inFlight: count,
    pausedMs: z.number(),
    nextMs: z.number(),
    concurrency: z.number(),
    delayMs: z.number(),
    intervalMs: z.number(),
    crawlDelayMs: z.number().nullable(),
    paceMs: z.number().nullable(),
    quotaMs: z.number().nullable(),
    latencyMs: z.number().nullable(),
    refusals: z.number(),
    server: z.string().nullable(),
    set: z.record(z.string(), z.number().nullable()),
    holds: z.array(holdShape),
  })
  .meta({ id: 'Host' });

export const itemShape = z
  .object({
    url: z.string().meta({ description: 'of the page' }),
    handler: z.string(),
    item: z.unknown().meta({ description: 'as the handler emitted it' }),
  })
  .meta({ id: 'Item' });

/** Error answers of every route. */
const problems = { '4xx': problemShape, '5xx': problemShape };

/** The answers of a route: `shape` with `status`, and problem documents. */
export function answers<T extends z.ZodType>(shape: T, status = 200) {
  return { [status]: shape, ...problems } as Record<string, z.ZodType>;
}

/** Query parameters of every route that gives pages. */
export const pageQuery = {
  cursor: z.string().max(2000).optional().meta({ description: '`next` of the previous page' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
};

/** A flag in a query: 1, true or yes; 0, false or no. */
export const flagQuery = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'])
  .transform((text) => text === 'true' || text === '1' || text === 'yes');

/** The format of an answer that need not be JSON. It goes before the Accept header. */
export const formatQuery = z
  .enum(['json', 'ndjson', 'jsonl', 'csv'])
  .transform((text) => (text === 'jsonl' ? 'ndjson' : text))
  .optional()
  .meta({ description: 'format of the answer; by default the one that Accept asks for' });

const isDuration = (text: string) => /^\d{1,9}(\.\d{1,9})?[smhd]$/.test(text);

/** A time, or a duration that counts back from now. */
export const sinceQuery = z
  .string()
  .refine((text) => z.iso.datetime({ offset: true }).safeParse(text).success || isDuration(text), {
    error: 'expected a time (ISO 8601, with its offset) or a duration such as 2h',
  })
  .optional();

/** What sinceQuery has accepted, in milliseconds since 1970. */
export function sinceOf(text: string): number {
  return isDuration(text) ? Date.now() - (parseSetting('keepDead', text, 'since') ?? 0) : Date.parse(text);
}

/** An error code of docs/errors.md. */
export const codeQuery = z
  .string()
  .refine((code) => Object.hasOwn(catalogue, code), 'there is no such code (docs/errors.md lists them)')
  .optional();
