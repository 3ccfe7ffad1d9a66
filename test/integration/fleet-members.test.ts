// Who takes part in a fleet, as `drover fleet` shows it, and consumers that stop by themselves.
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import test from 'node:test';
import { FORMAT } from '../../src/fleet/format.ts';
import { type FleetMember, readMembers } from '../../src/fleet/members.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const PAGES = 60;

test('consumers that run, stop, vanish and drain are told apart, with what they did', async (t) => {
  const site = await startSite({ pages: PAGES, linksPerPage: 0, latencyMs: 40 });
  t.after(() => site.stop());
  const { runner, fleet } = await fleets.open();
  const members = () => readMembers(fleet);
  const stateOf = async (pid: number | undefined) => (await members()).find((one) => one.pid === pid)?.state;
  const list = Array.from({ length: PAGES }, (_, page) => `${site.url}/p/${page}\n`).join('');
  const offer = ['enqueue', '-', '--crawl', 'c', '--depth', '0', '--ignore-robots', '--per-host', '2'];
  assert.equal((await runner.run(offer, { input: list })).code, 0);

  const draining = runner.start(['consume', '-c', '7', '--processes', '1', '--drain-after', '20 pages']);
  assert.deepEqual(await draining.exit, { code: 0, signal: null }, draining.stderr());
  assert.match(draining.stderr(), /stopping after the fetches in flight, as --drain-after says/);
  const [drained] = await members();
  assert.equal(drained?.state, 'stopped');
  assert.ok((drained?.pages ?? 0) >= 20 && (drained?.pages ?? 0) < PAGES, JSON.stringify(drained));
  const counts = await runner.status('c');
  assert.deepEqual([counts.recorded, counts.state], [drained?.pages, 'running']);

  const timed = runner.start(['consume', '--processes', '1', '--drain-after', '1h', '--quiet']);
  const killed = runner.start(['consume', '--processes', '1', '--quiet']);
  await until(async () => (await stateOf(timed.child.pid)) === 'running', {
    what: 'the first',
    deadlineMs: 20_000,
  });
  await until(async () => (await stateOf(killed.child.pid)) === 'running', {
    what: 'the second',
    deadlineMs: 20_000,
  });
  killed.kill('SIGKILL');
  await until(async () => (await stateOf(killed.child.pid)) === 'vanished', {
    what: 'its end',
    deadlineMs: 20_000,
  });

  const api = runner.start(['serve', '--processes', '0', '--port', '0']);
  await until(async () => (await stateOf(api.child.pid)) === 'running', {
    what: 'the server',
    deadlineMs: 20_000,
  });
  const file = runner.path('none.backup');
  assert.equal((await runner.run(['backup', file])).code, 0);
  const refused = await runner.run(['restore', file, '--force']);
  assert.deepEqual([refused.code, /E_NAMESPACE_USED/.test(refused.stderr)], [2, true], refused.stderr);

  const all = await runner.json<FleetMember>(['fleet', '--json']);
  assert.deepEqual(all.find(({ pid }) => pid === api.child.pid)?.kind, 'api');
  const shown = all.filter(({ kind }) => kind === 'consumer');
  assert.deepEqual(
    shown.map(({ pid, state }) => [pid, state]),
    [
      [timed.child.pid, 'running'],
      [killed.child.pid, 'vanished'],
      [draining.child.pid, 'stopped'],
    ],
  );
  const [first] = shown;
  assert.equal(first?.host, hostname());
  assert.match(first?.version ?? '', /^\d+\.\d+\.\d+/);
  assert.equal(first?.serves, '*');
  assert.ok((first?.lastSeenMs ?? 1e9) < 3000 && (first?.resident ?? 0) > 1e7);
  const { stdout } = await runner.run(['fleet']);
  assert.match(stdout, /^host +pid +state +version +serves/);
  assert.match(stdout, /^1 vanished without a word/m);

  // Another version changes the namespace: who does not know its format stops, and says why.
  await fleet.redis.set(fleet.keys.format, FORMAT + 1);
  assert.deepEqual(await timed.exit, { code: 3, signal: null }, timed.stderr());
  assert.match(timed.stderr(), /E_REDIS_FORMAT/);
  assert.deepEqual(await api.exit, { code: 3, signal: null }, api.stderr());
  assert.match(api.stderr(), /E_REDIS_FORMAT/);
  const late = await runner.run(['fleet']);
  assert.deepEqual([late.code, /E_REDIS_FORMAT/.test(late.stderr)], [3, true]);
});
