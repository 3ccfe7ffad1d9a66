// Idempotency-Key: a repeated call under the same key does nothing and gets the answer of the first call.
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from './context.ts';
import { ApiProblem } from './problem.ts';

/** An answer that is kept under its Idempotency-Key. */
export interface KeptAnswer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** How long an answer is kept. */
const KEPT_MS = 24 * 3_600_000;
/**
 * A call whose server died counts as lost after this time. A call that is being worked on renews its mark
 * before that.
 */
const WORKING_MS = 15_000;

interface Mark {
  state: 'working' | 'done';
  /** Id of the call that is being worked on. */
  by?: string;
  /** Digest of the call's body; '' while the call is being worked on. */
  body: string;
  answer?: KeptAnswer;
}

/** One call's hold on its Idempotency-Key: either the former answer, or the right to do the work now. */
export interface KeyHold {
  former: KeptAnswer | null;
  /** Throws E_IDEMPOTENCY (422) when the former call had a different body. */
  checkBody(digest: string): void;
  /** Keeps the answer for KEPT_MS. */
  keep(digest: string, answer: KeptAnswer): Promise<void>;
  /** Gives the key up after a failure, so that the next call under it does the work again. */
  release(): Promise<void>;
}

/**
 * Takes the request's Idempotency-Key; returns null when it has none. Only one call at a time can hold a key
 * (SET NX). Throws E_IDEMPOTENCY (409) while another call under it is being worked on, and E_FIELD for a
 * malformed key.
 */
export async function holdKey({ fleet }: ApiContext, request: FastifyRequest): Promise<KeyHold | null> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))
    throw new ApiProblem('E_FIELD', 'idempotency-key: expected 1 to 200 printable ASCII characters.', {
      field: 'headers.idempotency-key',
    });
  const name = fleet.keys.idempotency(digestOf(`${request.method} ${request.url}\n${key}`));
  const working = JSON.stringify({ state: 'working', by: randomUUID(), body: '' } satisfies Mark);
  const isOurs = (await fleet.redis.set(name, working, 'PX', WORKING_MS, 'NX')) === 'OK';
  const former = isOurs ? null : (JSON.parse((await fleet.redis.get(name)) ?? '{}') as Partial<Mark>);
  if (former && former.state !== 'done')
    throw new ApiProblem('E_IDEMPOTENCY', 'The former call is still being worked on.', {
      field: 'headers.idempotency-key',
      retryAfterSeconds: 2,
    });
  const renewal = isOurs
    ? setInterval(() => fleet.redis.pexpire(name, WORKING_MS).catch(() => undefined), WORKING_MS / 3)
    : undefined;
  return {
    former: former?.answer ?? null,
    checkBody(digest) {
      if (former && former.body !== digest)
        throw new ApiProblem('E_IDEMPOTENCY', 'The former call had a different body.', {
          field: 'headers.idempotency-key',
          status: 422,
        });
    },
    async keep(body, answer) {
      clearInterval(renewal);
      await fleet.redis.set(
        name,
        JSON.stringify({ state: 'done', body, answer } satisfies Mark),
        'PX',
        KEPT_MS,
      );
    },
    async release() {
      clearInterval(renewal);
      // A process that was stopped or cut off from Redis for too long may have lost the key to another call.
      if (isOurs && (await fleet.redis.get(name)) === working) await fleet.redis.del(name);
    },
  };
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Sends the answer of `work`, or the kept answer when a call under the same Idempotency-Key has been answered
 * before. Without the header, `work` always runs.
 */
export async function once(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<KeptAnswer>,
): Promise<FastifyReply> {
  const hold = await holdKey(context, request);
  const digest = digestOf(JSON.stringify(request.body ?? null));
  hold?.checkBody(digest);
  if (hold?.former) return send(reply.header('idempotency-replayed', 'true'), hold.former);
  try {
    const answer = await work();
    await hold?.keep(digest, answer);
    return send(reply, answer);
  } catch (error) {
    await hold?.release();
    throw error;
  }
}

function send(reply: FastifyReply, { status, headers, body }: KeptAnswer): FastifyReply {
  return reply
    .code(status)
    .headers(headers ?? {})
    .send(body);
}
