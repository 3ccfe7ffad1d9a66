// Consumers in processes of their own: what a user sees of them is what one process shows, and they end with
// their command.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, before } from 'node:test';
import type { Summary } from '../../cli/terminal/summary.ts';
import { assertAddsUp, recordsOf } from '../support/crawls.ts';
import { isAlive } from '../support/embedded.ts';
import { consumerProcessesOf, untilProcesses } from '../support/fleets/consumer-processes.ts';
import { openFleets } from '../support/fleets.ts';
import { bundledDrover } from '../support/project/bundle.ts';
import { type DroverProcess, spawnProgram, until } from '../support/signals.ts';
import { type Site, startSite } from '../support/site/site.ts';

const PAGES = 120;
const fleets = openFleets();
let site: Site;
before(async () => {
  site = await startSite({ pages: PAGES, latencyMs: 100, bytes: 2000 });
});
after(() => site.stop());

const crawl = ['--crawl', 'c', '--processes', '2', '--ignore-robots', '--per-host', '4'];

async function allEnd(pids: readonly number[], deadlineMs = 10_000): Promise<void> {
  await until(() => !pids.some(isAlive), { what: `the end of ${pids.join()}`, deadlineMs });
}

test('what handlers print and what consumers warn of is shown, and the summary counts the hosts of all', async () => {
  const { runner } = await fleets.open();
  const handler = runner.path('handler.mjs');
  await writeFile(
    handler,
    `export default { name: 'h', run({ page, emit }) {
  emit({ pid: process.pid });
  console.log('printed ' + page.url);
  if (page.url.endsWith('/p/100')) for (const end = Date.now() + 2500; Date.now() < end; );
} };`,
  );
  const out = runner.path('out.jsonl');
  const drover = runner.start(['crawl', `${site.url}/`, ...crawl, '--handler', handler, '-o', out, '--json']);
  const processes = await untilProcesses(drover.child.pid, 2);
  assert.equal((await drover.exit).code, 0, drover.stderr());
  await allEnd(processes, 0);
  const records = await recordsOf(out);
  assert.equal(new Set(records.map(({ url }) => url)).size, PAGES + 1);
  assert.equal(records.length, PAGES + 1);
  const pids = new Set(records.flatMap(({ items }) => (items ?? []).map(({ item }) => Object(item).pid)));
  assert.deepEqual([...pids].toSorted(), [drover.child.pid, ...processes].toSorted(), 'who has worked');
  const lines = drover.stdout().trimEnd().split('\n');
  const summary = JSON.parse(lines.pop() ?? '') as Summary;
  assert.equal(lines.filter((line) => line.startsWith('printed http')).length, PAGES + 1);
  assert.deepEqual(
    summary.slowestHosts.map(({ host, answers }) => [host, answers]),
    [[new URL(site.url).host, PAGES + 1]],
  );
  assert.match(drover.stderr(), /^handler h on \S+\/p\/100 blocked the event loop for [2-9]\d{3} ms/m);
});

test('Ctrl-C in a terminal reaches all: what is in flight ends, all processes end, and the same command goes on', async () => {
  const { runner } = await fleets.open();
  const words = ['crawl', `${site.url}/`, ...crawl, '-o', runner.path('out.jsonl'), '--quiet'];
  const drover = runner.start(words);
  const processes = await untilProcesses(drover.child.pid, 2);
  const answered = await site.ended();
  await until(async () => (await site.ended()) > answered + 8, { what: 'some pages' });
  drover.killGroup('SIGINT');
  assert.equal((await drover.exit).code, 130, drover.stderr());
  await allEnd(processes, 0);
  const half = await runner.status('c');
  assertAddsUp(half);
  assert.ok(half.waiting > 0, 'not at its end');
  const again = await runner.run(words);
  assert.equal(again.code, 0, again.stderr);
  const records = await runner.results('c');
  assert.equal(records.length, PAGES + 1);
  assert.ok(
    records.every(({ attempts }) => attempts === 1),
    'no attempt was used up',
  );
  assert.equal((await runner.status('c')).postponed, 0);
});

/** A site whose answers never come, and how often it was asked. */
async function startSilent(t: { after(work: () => void): void }): Promise<{ url: string; asked(): number }> {
  let asked = 0;
  const silent = createServer(() => void asked++).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  t.after(() => silent.close().closeAllConnections());
  return {
    url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    asked: () => asked,
  };
}

test('a second Ctrl-C ends all processes at once, whatever is in flight', async (t) => {
  const silent = await startSilent(t);
  const { runner } = await fleets.open({ DROVER_GRACE: '20s' });
  await writeFile(runner.path('list.txt'), [1, 2, 3, 4, 5, 6].map((n) => `${silent.url}/${n}\n`).join(''));
  await runner.run([
    'enqueue',
    runner.path('list.txt'),
    '--crawl',
    'd',
    '--ignore-robots',
    '--per-host',
    '6',
  ]);
  const drover = runner.start(['consume', '--processes', '2', '-c', '2']);
  await drover.line(/^consuming in 2 processes with 2 fetches at a time each/);
  const processes = await untilProcesses(drover.child.pid, 2);
  await until(() => silent.asked() >= 4, { what: 'as many fetches as both may have', deadlineMs: 20_000 });
  drover.killGroup('SIGINT');
  await drover.line(/^stopping after the fetches in flight/);
  drover.killGroup('SIGINT');
  assert.equal((await drover.exit).code, 130);
  await allEnd(processes, 5000);
});

test('processes end with a command that was killed, also while a handler blocks their event loop', {
  timeout: 60_000,
}, async () => {
  const { runner } = await fleets.open({ DROVER_GRACE: '0' });
  const handler = runner.path('handler.mjs');
  await writeFile(
    handler,
    `export default { name: 'h', run({ page }) {
  if (process.argv.includes('consumer-process')) {
    console.log('blocks');
    for (;;);
  }
} };`,
  );
  const drover = runner.start(['crawl', `${site.url}/`, ...crawl, '--handler', handler, '--quiet']);
  const processes = await untilProcesses(drover.child.pid, 2);
  await until(() => drover.stdout().split('blocks').length === 3, {
    what: 'both to block',
    deadlineMs: 20_000,
  });
  drover.kill('SIGKILL');
  await drover.exit;
  await allEnd(processes, 20_000);
});

/** Ends each consumer process at its start, and counts them. */
async function withoutProcesses(runner: { path(name: string): string }): Promise<Record<string, string>> {
  const preload = runner.path('preload.mjs');
  await writeFile(
    preload,
    `if (process.argv.includes('consumer-process')) {
  console.error('no second licence');
  process.exit(2);
}`,
  );
  return { NODE_OPTIONS: `--import ${preload}` };
}

const endsWithReason = async (drover: DroverProcess) => {
  assert.equal((await drover.exit).code, 2, drover.stderr());
  const [said] = /^drover: A consumer process has died .*$/m.exec(drover.stderr()) ?? [];
  assert.equal(
    said,
    'drover: A consumer process has died again and again. 3 times in a row, at last it exited with code 2. It said: no second licence',
  );
  assert.equal(drover.stderr().split('no second licence').length, 2, 'said once');
  assert.match(drover.stderr(), /\(E_CONSUMER_ENDED\)\n$/);
};

test('a command whose processes die at each start says why and ends with their code, after three tries', async () => {
  const { runner } = await fleets.open();
  const env = await withoutProcesses(runner);
  const slow = ['--delay', '200ms'];
  await Promise.all([
    endsWithReason(runner.start(['crawl', `${site.url}/`, ...crawl, ...slow, '--quiet'], { env })),
    endsWithReason(runner.start(['consume', '--processes', '2', '--quiet'], { env })),
    endsWithReason(runner.start(['serve', '--port', '0', '--processes', '1', '--quiet'], { env })),
  ]);
  const counts = await runner.status('c');
  assertAddsUp(counts);
  assert.equal(counts.state, 'running', 'it can be gone on with');
});

/** Runs the consumers of a crawl, as many as it is told; SIGUSR2 asks for one process less. */
const growing = (crawlId: string) => `
process.argv[1] = ${JSON.stringify(bundledDrover())};
const at = (path) => import(new URL(path, ${JSON.stringify(new URL('../../', import.meta.url).href)}).href);
const { openConsumerSession } = await at('cli/command/consumer-session.ts');
const { startConsumers } = await at('cli/processes/consumers.ts');
const session = await openConsumerSession({});
const { settings, address, log } = session;
let wanted = 3;
process.on('SIGUSR2', () => wanted--);
const stop = new Promise((resolve) => process.once('SIGTERM', () => resolve()));
const consumers = await startConsumers({
  settings, address, log, stop, serve: ${JSON.stringify(crawlId)}, startsHere: true, flags: {},
  count: { least: 1, most: 3 }, waiting: async () => 1_000_000,
  need: { forget() {}, look: (_, { length }) => (length < wanted ? 'more' : length > wanted ? 'fewer' : 'same') },
  say: (line) => console.log(line), note() {}, onFailure: (failure) => { throw failure; },
});
console.log('consuming');
await stop;
await consumers.stop();
console.log(JSON.stringify(consumers.slowestHosts(1)));
await session.close();
`;

test('the first consumer hands over to as many processes as are needed; those that are needed no more end their fetches first', async () => {
  const { runner, fleet } = await fleets.open();
  const { REDIS_URL, DROVER_NAMESPACE } = { REDIS_URL: fleets.url, DROVER_NAMESPACE: fleet.namespace };
  const env = {
    REDIS_URL,
    DROVER_NAMESPACE: DROVER_NAMESPACE.slice(1, -3),
    DROVER_DATA_DIR: runner.path('data'),
  };
  const words = ['enqueue', `${site.url}/`, '--crawl', 'g', '--ignore-robots', '--per-host', '3'];
  assert.equal((await runner.run(words)).code, 0);
  await writeFile(runner.path('growing.mjs'), growing('g'));
  const program = spawnProgram([runner.path('growing.mjs')], { env });
  await program.line(/^consuming/);
  const consuming = async () => {
    const ids = await fleet.redis.zrange(fleet.keys.consumers, '0', '-1');
    return ids.map((id) => Number(/-(\d+)-[0-9a-f]+\|/.exec(id)?.[1])).toSorted();
  };
  assert.deepEqual(await consuming(), [program.child.pid]);
  const processes = await untilProcesses(program.child.pid, 3);
  const areThree = async () => (await consuming()).join() === processes.toSorted().join();
  await until(areThree, { what: 'three that consume in place of the first', deadlineMs: 20_000 });
  program.kill('SIGUSR2');
  const two = await untilProcesses(program.child.pid, 2);
  assert.deepEqual(two.toSorted(), processes.slice(0, 2).toSorted(), 'the last one ends');
  await until(async () => (await runner.status('g')).state === 'finished', {
    ...{ what: 'the end of the crawl', deadlineMs: 60_000, everyMs: 200 },
  });
  program.kill('SIGTERM');
  assert.equal((await program.exit).code, 0, program.stderr());
  await allEnd(two, 0);
  const [slowest] = JSON.parse(program.stdout().trimEnd().split('\n').pop() ?? '');
  assert.equal(slowest.answers, PAGES + 1);
  const records = await runner.results('g');
  assert.equal(records.length, PAGES + 1);
  assert.ok(records.every(({ attempts }) => attempts === 1));
});

test('with auto, the work goes on without processes that cannot be had', async () => {
  const { runner, fleet } = await fleets.open();
  const env = {
    ...(await withoutProcesses(runner)),
    ...{ REDIS_URL: fleets.url, DROVER_NAMESPACE: fleet.namespace.slice(1, -3) },
    DROVER_DATA_DIR: runner.path('data'),
  };
  const words = ['enqueue', `${site.url}/`, '--crawl', 'g', '--ignore-robots', '--per-host', '3'];
  assert.equal((await runner.run(words)).code, 0);
  await writeFile(runner.path('growing.mjs'), growing('g'));
  const program = spawnProgram([runner.path('growing.mjs')], { env });
  await program.line(
    /^A consumer process has died .* It said: no second licence The work goes on without it\.$/,
  );
  await until(async () => (await runner.status('g')).state === 'finished', {
    ...{ what: 'the end of the crawl', deadlineMs: 60_000, everyMs: 200 },
  });
  assert.equal(consumerProcessesOf(program.child.pid).length, 0, 'no further try');
  program.kill('SIGTERM');
  assert.equal((await program.exit).code, 0, program.stderr());
});
