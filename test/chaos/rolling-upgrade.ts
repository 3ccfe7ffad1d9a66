// Two versions of drover on one namespace: the present one, and an older one from the history. Consumers of
// the one take the place of the other's and back, some killed, while a crawl goes on. Not among the tests
// that run always, because it needs the history; run it by itself, with the last release or another commit:
//   node test/chaos/rolling-upgrade.ts v0.1.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertAddsUp, openCommandRunner } from '../support/crawls.ts';
import { audit } from '../support/politeness/auditor.ts';
import { startTestRedis } from '../support/redis.ts';
import { type DroverProcess, spawnProgram, until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HOSTS = 20;
const PAGES = 150;
const PER_HOST = 2;
const root = fileURLToPath(new URL('../../', import.meta.url));
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

/** Without an argument, the last release before this commit. */
function olderVersion(): string {
  const given = process.argv.slice(2).find((word) => !word.startsWith('-'));
  try {
    return git('rev-parse', given ?? git('describe', '--tags', '--abbrev=0', 'HEAD^'));
  } catch {
    throw new Error(
      given ? `${given} is no commit of this repository` : 'there is no release yet: name a commit',
    );
  }
}

test(`consumers of an older version and of this one share a crawl, in any order`, {
  timeout: 300_000,
}, async (t) => {
  const dir = join(await temporaryDirectory('older'), 'drover');
  const commit = olderVersion();
  git('worktree', 'add', '--detach', dir, commit);
  t.after(() => git('worktree', 'remove', '--force', dir));
  if (!existsSync(join(dir, 'node_modules')))
    symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));

  const site = await startSite({ pages: PAGES, hosts: HOSTS, linksPerPage: 8, latencyMs: 30, bytes: 2000 });
  const redis = await startTestRedis();
  t.after(() => Promise.all([site.stop(), redis.stop()]));
  const runner = await openCommandRunner({ REDIS_URL: redis.url });
  const env = { REDIS_URL: redis.url, DROVER_DATA_DIR: join(runner.dir, 'data') };
  const older = (args: string[], input = '') =>
    spawnProgram([join(dir, 'cli/drover.ts'), ...args], { env, input });
  const newer = (args: string[]) => runner.start(args);
  const consume = ['consume', '--quiet', '--processes', '1', '-c', '20'];
  const started: DroverProcess[] = [];
  const start = (by: typeof newer) => {
    const consumer = by(consume);
    started.push(consumer);
    return consumer;
  };
  const reach = (share: number) =>
    until(async () => (await site.ended()) > share * PAGES * HOSTS, {
      what: `${share * 100} % of the pages`,
      deadlineMs: 120_000,
    });

  const seeds = site.urls.map((url) => `${url}/\n`).join('');
  const options = ['--depth', '99', '--ignore-robots', '--per-host', String(PER_HOST), '--no-adaptive'];
  const offered = older(['enqueue', '-', '--crawl', 'c', '--quiet', ...options], seeds);
  assert.equal((await offered.exit).code, 0, offered.stderr());
  const [first, second] = [start(older), start(older)];
  await reach(0.15);
  const third = start(newer);
  await reach(0.3);
  first.kill('SIGTERM');
  await reach(0.45);
  second.killGroup('SIGKILL');
  const fourth = start(newer);
  await reach(0.6);
  third.killGroup('SIGKILL');
  const back = start(older);
  await reach(0.75);
  fourth.kill('SIGTERM');
  await until(async () => (await runner.status('c')).state === 'finished', {
    what: 'the crawl to end',
    deadlineMs: 120_000,
    everyMs: 300,
  });

  const counts = await runner.status('c');
  assertAddsUp(counts);
  const all = HOSTS * (PAGES + 1);
  assert.deepEqual([counts.accepted, counts.recorded, counts.dead], [all, all, 0]);
  const seen = older(['status', 'c', '--json']);
  await seen.exit;
  assert.deepEqual(JSON.parse(seen.stdout()).recorded, all, 'the older version counts the same');
  const records = await runner.results('c');
  assert.deepEqual([records.length, new Set(records.map(({ url }) => url)).size], [all, all]);
  for (const [host, { mostInFlight }] of audit(await site.log()))
    assert.ok(mostInFlight <= PER_HOST, `${host}: ${mostInFlight} in flight`);
  for (const consumer of [first, fourth]) assert.equal((await consumer.exit).code, 0, consumer.stderr());
  back.kill('SIGTERM');
  assert.equal((await back.exit).code, 0, back.stderr());
  const log = await readFile(join(env.DROVER_DATA_DIR, 'drover.log'), 'utf8');
  assert.deepEqual(
    log.split('\n').filter((line) => line.includes('"level":"error"')),
    [],
  );
  for (const consumer of started) assert.equal(consumer.stderr(), '');
  t.diagnostic(`${all} pages through ${commit.slice(0, 7)} and the present sources`);
});
