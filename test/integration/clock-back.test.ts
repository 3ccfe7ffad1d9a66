// The clock of Redis goes back, as after a failover to another machine: what it had noted before lies in the
// future then. At most one delay is lost, and no start comes too early.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Fleet } from '../../src/fleet.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const DELAY_MS = 700;

/** Leaves Redis as one whose clock was ahead by `ms` would: each time that scripts noted is later. */
async function moveTimes({ redis, namespace }: Fleet, ms: number): Promise<void> {
  const isTime = /^(next|tat|pause|wrote|createdAt|changedAt)$|Since$|Until$|At$/;
  for (const key of await redis.keys(`${namespace}:*`)) {
    if (/:(requests|webhooks):/.test(key)) continue; // BullMQ keeps the clock of its workers
    const pttl = await redis.pttl(key);
    if (pttl > 0) await redis.pexpire(key, pttl + ms);
    const type = await redis.type(key);
    if (type === 'zset') {
      const all = await redis.zrange(key, '0', '-1', 'WITHSCORES');
      for (let at = 0; at < all.length; at += 2)
        if (Number(all[at + 1]) > 1000) await redis.zincrby(key, ms, all[at] ?? '');
    } else if (type === 'hash' && /:(k|c):[^:]+(:\d+)?$/.test(key))
      for (const [name, value] of Object.entries(await redis.hgetall(key)))
        if (isTime.test(name) && Number(value) > 0) await redis.hset(key, name, Number(value) + ms);
  }
}

for (const backMs of [20_000, 600_000])
  test(`back by ${backMs / 1000} s: at most one delay is lost, and the crawl ends`, async (t) => {
    const site = await startSite({ pages: 6, linksPerPage: 6 });
    t.after(() => site.stop());
    const { runner, fleet } = await fleets.open();
    const args = ['crawl', `${site.url}/`, '--crawl', 'c', '--delay', `${DELAY_MS}`, '--quiet'];
    const env = { DROVER_LOCK_DURATION: '1000' };
    const pages = async () => (await site.log()).filter(({ path }) => path !== '/robots.txt');
    const first = runner.start(args, { env });
    await until(async () => (await pages()).length >= 3, { what: 'three pages' });
    first.killGroup('SIGKILL');
    await first.exit;
    const before = (await pages()).length;
    await moveTimes(fleet, backMs);
    const again = performance.timeOrigin + performance.now();
    const second = runner.start(args, { env });
    await until(async () => (await pages()).length > before + 2, {
      what: 'further pages',
      deadlineMs: 15_000,
    });
    assert.equal((await second.exit).code, 0, second.stderr());
    const starts = (await pages()).map(({ start }) => start).toSorted((a, b) => a - b);
    const lostMs = (starts[before] ?? 0) - again;
    t.diagnostic(`the next page came ${Math.round(lostMs)} ms after the second start of the command`);
    for (const [index, start] of starts.entries())
      if (index > 0) assert.ok(start - (starts[index - 1] ?? 0) > DELAY_MS - 50, 'no start comes too early');
    assert.equal((await runner.status('c')).recorded, 7);
  });
