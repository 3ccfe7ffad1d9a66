// Copies all keys of a namespace as they are at one moment, while the fleet works. First all keys are read
// without any care, then those that have changed meanwhile, and so on; when few are left, all writes wait
// while these are read. Each state between two scripts is one that a crash may leave, so the fleet goes on
// from any of them: jobs that are in flight are found without their lock, and taken again.
import { DroverError } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { redisTimeMs } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import type { BackupEntry } from './format.ts';
import { type WatchedKeys, watchKeys } from './watched-keys.ts';

/** Keys read at once: what is in memory at a time. */
const AT_ONCE = 100;
/** With so few, the writes may wait for the rest. */
const FEW = 1000;
/** No more rounds while the fleet works: with the next one, it stands. */
const MOST_ROUNDS = 8;
/** How often the fleet is held again when writes came through all the same. */
const MOST_HOLDS = 5;

export interface Copied {
  /** How often keys that had changed were read again while the fleet worked. */
  rounds: number;
  /** How long the writes of the fleet have waited, in milliseconds. */
  heldMs: number;
}

/**
 * Copies all shards as they are at one moment: no server goes on before the last keys of every one have been
 * read. Otherwise a link could be gone from its outbox and not be at its target. Throws E_BACKUP_UNSTEADY,
 * errors of layer redis, and what `onEntry` throws, which is called for several servers at once.
 */
export async function copyNamespace(
  fleet: Fleet,
  onEntry: (entry: BackupEntry) => Promise<void>,
): Promise<Copied> {
  const servers: Server[] = [];
  try {
    for (const shards of shardsByConnection(fleet)) servers.push(await watchServer(shards, onEntry));
    await Promise.all(servers.map((server) => server.copyAll()));
    let rounds = 0;
    let changed = await changesOf(servers);
    for (; countOf(changed) > FEW && rounds < MOST_ROUNDS; rounds++) {
      await copyEach(servers, changed);
      const next = await changesOf(servers);
      // No fewer than before: more rounds would not help.
      const isEnough = countOf(next) > 0.8 * countOf(changed);
      changed = next;
      if (isEnough) break;
    }
    return { rounds, heldMs: await copyRest(servers, changed) };
  } finally {
    for (const { watched } of servers) watched.close();
  }
}

/** The keys of each server, in the order of the servers. */
type KeysOfServers = readonly (readonly Buffer[])[];

const countOf = (keys: KeysOfServers) => keys.reduce((sum, some) => sum + some.length, 0);
const changesOf = (servers: readonly Server[]): Promise<KeysOfServers> =>
  Promise.all(servers.map(({ watched }) => watched.changes()));
const copyEach = (servers: readonly Server[], keys: KeysOfServers) =>
  Promise.all(servers.map((server, at) => server.copy(keys[at] ?? [])));

async function copyRest(servers: readonly Server[], changed: KeysOfServers): Promise<number> {
  let heldMs = 0;
  let left = changed;
  for (let hold = 0; hold < MOST_HOLDS; hold++) {
    const heldAt = performance.now();
    try {
      // Several connections may lead to one server: it is released when all is read.
      await Promise.all(servers.map(({ watched }) => watched.hold()));
      await copyEach(servers, left);
      // Those that have changed since they were taken last, until the writes began to wait.
      await copyEach(servers, await changesOf(servers));
      left = await changesOf(servers);
    } finally {
      await Promise.all(servers.map(({ watched }) => watched.release()));
    }
    heldMs += performance.now() - heldAt;
    if (countOf(left) === 0) return heldMs;
  }
  const detail = `Keys were written while all writes were to wait, ${MOST_HOLDS} times.`;
  throw new DroverError('E_BACKUP_UNSTEADY', detail);
}

/** Shards that share a connection, and with it a server. */
export function shardsByConnection({ shards }: Fleet): Fleet[][] {
  return [...Map.groupBy(shards, ({ redis }) => redis).values()];
}

interface Server {
  watched: WatchedKeys;
  copyAll(): Promise<void>;
  copy(keys: readonly Buffer[]): Promise<void>;
}

async function watchServer(
  shards: readonly Fleet[],
  onEntry: (entry: BackupEntry) => Promise<void>,
): Promise<Server> {
  const [first] = shards as [Fleet];
  const numbers = new Map(shards.map(({ namespace, shard }) => [namespace, shard]));
  const watched = await watchKeys(first.redis, [...numbers.keys()]);
  const copy = (keys: readonly Buffer[]) =>
    readKeys({ ...first, redis: watched.redis }, numbers, keys, onEntry);
  return { watched, copy, copyAll: () => scanKeys(watched.redis, shards, copy) };
}

/** Calls `onKeys` with all keys of these shards, which are on one server, some of them perhaps twice. */
export async function scanKeys(
  redis: Redis,
  shards: readonly Fleet[],
  onKeys: (keys: Buffer[]) => Promise<void>,
): Promise<void> {
  const [{ namespace }] = shards as [Fleet];
  const own = new Set(shards.map((shard) => shard.namespace));
  const beginning = shards.length === 1 ? namespace : namespace.replace(/\d+\}$/, '*}');
  let cursor: string = '0';
  do {
    const [next, keys] = await redis.scanBuffer(cursor, 'MATCH', `${beginning}:*`, 'COUNT', 1000);
    const some = keys.filter((key) => own.has(namespaceOfKey(key)));
    if (some.length > 0) await onKeys(some);
    cursor = next.toString();
  } while (cursor !== '0');
}

/** `{drover:3}` of `{drover:3}:crawls`. */
export function namespaceOfKey(key: Buffer): string {
  return key.subarray(0, key.indexOf('}') + 1).toString();
}

async function readKeys(
  fleet: Fleet,
  numbers: ReadonlyMap<string, number>,
  keys: readonly Buffer[],
  onEntry: (entry: BackupEntry) => Promise<void>,
): Promise<void> {
  const { redis } = fleet;
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE);
    const [nowMs, ...read] = await Promise.all([
      redisTimeMs(fleet),
      ...some.map((key) => Promise.all([redis.dumpBuffer(key), redis.pttl(key)])),
    ]);
    for (const [index, [value, leftMs]] of read.entries()) {
      const whole = some[index] as Buffer;
      const namespace = namespaceOfKey(whole);
      const key = whole.subarray(Buffer.byteLength(namespace));
      const shard = numbers.get(namespace) ?? 0;
      await onEntry({ shard, key, value, expiresAtMs: leftMs >= 0 ? Math.ceil(nowMs + leftMs) : 0 });
    }
  }
}
