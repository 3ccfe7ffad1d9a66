// Every program in examples/ does what its first lines say: as it stands there, importing 'drover' by its name.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { openDesk } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { newPrefix } from '../support/producers.ts';
import { spawnProgram } from '../support/signals.ts';
import { startStandIn } from '../support/stand-in-api.ts';

const fleets = openFleets();
const folder = join(import.meta.dirname, '../../examples');
const shown: string[] = [];

/** Runs an example to its end; its lines. */
async function linesOf(name: string, args: string[], env: Record<string, string>): Promise<string[]> {
  shown.push(name);
  const program = spawnProgram(['--conditions=drover-source', join(folder, name), ...args], { env });
  const { code } = await program.exit;
  assert.equal(code, 0, program.stderr());
  return program.stdout().split('\n').filter(Boolean);
}

test('enqueue.ts enqueues its arguments, and again changes nothing', async () => {
  const prefix = newPrefix();
  const env = { REDIS_URL: fleets.url, DROVER_PREFIX: prefix };
  const desk = await openDesk(env);
  const args = ['https://a.example/1', 'https://a.example/2', 'no url'];
  assert.deepEqual(await linesOf('enqueue.ts', args, env), ['crawl shop: 2 accepted, 0 known already']);
  assert.deepEqual(await linesOf('enqueue.ts', args, env), ['crawl shop: 0 accepted, 2 known already']);
  assert.equal((await desk.status('shop')).waiting, 2);
});

const counts = { crawl: 'api-1', state: 'running', recorded: 0, waiting: 1, dead: 0 };

test('client.ts starts a crawl, follows it to its end and shows its records', async (t) => {
  const ended = { ...counts, state: 'finished', recorded: 1, waiting: 0 };
  const { url, asked } = await startStandIn(t, ({ request, response, json }) => {
    if (request.method === 'POST') json({ ...counts, rejected: [] }, 201);
    else if (request.url?.includes('/records'))
      json({ records: [{ status: 200, url: 'https://a.example/', title: 'A' }], next: null });
    else {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: hello\ndata: {"version":"1","role":"write"}\n\n');
      for (const view of [counts, ended])
        response.write(`event: crawls\ndata: ${JSON.stringify({ crawls: [view] })}\n\n`);
    }
  });
  assert.deepEqual(await linesOf('client.ts', ['https://a.example/'], { DROVER_URL: url }), [
    'running: 0 recorded, 1 waiting, 0 dead',
    'finished: 1 recorded, 0 waiting, 0 dead',
    '200 https://a.example/ A',
  ]);
  assert.deepEqual(
    asked.map(({ what }) => what),
    ['POST /v1/crawls', 'GET /v1/events?crawl=api-1', 'GET /v1/crawls/api-1/records?limit=100'],
  );
});

test('replay.ts replays the largest group and waits for its end', async (t) => {
  const run = { id: 'r1', phase: 'canary', total: 9, recorded: 0, dead: 0 };
  const { url, asked } = await startStandIn(t, ({ request, json, count }) => {
    if (request.url === '/v1/dead/summary')
      json({
        groups: [{ code: 'E_RESET', host: 'a.example', count: 9, advice: 'Replay.' }, { code: 'E_TLS' }],
      });
    else if (request.method === 'POST') json({ dryRun: false, matching: 9, runs: [run] });
    else json(count === 3 ? { ...run, phase: 'rest' } : { ...run, phase: 'done', recorded: 8, dead: 1 });
  });
  assert.deepEqual(await linesOf('replay.ts', [], { DROVER_URL: url }), [
    '9 × E_RESET at a.example: Replay.',
    'replay r1 is done: 8 of 9 recorded, 1 dead again',
  ]);
  assert.deepEqual(JSON.parse(asked[1]?.body ?? ''), {
    ...{ filter: { code: 'E_RESET', host: 'a.example' }, canary: 5, rate: 0.8 },
  });
});

test('there is no example that no test runs', async () => {
  assert.deepEqual(
    (await readdir(folder)).sort(),
    shown.filter((name, at) => shown.indexOf(name) === at).sort(),
  );
});
