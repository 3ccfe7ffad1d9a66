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

/** Throws E_BACKUP_UNSTEADY, and errors of layer redis, and what `onEntry` throws. */
export async function copyNamespace(
  fleet: Fleet,
  onEntry: (entry: BackupEntry) => Promise<void>,
): Promise<Copied> {
  const watched = await watchKeys(fleet.redis, fleet.namespace);
  try {
    const copy = (keys: readonly Buffer[]) => readKeys(watched.redis, fleet, keys, onEntry);
    await scanKeys(watched.redis, fleet.namespace, copy);
    let rounds = 0;
    let changed = await watched.changes();
    for (; changed.length > FEW && rounds < MOST_ROUNDS; rounds++) {
      await copy(changed);
      const next = await watched.changes();
      // No fewer than before: more rounds would not help.
      const isEnough = next.length > 0.8 * changed.length;
      changed = next;
      if (isEnough) break;
    }
    return { rounds, heldMs: await copyRest(watched, changed, copy) };
  } finally {
    watched.close();
  }
}

async function copyRest(
  watched: WatchedKeys,
  changed: Buffer[],
  copy: (keys: readonly Buffer[]) => Promise<void>,
): Promise<number> {
  let heldMs = 0;
  let left = changed;
  for (let hold = 0; hold < MOST_HOLDS; hold++) {
    const heldAt = performance.now();
    left = await watched.whileHeld(async () => {
      await copy(left);
      // Those that have changed since they were taken last, until the writes began to wait.
      await copy(await watched.changes());
      return watched.changes();
    });
    heldMs += performance.now() - heldAt;
    if (left.length === 0) return heldMs;
  }
  const detail = `Keys were written while all writes were to wait, ${MOST_HOLDS} times.`;
  throw new DroverError('E_BACKUP_UNSTEADY', detail);
}

/** Calls `onKeys` with all keys of a namespace, some of them perhaps twice. */
export async function scanKeys(
  redis: Redis,
  namespace: string,
  onKeys: (keys: Buffer[]) => Promise<void>,
): Promise<void> {
  let cursor: string = '0';
  do {
    const [next, keys] = await redis.scanBuffer(cursor, 'MATCH', `${namespace}:*`, 'COUNT', 1000);
    if (keys.length > 0) await onKeys(keys);
    cursor = next.toString();
  } while (cursor !== '0');
}

async function readKeys(
  redis: Redis,
  fleet: Fleet,
  keys: readonly Buffer[],
  onEntry: (entry: BackupEntry) => Promise<void>,
): Promise<void> {
  const prefix = Buffer.byteLength(fleet.namespace);
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const some = keys.slice(at, at + AT_ONCE);
    const [nowMs, ...read] = await Promise.all([
      redisTimeMs({ ...fleet, redis }),
      ...some.map((key) => Promise.all([redis.dumpBuffer(key), redis.pttl(key)])),
    ]);
    for (const [index, [value, leftMs]] of read.entries()) {
      const key = (some[index] as Buffer).subarray(prefix);
      await onEntry({ key, value, expiresAtMs: leftMs >= 0 ? Math.ceil(nowMs + leftMs) : 0 });
    }
  }
}
