// /v1/crawls/{id}/changes: what differs between two runs of a crawl.
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { type ChangeKind, changeKinds, everyChangeKind } from '../../changes/kinds.ts';
import { changesOfRuns } from '../../changes/of-runs.ts';
import { changesAsJson } from '../../changes/text-forms.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { answers, flagQuery } from '../shapes.ts';
import { sendText } from '../text-answers.ts';

/** A comparison reads all records of two runs: few at a time. */
const VERY_COSTLY = { rateLimit: { max: 20 } };
/** Texts of pages that one answer compares, and the time that it takes for that. */
const MOST_TEXT_BYTES = 256 * 1024 * 1024;
const MOST_DIFF_MS = 20_000;

const count = z.number().int();
const runShape = z
  .object({
    ...{ crawl: z.string(), state: z.enum(['finished', 'cancelled']), createdAt: z.string() },
    ...{ finishedAt: z.string().nullable(), records: count },
  })
  .meta({ id: 'ComparedRun' });
const stateShape = z
  .object({
    ...{ status: count.nullable(), code: z.string().nullable(), finalUrl: z.string().nullable() },
    ...{ title: z.string().nullable(), contentType: z.string().nullable(), bytes: count.nullable() },
    fetchedAt: z.string(),
  })
  .meta({ id: 'PageState', description: 'what a run has found at a URL' });
const changeShape = z
  .object({
    ...{ id: z.string(), url: z.string(), method: z.string() },
    ...{ from: stateShape.nullable(), to: stateShape.nullable() },
    fields: z.array(z.enum(['status', 'finalUrl', 'title', 'content', 'items'])).optional(),
    text: z
      .enum(['changed', 'same', 'not-kept', 'not-text', 'too-large', 'too-different', 'not-compared'])
      .optional(),
    diff: z.string().optional().meta({ description: 'of the text, as of diff -u' }),
    lines: z.object({ added: count, removed: count, leftOut: count }).optional(),
    itemsDiff: z.string().optional(),
    lastIn: z.string().optional().meta({ description: 'the newest earlier run in which it was there' }),
  })
  .meta({ id: 'Change' });
const lists = Object.fromEntries(everyChangeKind.map((kind) => [kind, z.array(changeShape).optional()]));
const changesShape = z.object({
  ...{ from: runShape, to: runShape, generatedAt: z.string() },
  notes: z.array(z.string()).meta({ description: 'what cannot be told, or not for certain' }),
  counts: z.record(z.string(), count),
  ...lists,
});

const kindsQuery = z
  .string()
  .refine(
    (text) => text.split(',').every((kind) => Object.hasOwn(changeKinds, kind)),
    `expected some of ${everyChangeKind.join(', ')}`,
  )
  .transform((text) => text.split(',') as ChangeKind[])
  .optional()
  .meta({ description: 'kinds to list, with commas; all are counted' });

export function addChangeRoutes(server: ApiServer, context: ApiContext): void {
  server.get(
    '/v1/crawls/:id/changes',
    {
      config: VERY_COSTLY,
      schema: {
        tags: ['crawls'],
        summary: 'What differs between a run of a crawl and the former one',
        description:
          'New, changed (with the lines of text that differ), gone and returned pages, and those that could not be compared. Reads all records of both runs and fetches nothing. When records are in other places, `notes` says how many.',
        params: z.object({ id: z.string().max(200) }),
        querystring: z.object({
          from: z.string().max(200).optional().meta({
            description: 'id of the run to compare with; by default the one before that has finished',
          }),
          kind: kindsQuery,
          text: flagQuery
            .default(false)
            .meta({ description: 'a page counts as changed only when its text does' }),
          diff: flagQuery.default(true).meta({ description: 'whether texts are compared line by line' }),
          most: z.coerce.number().int().min(1).max(1_000_000).optional().meta({
            description: 'changes of each kind to give; counts stay whole',
          }),
        }),
        response: answers(changesShape),
      },
    },
    async (request, reply) => {
      const { from, kind: kinds = everyChangeKind, text: textOnly, diff, most } = request.query;
      const limits = { mostTextBytes: MOST_TEXT_BYTES, mostDiffMs: MOST_DIFF_MS };
      const options = { kinds, textOnly, diff, ignore: null, signal: whileOpen(reply), ...limits };
      const changes = await changesOfRuns(context, { to: request.params.id, from }, options);
      // The answer may never be read, and its generator never begin.
      if (reply.raw.closed) changes.close();
      else reply.raw.once('close', () => changes.close());
      return sendText(reply, 'application/json', pieces(changesAsJson(changes, most)));
    },
  );
}

/** Aborted when the client goes away. */
function whileOpen({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => controller.abort());
  return controller.signal;
}

async function* pieces(texts: Iterable<string>): AsyncGenerator<string> {
  yield* texts;
}
