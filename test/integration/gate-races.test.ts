// Starts at the edge of a limit: limits and pauses that change while requests are on their way, look-ups and
// connections that take their time. From the server's log, or from what Redis was asked.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';
import { fleetOf } from '../../src/fleet.ts';
import { askGate } from '../../src/frontier/ask-gate.ts';
import { pauseHost } from '../../src/frontier/hosts.ts';
import { namespaceOf } from '../../src/keys.ts';
import type { AskGate } from '../../src/politeness/gate-question.ts';
import { createSlots, type Slots } from '../../src/politeness/slot.ts';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import type { CommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { type NameServer, startNameServer } from '../support/name-server.ts';
import { type AuditedLimits, startsDuring, violationsOf } from '../support/politeness/auditor.ts';
import { until } from '../support/signals.ts';
import { type LogEntry, type Site, type SiteOptions, startSite } from '../support/site/site.ts';

const LIST = ['--depth', '0', '--quiet', '--crawl', 'c', '--no-adaptive', '--ignore-robots'];
/** What the server's clock may make of a gap. */
const TOLERANCE_MS = 5;

const fleets = openFleets();

async function openSite(
  context: TestContext,
  options: Partial<SiteOptions> = {},
): Promise<{ site: Site; host: string }> {
  const site = await startSite({ pages: 400, linksPerPage: 0, bytes: 500, punctual: true, ...options });
  context.after(() => site.stop());
  return { site, host: new URL(site.url).host };
}

/**
 * Knows every name, but is silent at the first question for it: the look-up takes as long as it takes to ask
 * again.
 */
async function slowNames(context: TestContext): Promise<NameServer> {
  const names = await startNameServer((_, type, count) => {
    if (count === 1) return 'silent';
    return { addresses: type === 'A' ? ['127.0.0.1'] : [] };
  });
  context.after(() => names.close());
  return names;
}

async function enqueue(runner: CommandRunner, host: string, count: number, ...args: string[]): Promise<void> {
  const lines = Array.from({ length: count }, (_, index) => `http://${host}/p/${index}\n`);
  await writeFile(runner.path('list.txt'), lines.join(''));
  const { code, stderr } = await runner.run(['enqueue', runner.path('list.txt'), ...LIST, ...args]);
  assert.equal(code, 0, stderr);
}

async function ofHost(runner: CommandRunner, verb: string, host: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await runner.run(['hosts', verb, host, ...args]);
  assert.equal(code, 0, stderr);
}

const seen = (site: Site, count: number, what: string) =>
  until(async () => (await site.ended()) >= count, { what, everyMs: 20 });

const past = (ms: number, what: string) => until(() => Date.now() > ms, { what, everyMs: 20 });

function holds(log: readonly LogEntry[], limits: AuditedLimits): void {
  assert.deepEqual(violationsOf(log, limits, [], TOLERANCE_MS), []);
}

test('limits set while no consumer runs hold for the requests that a consumer left in the queue', async (t) => {
  const { site, host } = await openSite(t, { behaviours: { '/p/*': { delayMs: 10 } } });
  const { runner, namespace } = await fleets.open();
  await enqueue(runner, host, 300, '--per-host', '8');
  const first = runner.start(['consume', '--quiet', '-c', '3']);
  await seen(site, 30, 'the crawl to run');
  first.kill('SIGINT');
  await first.exit;
  assert.ok((await fleets.redis.llen(`${namespace}:requests:wait`)) > 1, 'requests are left in the queue');
  await ofHost(runner, 'set', host, '--delay', '300ms');
  await site.clearLog();
  runner.start(['consume', '--quiet', '-c', '3']);
  await seen(site, 4, 'four pages');
  holds(await site.log(), { concurrency: 8, delayMs: 300 });
});

test('a request that is sent again because its idle connection was reset obeys the delay', async (t) => {
  const { site, host } = await openSite(t, { behaviours: { '/p/2': { reset: true, failTimes: 1 } } });
  const { runner } = await fleets.open();
  await enqueue(runner, host, 4, '--delay', '400ms');
  runner.start(['consume', '--quiet']);
  await until(async () => (await runner.status('c')).waiting === 0, { what: 'the crawl to end' });
  const log = await site.log();
  assert.equal(log.filter(({ path }) => path === '/p/2').length, 2);
  holds(log, { concurrency: 2, delayMs: 400 });
  for (const { ok, attempts, url } of await runner.results('c')) assert.ok(ok && attempts === 1, url);
});

test('a rate holds though the first starts wait for a slow look-up', async (t) => {
  const names = await slowNames(t);
  const { site } = await openSite(t);
  const host = `slow.test:${site.port}`;
  const limits = { max: 1, durationMs: 300, concurrency: 6 };
  const { runner } = await fleets.open({
    DROVER_DNS_SERVERS: names.address,
    DROVER_HOSTS: JSON.stringify({ [host]: limits }),
  });
  await enqueue(runner, host, 6);
  runner.start(['consume', '--quiet', '-c', '10']);
  await seen(site, 6, 'all pages');
  assert.ok(names.questions.filter((question) => question === 'A slow.test').length > 1);
  holds(await site.log(), { ...limits, delayMs: 0 });
});

test('setting the concurrency of a host does not forget when its rate allows the next start', async (t) => {
  const { site, host } = await openSite(t);
  const limits = { max: 1, durationMs: 1500, concurrency: 2 };
  const { runner } = await fleets.open({ DROVER_HOSTS: JSON.stringify({ [host]: limits }) });
  await enqueue(runner, host, 10);
  runner.start(['consume', '--quiet', '-c', '10']);
  await seen(site, 1, 'the first page');
  for (const concurrency of ['3', '4']) await ofHost(runner, 'set', host, '--concurrency', concurrency);
  await seen(site, 3, 'three pages');
  holds(await site.log(), { ...limits, concurrency: 4, delayMs: 0 });
});

test('a pause that begins during the look-up is obeyed, and the pages come after it', async (t) => {
  const names = await slowNames(t);
  const { site } = await openSite(t);
  const host = `slow.test:${site.port}`;
  const { runner, fleet } = await fleets.open({ DROVER_DNS_SERVERS: names.address });
  await enqueue(runner, host, 6, '--per-host', '6');
  runner.start(['consume', '--quiet', '-c', '10']);
  await until(() => names.questions.length > 0, { what: 'the look-up to begin' });
  const fromMs = Date.now();
  await pauseHost(fleet, host, 3000);
  await seen(site, 6, 'all pages');
  assert.ok(names.questions.filter((question) => question === 'A slow.test').length > 1);
  assert.deepEqual(startsDuring(await site.log(), [{ fromMs, untilMs: fromMs + 3000 - TOLERANCE_MS }]), []);
});

/** How often Redis has run a script. */
async function scriptsRun(): Promise<number> {
  const calls = /^cmdstat_evalsha:calls=(\d+)/m.exec(await fleets.redis.info('commandstats'));
  return Number(calls?.[1]);
}

test('a pause that is made shorter while it lasts leaves nobody asking Redis again and again', async (t) => {
  const { site, host } = await openSite(t, { behaviours: { '/p/*': { delayMs: 20 } } });
  const { runner } = await fleets.open();
  await enqueue(runner, host, 400, '--per-host', '8');
  runner.start(['consume', '--quiet', '-c', '10']);
  await seen(site, 20, 'the crawl to run');
  await site.behave('/p/*', { delayMs: 1000 }); // few pages, and few scripts for their sake
  await ofHost(runner, 'pause', host, '--for', '10m');
  await past(Date.now() + 300, 'the pause to be known');
  await ofHost(runner, 'pause', host, '--for', '500ms');
  await past(Date.now() + 700, 'the pause to end');
  const [scripts, pages, since] = [await scriptsRun(), await site.ended(), Date.now()];
  await past(since + 1000, 'a second');
  const [ran, fetched] = [(await scriptsRun()) - scripts, (await site.ended()) - pages];
  // Each page costs a few; who asks in a loop asks thousands of times.
  assert.ok(ran < 500, `${ran} scripts in a second, for ${fetched} pages`);
});

test('a process that stops with a slot still held gives back that one, not those of others', async (t) => {
  const subscriber = connectRedis({ url: fleets.url }, 'script');
  t.after(() => closeRedis(subscriber));
  const namespace = namespaceOf(`t${randomUUID().slice(0, 8)}`);
  const fleet = fleetOf(fleets.redis, namespace);
  const parts = {
    fleet,
    askGate: (...asked: Parameters<AskGate>) => askGate(fleet, ...asked),
    subscriber,
    capacity: 5,
    shareOf: () => 5,
    release: () => undefined,
  };
  const slotsOf = (consumer: string) =>
    createSlots({ ...parts, consumer, onError: (error) => assert.fail(String(error)) });
  const [stopping, staying] = [slotsOf('stopping'), slotsOf('staying')];
  t.after(() => staying.stop());
  const ask = async (slots: Slots) => {
    const request = {
      crawl: 'c',
      id: '',
      key: 'h',
      asker: 'job',
      claims: false,
      serverOf: async () => '-',
    };
    const signal = new AbortController().signal;
    return (await slots.acquire({ ...request, onLost: () => undefined }, { patienceMs: 100, signal })).kind;
  };
  const holders = () => fleets.redis.zrange(`${namespace}:k:h:s`, '0', '-1');
  await fleets.redis.hset(`${namespace}:c:c`, 'perHost', '2');
  assert.deepEqual([await ask(stopping), await ask(staying), await ask(staying)], ['go', 'go', 'later']);
  assert.equal((await holders()).length, 2);
  await stopping.stop();
  assert.deepEqual(await holders(), ['staying/1']);
  assert.deepEqual([await ask(staying), await ask(staying)], ['go', 'later']);
});
