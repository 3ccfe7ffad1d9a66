// /openapi.json: every route is described, and what a running server answers is what the description says.
import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import { type Api, type CallOptions, crawlIn, sharedApi } from '../support/api/api.ts';
import { openFleets } from '../support/fleets.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const serve = sharedApi(fleets, ['--processes', '1', '--allow-private', '127.0.0.0/8', '--attempts', '1']);

interface Operation {
  summary?: string;
  tags?: string[];
  parameters?: { name: string; in: string; schema: object }[];
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface Description {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

/** The contract's routes. */
const routes = `
  POST /v1/requests · GET /v1/requests/{id} · GET /v1/explain · POST /v1/explain/timing
  GET /v1/crawls · POST /v1/crawls · GET /v1/crawls/{id} · DELETE /v1/crawls/{id} · POST /v1/crawls/{id}/pause · POST /v1/crawls/{id}/resume
  GET /v1/crawls/{id}/records · GET /v1/crawls/{id}/items · GET /v1/crawls/{id}/errors · GET /v1/crawls/{id}/report · GET /v1/crawls/{id}/changes
  GET /v1/dead · DELETE /v1/dead · GET /v1/dead/summary · GET /v1/dead/{jobId} · POST /v1/dead/replay
  GET /v1/replays · GET /v1/replays/{id} · DELETE /v1/replays/{id}
  GET /v1/schedules
  GET /v1/hosts · GET /v1/hosts/{key} · PATCH /v1/hosts/{key} · POST /v1/hosts/{key}/pause · POST /v1/hosts/{key}/resume
  GET /v1/proxies
  GET /v1/stats · GET /v1/events · GET /v1/session · POST /v1/session · DELETE /v1/session
  GET /metrics · GET /healthz · GET /readyz`
  .split(/[·\n]/)
  .map((route) => route.trim())
  .filter(Boolean);

const describe = async (api: Api): Promise<Description> => (await api.call('GET', '/openapi.json')).json;

test('every route of the contract is described, and no other; each says what it is for, and names its parameters', async () => {
  const { openapi, paths, info } = await describe(await serve());
  assert.match(openapi, /^3\.1\./);
  assert.ok(info.title && /^\d+\.\d+\.\d+$/.test(info.version));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  assert.deepEqual(operations.map(({ route }) => route).sort(), routes.toSorted());
  for (const { route, operation } of operations) {
    assert.ok((operation.summary ?? '').length > 3, `${route} has no summary`);
    assert.equal(operation.tags?.length, 1, `${route} has no tag`);
    const named = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const given = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'path')
      .map(({ name }) => name);
    assert.deepEqual(given, named, route);
  }
});

test('every reference leads somewhere, and nothing is described that nothing refers to', async () => {
  const api = await serve();
  const { text } = await api.call('GET', '/openapi.json');
  const { components } = JSON.parse(text) as Description;
  const referred = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target));
  const there = Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`);
  assert.deepEqual([...referred].sort(), there.sort());
});

/** Checks values by the described shape of a route's answer of that status. */
function checker({ paths, components }: Description) {
  const moved = (schema: object) =>
    JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/'));
  return (route: string, status: number, value: unknown): void => {
    const [method = '', path = ''] = route.split(' ');
    const responses = paths[path]?.[method.toLowerCase()]?.responses ?? {};
    const response = responses[status] ?? responses[`${Math.floor(status / 100)}XX`];
    const schema = Object.values(response?.content ?? {})[0]?.schema;
    assert.ok(schema, `${route} ${status} is not described`);
    const shape = z.fromJSONSchema({ ...moved(schema), $defs: moved(components.schemas) });
    const parsed = shape.safeParse(value);
    assert.ok(parsed.success, `${route} ${status}: ${parsed.error}\n${JSON.stringify(value).slice(0, 1000)}`);
  };
}

test('answers have the described shapes, to the last field: of what went well, of what failed, of what is refused', async (t) => {
  const site = await startSite({
    pages: 20,
    bytes: 300,
    linksPerPage: 3,
    behaviours: { '/p/1': { status: 500 }, '/p/2': { status: 404 } },
  });
  t.after(() => site.stop());
  const api = await serve();
  const check = checker(await describe(api));
  const told: Record<string, number> = {};
  const ask = async (route: string, path: string, how: CallOptions = {}, status = 200) => {
    const reply = await api.call(route.split(' ', 1)[0] ?? '', path, how);
    assert.equal(reply.status, status, `${route}: ${reply.text}`);
    check(route, status, reply.json);
    told[route] = (told[route] ?? 0) + 1;
    return reply.json;
  };
  const host = `/v1/hosts/${new URL(site.url).host}`;
  const limits = { concurrency: 5, delayMs: 1, max: 1000, durationMs: 1000 };
  await ask('PATCH /v1/hosts/{key}', host, { body: limits });
  const body = { name: 'c', urls: [site.url, 'no url'], headers: { 'x-a': 'b' }, maxDepth: 5 };
  const begun = await ask('POST /v1/crawls', '/v1/crawls', { body }, 201);
  assert.equal(begun.rejected.length, 1);
  await ask('GET /v1/schedules', '/v1/schedules');
  await ask('GET /v1/hosts', '/v1/hosts');
  await ask('GET /v1/proxies', '/v1/proxies');
  await ask('GET /v1/hosts/{key}', host);
  await crawlIn(api, 'c', 'finished');
  await ask('POST /v1/requests', '/v1/requests?crawl=c', { body: [`${site.url}/p/0`, 7] });
  await ask('GET /v1/crawls', '/v1/crawls');
  await ask('GET /v1/crawls/{id}', '/v1/crawls/c');
  const errors = await ask('GET /v1/crawls/{id}/errors', '/v1/crawls/c/errors');
  assert.equal(errors.groups.length, 1);
  const records = await ask('GET /v1/crawls/{id}/records', '/v1/crawls/c/records');
  assert.ok(records.records.length > 5);
  const { brokenLinks } = await ask('GET /v1/crawls/{id}/report', '/v1/crawls/c/report');
  assert.ok(brokenLinks[0].from.length > 0);
  assert.deepEqual(await ask('GET /v1/crawls/{id}/items', '/v1/crawls/c/items'), { items: [], next: null });
  const { letters } = await ask('GET /v1/dead', '/v1/dead');
  await ask('GET /v1/dead/summary', '/v1/dead/summary');
  await ask('GET /v1/dead/{jobId}', `/v1/dead/${letters[0].jobId}`);
  await ask('GET /v1/requests/{id}', `/v1/requests/${letters[0].jobId}`);
  await ask('GET /v1/requests/{id}', `/v1/requests/c.${records.records[0].id}`);
  for (const url of [`${site.url}/p/0`, `${site.url}/p/1`, 'https://never.example/', 'no url'])
    await ask('GET /v1/explain', `/v1/explain?url=${encodeURIComponent(url)}`);
  for (const crawl of ['c', undefined])
    await ask('POST /v1/explain/timing', '/v1/explain/timing', { body: { url: `${site.url}/p/0`, crawl } });
  const filter = { crawl: 'c' };
  await ask('POST /v1/dead/replay', '/v1/dead/replay', { body: { filter, dryRun: true } });
  const overrides = { attempts: 2, headers: { a: 'b' }, timeouts: { dns: 1000 }, delayMs: 1 };
  const { runs } = await ask('POST /v1/dead/replay', '/v1/dead/replay', {
    body: { filter, canary: 1, overrides },
  });
  await ask('GET /v1/replays/{id}', `/v1/replays/${runs[0].id}`);
  await ask('GET /v1/replays', '/v1/replays');
  await ask('DELETE /v1/replays/{id}', `/v1/replays/${runs[0].id}`);
  await ask('DELETE /v1/dead', '/v1/dead?all=true&export=false');
  await ask('POST /v1/hosts/{key}/pause', `${host}/pause`, { body: {} });
  await ask('POST /v1/hosts/{key}/resume', `${host}/resume`);
  // What the replay has brought back ends before the host gets slow.
  await crawlIn(api, 'c', 'finished');
  await ask(
    'POST /v1/crawls',
    '/v1/crawls',
    { body: { name: 'd', url: 'http://192.0.2.1/' }, headers: {} },
    400,
  );
  await api.call('PATCH', host, { body: { concurrency: 1, delayMs: 60_000 } });
  await ask(
    'POST /v1/crawls',
    '/v1/crawls',
    { body: { name: 'd', urls: [`${site.url}/p/5`, `${site.url}/p/6`], maxDepth: 0 } },
    201,
  );
  await ask('POST /v1/crawls/{id}/pause', '/v1/crawls/d/pause', { body: {} });
  await ask('POST /v1/crawls/{id}/resume', '/v1/crawls/d/resume');
  await ask('DELETE /v1/crawls/{id}', '/v1/crawls/d');
  const changes = await ask('GET /v1/crawls/{id}/changes', '/v1/crawls/d/changes?from=c');
  assert.ok(
    changes.unknown.length > 5,
    'of the pages that a cancelled crawl has not fetched, nothing is known',
  );
  await ask('GET /v1/crawls/{id}/changes', '/v1/crawls/d/changes', {}, 404);
  await ask('GET /v1/crawls/{id}', '/v1/crawls/nothing', {}, 404);
  await ask('GET /v1/stats', '/v1/stats');
  await ask('GET /v1/session', '/v1/session');
  await ask('GET /healthz', '/healthz');
  await ask('GET /readyz', '/readyz');
  const others = ['GET /v1/events', 'GET /metrics', 'POST /v1/session', 'DELETE /v1/session'];
  assert.deepEqual(Object.keys(told).concat(others).sort(), routes.toSorted(), 'each of them was asked');
});
