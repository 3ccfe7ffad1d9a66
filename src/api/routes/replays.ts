// /v1/dead/replay and /v1/replays: starts replays of dead letters, reads and stops them.
import { z } from 'zod';
import { DEFAULT_RATE } from '../../dead/replay.ts';
import type { ReplayOverrides } from '../../dead/replay-runs.ts';
import { deadShards } from '../../dead/shards/letters.ts';
import {
  countReplayableOn,
  listReplaysOn,
  lookAtReplayOn,
  startReplayOn,
  stopReplayOn,
} from '../../dead/shards/replays.ts';
import { requestSchema } from '../../request.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { once } from '../idempotency.ts';
import { COSTLY } from '../limits.ts';
import { ApiProblem } from '../problem.ts';
import { answers, replayShape } from '../shapes.ts';
import { deadFilterOf, deadFilterShape } from './dead.ts';

const tags = ['dead letters'];
const params = z.object({ id: z.string().max(100) });
const { attempts, timeouts, headers } = requestSchema.shape;

const replayInput = z
  .strictObject({
    filter: deadFilterShape.optional(),
    all: z.boolean().optional().meta({ description: 'true replays all dead letters, without a filter' }),
    canary: z
      .number()
      .int()
      .min(0)
      .max(10_000)
      .optional()
      .meta({ description: 'letters of each group to try first; 0 for none' }),
    rate: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta({ description: 'share of the canary that must be recorded before the rest follows' }),
    dryRun: z.boolean().default(false),
    overrides: z
      .strictObject({
        attempts,
        timeouts,
        headers,
        delayMs: z.number().int().min(1).max(86_400_000).optional(),
      })
      .optional(),
  })
  .meta({ id: 'NewReplay' });

export function addReplayRoutes(server: ApiServer, context: ApiContext): void {
  const shards = deadShards(context.fleet, context.queues);
  server.post(
    '/v1/dead/replay',
    {
      config: COSTLY,
      schema: {
        tags,
        summary: 'Replay the dead letters that match, a run for each group',
        body: replayInput,
        headers: z.object({ 'idempotency-key': z.string().max(200).optional() }),
        response: answers(
          z.object({
            dryRun: z.boolean(),
            matching: z.number().int(),
            cancelled: z.number().int().meta({
              description: 'further letters that match and stay, because their crawls were cancelled',
            }),
            runs: z.array(replayShape),
          }),
        ),
      },
    },
    (request, reply) => once(context, request, reply, () => replay(context, request.body)),
  );
  server.get(
    '/v1/replays',
    {
      schema: {
        tags,
        summary: 'Replays, the newest first',
        response: answers(z.object({ replays: z.array(replayShape) })),
      },
    },
    async () => ({ replays: await listReplaysOn(shards) }),
  );
  server.get(
    '/v1/replays/:id',
    { schema: { tags, summary: 'One replay and its progress', params, response: answers(replayShape) } },
    (request) => lookAtReplayOn(shards, request.params.id),
  );
  server.delete(
    '/v1/replays/:id',
    {
      schema: {
        tags,
        summary: 'Stop a replay: no further letter of it is brought back',
        params,
        response: answers(replayShape),
      },
    },
    (request) => stopReplayOn(shards, request.params.id),
  );
}

async function replay(context: ApiContext, input: z.infer<typeof replayInput>) {
  const shards = deadShards(context.fleet, context.queues);
  const { filter: given = {}, all, canary, rate = DEFAULT_RATE, dryRun } = input;
  if (!all && Object.keys(given).length === 0)
    throw new ApiProblem('E_FIELD', 'filter: give a filter, or all: true.', { field: 'filter' });
  const filter = await deadFilterOf(context, given);
  const overrides = withoutUndefined(input.overrides ?? {});
  const { groups, cancelled } = await countReplayableOn(shards, filter);
  if (dryRun) {
    const matching = groups.reduce((sum, { count }) => sum + count, 0);
    return { status: 200, body: { dryRun, matching, cancelled, runs: [] } };
  }
  const runs = await startReplayOn(shards, filter, {
    canary: canary ?? null,
    rate,
    overrides,
  });
  const matching = runs.reduce((sum, { total }) => sum + total, 0);
  return { status: 200, body: { dryRun, matching, cancelled, runs } };
}

function withoutUndefined(overrides: ReplayOverrides): ReplayOverrides {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}
