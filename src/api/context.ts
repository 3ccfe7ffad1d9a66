// What every route of the API works with.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Settings } from '../config/settings.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { RecordIndexes } from '../records/read/record-index.ts';
import type { RedisAddress } from '../redis.ts';
import type { Tokens } from './tokens.ts';

/** Made once by the server, and handed to each file of routes. */
export interface ApiContext {
  settings: Settings;
  address: RedisAddress;
  /** For scripts and reads; the server closes it. */
  fleet: Fleet;
  queue: RequestQueue;
  /** Where the records of all crawls lie. */
  recordsDir: string;
  records: RecordIndexes;
  tokens: Tokens;
  log: Log;
  version: string;
  /** True from SIGTERM on: /readyz says no, all else goes on, so that nobody who looks there first is turned away. */
  leaving(): boolean;
  /** True a moment later: nothing new is taken, event streams and uploads end. */
  stopping(): boolean;
}

/** The server as a file of routes sees it: schemas are Zod's, and type what the handler gets. */
export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
