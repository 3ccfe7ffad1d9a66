// Idempotency-Key: a call that is made again under the same key does nothing again, and gets the answer of the first.
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiContext } from './context.ts';
import { ApiProblem } from './problem.ts';

/** What a handler answers, when its answer is to be kept. */
export interface KeptAnswer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

const KEPT_MS = 24 * 3_600_000;
/** A call whose server died is taken for lost after this; while it is at work, its mark is renewed. */
const AT_WORK_MS = 15_000;

interface Mark {
  state: 'working' | 'done';
  /** Whose it is, while it is at work. */
  by?: string;
  /** Of the body that it came with; '' while that is still being read. */
  body: string;
  answer?: KeptAnswer;
}

/** A key at hand: what was answered under it before, or the right to do it now. */
export interface Claim {
  former: KeptAnswer | null;
  /** Throws E_IDEMPOTENCY (422) when the former call had another body. */
  checkBody(digest: string): void;
  /** Keeps the answer for KEPT_MS. */
  settle(digest: string, answer: KeptAnswer): Promise<void>;
  /** It came to nothing: the next call under this key begins anew. */
  release(): Promise<void>;
}

/** Of the Idempotency-Key header, null without one. Throws E_IDEMPOTENCY (409) while a call under it is at work, E_FIELD for an unfit key. */
export async function claimKey({ fleet }: ApiContext, request: FastifyRequest): Promise<Claim | null> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))
    throw new ApiProblem('E_FIELD', 'idempotency-key: expected up to 200 printable characters.', {
      field: 'headers.idempotency-key',
    });
  const name = fleet.keys.idempotency(digestOf(`${request.method} ${request.url}\n${key}`));
  const working = JSON.stringify({ state: 'working', by: randomUUID(), body: '' } satisfies Mark);
  const isOurs = (await fleet.redis.set(name, working, 'PX', AT_WORK_MS, 'NX')) === 'OK';
  const former = isOurs ? null : (JSON.parse((await fleet.redis.get(name)) ?? '{}') as Partial<Mark>);
  if (former && former.state !== 'done')
    throw new ApiProblem('E_IDEMPOTENCY', 'It is at work.', {
      field: 'headers.idempotency-key',
      retryAfterSeconds: 2,
    });
  const renewal = isOurs
    ? setInterval(() => fleet.redis.pexpire(name, AT_WORK_MS).catch(() => undefined), AT_WORK_MS / 3)
    : undefined;
  return {
    former: former?.answer ?? null,
    checkBody(digest) {
      if (former && former.body !== digest)
        throw new ApiProblem('E_IDEMPOTENCY', 'Its body was another one.', {
          field: 'headers.idempotency-key',
          status: 422,
        });
    },
    async settle(body, answer) {
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
      // Silent for too long (stopped, or cut off from Redis), it may have lost the key to another call.
      if (isOurs && (await fleet.redis.get(name)) === working) await fleet.redis.del(name);
    },
  };
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Does the work once for each Idempotency-Key, and answers. */
export async function once(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<KeptAnswer>,
): Promise<FastifyReply> {
  const claim = await claimKey(context, request);
  const digest = digestOf(JSON.stringify(request.body ?? null));
  claim?.checkBody(digest);
  if (claim?.former) return send(reply.header('idempotency-replayed', 'true'), claim.former);
  try {
    const answer = await work();
    await claim?.settle(digest, answer);
    return send(reply, answer);
  } catch (error) {
    await claim?.release();
    throw error;
  }
}

function send(reply: FastifyReply, { status, headers, body }: KeptAnswer): FastifyReply {
  return reply
    .code(status)
    .headers(headers ?? {})
    .send(body);
}
