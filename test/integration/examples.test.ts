// Every program in examples/ does what its first lines say: as it stands there, importing 'drover' by its
// name.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { startApi } from '../support/api/api.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { newNamespace } from '../support/producers.ts';
import { freePort } from '../support/redis.ts';
import { spawnProgram, until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

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
  const namespace = newNamespace();
  const env = { REDIS_URL: fleets.url, DROVER_NAMESPACE: namespace };
  const runner = await openCommandRunner(env);
  const args = ['https://a.example/1', 'https://a.example/2', 'no url'];
  assert.deepEqual(await linesOf('enqueue.ts', args, env), ['crawl shop: 2 accepted, 0 known already']);
  assert.deepEqual(await linesOf('enqueue.ts', args, env), ['crawl shop: 0 accepted, 2 known already']);
  assert.equal((await runner.status('shop')).waiting, 2);
});

test('client.ts starts a crawl, follows it to its end and shows its records', async (t) => {
  const site = await startSite({ pages: 4, linksPerPage: 2 });
  t.after(() => site.stop());
  const api = await startApi(await fleets.open(), ['--processes', '1', '--allow-private', '127.0.0.1']);
  const lines = await linesOf('client.ts', [`${site.url}/p/1`], { DROVER_URL: api.url });
  assert.match(
    lines.find((line) => line.startsWith('finished')) ?? '',
    /^finished: \d recorded, 0 waiting, 0 dead$/,
  );
  assert.ok(
    lines.some((line) => line.startsWith(`200 ${site.url}/p/1 `)),
    lines.join('\n'),
  );
});

test('replay.ts replays the largest group and waits for its end', async (t) => {
  const site = await startSite({ pages: 8, behaviours: { '/p/*': { status: 500 } } });
  t.after(() => site.stop());
  const fleet = await fleets.open({ DROVER_ADAPTIVE: '0' });
  const seeds = Array.from({ length: 8 }, (_, page) => `${site.url}/p/${page}`);
  await fleet.runner.run(['crawl', ...seeds, '--crawl', 'c', '--depth', '0', '--attempts', '1', '--quiet']);
  const api = await startApi(fleet, ['--processes', '1']);
  const env = { DROVER_URL: api.url };
  const host = new URL(site.url).host;
  const failing = await linesOf('replay.ts', [], env);
  assert.match(failing[0] ?? '', new RegExp(`^8 × E_HTTP_5XX at ${host}: `));
  assert.match(failing[1] ?? '', /^replay \S+ is stopped: 0 of 8 recorded, 5 dead again$/);
  await site.behave('/p/*', null);
  const repaired = await linesOf('replay.ts', [], env);
  assert.match(repaired[1] ?? '', /^replay \S+ is done: 8 of 8 recorded, 0 dead again$/);
  assert.deepEqual(await linesOf('replay.ts', [], env), ['There are no dead letters.']);
});

test('webhook-receiver.ts tells of a signed webhook and turns another away', async () => {
  shown.push('webhook-receiver.ts');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const env = { DROVER_WEBHOOK_SECRET: 'sixteen characters and more' };
  const program = ['--conditions=drover-source', join(folder, 'webhook-receiver.ts'), String(port)];
  const receiver = spawnProgram(program, { env });
  await receiver.line(/^ready$/);
  assert.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 401);
  const { runner } = await fleets.open(env);
  const options = ['--crawl', 'c', '--quiet', '--webhook', url, '--allow-private', '127.0.0.1'];
  await runner.run(['crawl', `http://127.0.0.1:${await freePort()}/`, '--attempts', '1', ...options]);
  assert.equal(await receiver.line(/^crawl/), 'crawl.finished: c has 0 recorded, 1 dead');
});

const html = (body: string) => ({ status: 200, headers: { 'content-type': 'text/html' }, body });
const shop = {
  '/': html(
    '<div class=product><a href=/i/1>1</a></div><div class=product><a href=/i/2>2</a></div><a rel=next href=/?page=2>',
  ),
  '/?page=2': html('<div class=product><a href=/i/3>3</a></div><a href=/about>about</a>'),
  '/i/1': html('<h1> Chair </h1><b data-cents=1990 data-currency=EUR>19.90</b>'),
  '/i/2': html('<h1>Table</h1><i class=sold-out>sold out</i>'),
  '/i/3': html('<h1>Lamp</h1><b data-cents=free data-currency=EUR>free</b>'),
};

test('price-monitor.ts emits the prices of a shop, leaves out what is sold out, and says which price is wrong', async (t) => {
  shown.push('price-monitor.ts');
  const site = await startSite({ pages: 1, behaviours: shop });
  t.after(() => site.stop());
  const { runner } = await fleets.open();
  const handlers = ['--handler', join(folder, 'price-monitor.ts')];
  assert.equal(
    (await runner.run(['crawl', `${site.url}/`, ...handlers, '--crawl', 'prices', '--quiet'])).code,
    1,
  );
  const { stdout } = await runner.run(['items', 'prices', '--format', 'csv']);
  assert.equal(stdout, `url,handler,name,cents,currency\r\n${site.url}/i/1,price,Chair,1990,EUR\r\n`);
  const dead = (await runner.run(['dead', 'list', 'prices'])).stdout;
  assert.match(dead, /E_HANDLER_ITEM .*\/i\/3\n.* item\.cents: .*; got NaN/);
  assert.ok(!(await site.log()).some(({ path }) => path === '/about'));
});

test('consume.ts fetches what is enqueued with its handlers, and stops at a signal', async (t) => {
  shown.push('consume.ts');
  const site = await startSite({ pages: 1, behaviours: shop });
  t.after(() => site.stop());
  const namespace = newNamespace();
  const runner = await openCommandRunner({ REDIS_URL: fleets.url, DROVER_NAMESPACE: namespace });
  const env = {
    REDIS_URL: fleets.url,
    DROVER_NAMESPACE: namespace,
    DROVER_DATA_DIR: join(runner.dir, 'data'),
  };
  await runner.run(['enqueue', `${site.url}/`, '--crawl', 'shop', '--quiet']);
  const program = spawnProgram(['--conditions=drover-source', join(folder, 'consume.ts')], { env });
  await program.line(/^consuming/);
  const finished = async () => (await runner.status('shop')).state === 'finished';
  await until(finished, { what: 'the shop to be finished', deadlineMs: 30_000, everyMs: 200 });
  program.kill('SIGTERM');
  assert.equal((await program.exit).code, 0, program.stderr());
  const items = await runner.json<{ item: unknown }>(['items', 'shop']);
  assert.deepEqual(
    items.map(({ item }) => item),
    [{ name: 'Chair', cents: 1990, currency: 'EUR' }],
  );
});

test('there is no example that no test runs', async () => {
  const others = await readFile(join(import.meta.dirname, 'example-handlers.test.ts'), 'utf8');
  const runThere = [...others.matchAll(/'([\w-]+\.ts)'/g)].map(([, name = '']) => name);
  assert.deepEqual((await readdir(folder)).sort(), [...new Set([...shown, ...runThere])].sort());
});
