// What every route of the API needs: settings, connections, stores, tokens, log.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Settings } from '../config/settings.ts';
import type { Fleet } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { RequestQueue } from '../queue/queue.ts';
import type { RecordStores } from '../records/stores.ts';
import type { RedisAddress } from '../redis.ts';
import type { Tokens } from './tokens.ts';

/** The server makes one and passes it to each file of routes. */
export interface ApiContext {
  settings: Settings;
  address: RedisAddress;
  /** Its connection is for scripts and reads. The server closes it. */
  fleet: Fleet;
  /** Those of all shards. */
  queues: readonly RequestQueue[];
  stores: RecordStores;
  tokens: Tokens;
  log: Log;
  version: string;
  /**
   * True from SIGTERM on: /readyz answers 503 while everything else is still served. A load balancer that
   * polls /readyz can so take the server out before any caller is turned away.
   */
  leaving(): boolean;
  /** True one second after SIGTERM: no new calls are accepted; event streams and uploads end. */
  stopping(): boolean;
}

/**
 * The type of server that a file of routes gets: its schemas are Zod's and give the handler's arguments their
 * types.
 */
export type ApiServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
