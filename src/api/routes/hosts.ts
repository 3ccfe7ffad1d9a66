// /v1/hosts: reads the state of hosts (limiter keys), sets their limits, pauses and resumes them.
import { z } from 'zod';
import { listOpenCrawls } from '../../crawl/crawl.ts';
import { wakeHost } from '../../crawl/wake-host.ts';
import {
  FOR_GOOD_MS,
  type HostLimits,
  type HostState,
  limitHost,
  listHosts,
  lookAtHosts,
  pauseHost,
  resumeHost,
} from '../../frontier/hosts.ts';
import { hostKey } from '../../url/host.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { COSTLY } from '../limits.ts';
import { ApiProblem } from '../problem.ts';
import { answers, hostShape } from '../shapes.ts';

const tags = ['hosts'];
const params = z.object({
  key: z.string().min(1).max(300).meta({ description: 'host, host:port or another limiter key' }),
});
const milliseconds = z.number().int().min(0).max(2_147_483_647);

const limitsInput = z
  .strictObject({
    concurrency: z.number().int().min(1).max(10_000).nullable().optional(),
    delayMs: milliseconds.nullable().optional(),
    max: z.number().int().min(1).max(1_000_000).nullable().optional(),
    durationMs: milliseconds.min(1).nullable().optional(),
  })
  .meta({ id: 'HostLimits', description: 'null removes a limit; max needs durationMs' });

export function addHostRoutes(server: ApiServer, context: ApiContext): void {
  const { fleet } = context;
  server.get(
    '/v1/hosts',
    {
      config: COSTLY,
      schema: {
        tags,
        summary: 'Hosts that have requests of open crawls, or limits set by the operator',
        querystring: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
        response: answers(z.object({ hosts: z.array(hostShape) })),
      },
    },
    async ({ query }) => {
      const keys = await listHosts(fleet, await listOpenCrawls(fleet), query.limit);
      return { hosts: await lookAtHosts(fleet, keys) };
    },
  );
  server.get(
    '/v1/hosts/:key',
    { schema: { tags, summary: 'One host', params, response: answers(hostShape) } },
    async (request) => stateOf(context, keyOf(request.params.key)),
  );
  addChanges(server, context);
}

function addChanges(server: ApiServer, context: ApiContext): void {
  const { fleet, queues } = context;
  /** Wakes the requests that were postponed under the former limits. */
  const changed = async (key: string) => {
    await wakeHost(fleet, queues, key);
    return stateOf(context, key);
  };
  server.patch(
    '/v1/hosts/:key',
    {
      schema: {
        tags,
        summary: 'Set limits for the whole fleet; they take effect within a second',
        params,
        body: limitsInput,
        response: answers(hostShape),
      },
    },
    async (request) => {
      const key = keyOf(request.params.key);
      await limitHost(fleet, key, checkedLimits(request.body));
      return changed(key);
    },
  );
  server.post(
    '/v1/hosts/:key/pause',
    {
      schema: {
        tags,
        summary: 'Pause: no fetch starts there, for a time or until it is resumed',
        params,
        body: z.strictObject({ durationMs: milliseconds.min(1).optional() }).nullish(),
        response: answers(hostShape),
      },
    },
    async (request) => {
      const key = keyOf(request.params.key);
      await pauseHost(fleet, key, request.body?.durationMs ?? FOR_GOOD_MS);
      return changed(key);
    },
  );
  server.post(
    '/v1/hosts/:key/resume',
    { schema: { tags, summary: 'End the pause of a host', params, response: answers(hostShape) } },
    async (request) => {
      const key = keyOf(request.params.key);
      await resumeHost(fleet, key);
      return changed(key);
    },
  );
}

function keyOf(text: string): string {
  try {
    // A URL parser would drop control characters silently.
    if (/[\0-\x1f\x7f]/.test(text)) throw new Error();
    return hostKey(text);
  } catch {
    throw new ApiProblem(
      'E_FIELD',
      `params.key: ${JSON.stringify(text)} is neither a host nor another limiter key.`,
      { field: 'params.key' },
    );
  }
}

async function stateOf({ fleet }: ApiContext, key: string): Promise<HostState> {
  const [state] = await lookAtHosts(fleet, [key]);
  if (!state) throw new ApiProblem('E_INTERNAL');
  return state;
}

function checkedLimits(limits: Partial<HostLimits>): Partial<HostLimits> {
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0)
    throw new ApiProblem(
      'E_FIELD',
      'Give at least one limit: concurrency, delayMs, or max with durationMs.',
      {
        field: 'body',
      },
    );
  const hasMax = typeof limits.max === 'number';
  const hasDuration = typeof limits.durationMs === 'number';
  if (hasMax !== hasDuration)
    throw new ApiProblem('E_FIELD', 'max and durationMs need each other: at most max starts in durationMs.', {
      field: hasMax ? 'durationMs' : 'max',
    });
  return given;
}
