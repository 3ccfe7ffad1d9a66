// The keys in Redis, held together: src/keys.ts, what the Lua scripts spell, the table of
// docs/ARCHITECTURE.md, what a fleet really leaves.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '../src/redis.ts';
import { openFleets } from './support/fleets.ts';
import { knownKeys, luaFiles, spelledKeys } from './support/lua-sources.ts';
import { startSite } from './support/site/site.ts';

const fleets = openFleets();
const known = knownKeys();

test('every key that a Lua script spells stands in src/keys.ts', () => {
  const names = new Set(known.map(({ name }) => name));
  // `ns .. ':server:' .. server` is no key of its own: what hangs on it is.
  for (const { name } of known) names.add(name.replace(/:[a-z]$/, ''));
  const isKnown = (name: string) =>
    name.startsWith('NS') ? names.has(name) : [...names].some((whole) => whole.endsWith(name));
  const unknown = luaFiles.flatMap((file) =>
    spelledKeys(file)
      .filter(({ name }) => !isKnown(name))
      .map(({ name, line }) => `${file.path}:${line} ${name}`),
  );
  assert.deepEqual(unknown, []);
});

interface Row {
  /** As knownKeys has it. */
  name: string;
  type: string;
}

/**
 * The table "Keys in Redis": one row for each key, its type the one of the same place, or that of them all.
 */
function rowsOfTable(): Row[] {
  const text = readFileSync(new URL('../docs/ARCHITECTURE.md', import.meta.url), 'utf8');
  const section = text.split('## Keys in Redis')[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| (`NS:.*?) \| ([a-z, ]+) \|/gm)].flatMap(([, keys = '', types = '']) => {
    const each = types.split(', ');
    return [...keys.matchAll(/`NS:([^`]+)`/g)].map((match, index) => ({
      name: `NS:${(match[1] ?? '').replace(/[A-Z]+/g, '*')}`,
      type: each[index] ?? each[0] ?? '',
    }));
  });
}

test('src/keys.ts and the table of docs/ARCHITECTURE.md name the same keys', () => {
  const names = rowsOfTable().map(({ name }) => name);
  assert.deepEqual(names.toSorted(), known.map(({ name }) => name).toSorted());
});

/**
 * Of these, a run of some seconds shows none: a channel is no key, the others are of an older version or of
 * the API, or gone at once.
 */
const notSeen = [
  ...['keyEvents', 'cookieNotices', 'tail', 'formerHandOver', 'formerReplayed', 'jobLogs', 'idempotency'],
  ...['tailWanted', 'restoreProbe', 'reshard', 'forgetting', 'scheduleRuns', 'notDueByLimiter'],
  ...['renders', 'renderers', 'delayedJobs', 'linksOut', 'parked'],
  ...['robotsLock', 'autoReplays', 'outbox', 'slotWaiters', 'waitingLanes', 'serverWaiters', 'openReplays'],
];

test('a fleet leaves no key in Redis but those of src/keys.ts, each of the type that the table says', async (t) => {
  const site = await startSite({ pages: 60, linksPerPage: 5, robots: 'User-agent: *\nAllow: /\n' });
  t.after(() => site.stop());
  await site.behave('/p/7', { status: 500 });
  await site.behave('/p/8', { headers: { 'set-cookie': 'a=1' } });
  const { runner, fleet, namespace } = await fleets.open({
    DROVER_WEBHOOK_SECRET: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0',
  });
  const { seen, stop } = watchKeys(fleet.redis, namespace);
  const drover = async (...args: string[]) => {
    const { code, stderr } = await runner.run(args);
    assert.ok(code === 0 || code === 1, stderr);
  };

  await site.behave('/hook', { status: 200 });
  await drover('hosts', 'set', 'other.example', '--delay', '1s');
  await drover('hosts', 'pause', 'other.example', '--for', '1s');
  await drover('schedule', 'add', '0 3 1 1 *', 'yearly', `${site.url}/`);
  const options = [
    '--attempts',
    '1',
    '--quiet',
    '--allow-private',
    '127.0.0.1',
    '--max-per-host',
    '1000',
    '--per-server',
    '2',
    '--sessions',
    '2',
  ];
  await drover('crawl', `${site.url}/`, '--crawl', 'c', ...options, '--webhook', `${site.url}/hook`);
  assert.equal((await runner.status('c')).dead, 1);
  await drover('dead', 'replay', 'c');
  await site.behave('/p/7', null);
  await drover('crawl', `${site.url}/`, '--crawl', 'c', ...options, '--webhook', `${site.url}/hook`);
  await stop();

  const rows = rowsOfTable();
  const entries = known.map(({ entry, name }) => ({
    ...{ entry, pattern: patternOf(name, namespace), type: rows.find((row) => row.name === name)?.type },
  }));
  const strangers = [...seen].filter(
    ([key, type]) =>
      !isOfQueue(key, namespace) && !entries.some((each) => each.type === type && each.pattern.test(key)),
  );
  assert.deepEqual(strangers, []);
  const missing = entries.filter(
    ({ entry, pattern }) => !notSeen.includes(entry) && ![...seen.keys()].some((key) => pattern.test(key)),
  );
  assert.deepEqual(
    missing.map(({ entry }) => entry),
    [],
    'the run shows as many keys as it should',
  );
});

/** All keys of the namespace that are there at some moment, with their types. */
function watchKeys(redis: Redis, namespace: string): { seen: Map<string, string>; stop(): Promise<void> } {
  const seen = new Map<string, string>();
  let stopping = false;
  const look = async () => {
    while (!stopping) {
      for (const key of await redis.keys(`${namespace}:*`)) {
        if (!seen.has(key)) seen.set(key, await redis.type(key));
        if (seen.get(key) === 'none') seen.delete(key); // it went between the two questions
      }
      await sleep(5);
    }
  };
  const looking = look();
  return {
    seen,
    async stop() {
      stopping = true;
      await looking;
    },
  };
}

/** Each job has a key, and what BullMQ keeps beside them changes with its releases. */
function isOfQueue(key: string, namespace: string): boolean {
  return /^:(requests|webhooks|scheduled):/.test(key.slice(namespace.length));
}

function patternOf(name: string, namespace: string): RegExp {
  const parts = name.replace(/^NS/, namespace).split('*');
  return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join('.+')}$`, 's');
}
