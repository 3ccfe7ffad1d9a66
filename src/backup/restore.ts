// Restores a backup into a namespace. It is checked whole before anything is written; while it is written,
// the format of the namespace is one that no version of drover opens. So a restore is there as a whole or not
// at all, and one that was cut off can be run again.
import { DroverError } from '../errors.ts';
import { formatFailure, RESTORING } from '../fleet/format.ts';
import { readMembers } from '../fleet/members.ts';
import { type Fleet, homeOf, redisTimeMs } from '../fleet.ts';
import type { Redis } from '../redis.ts';
import { scanKeys, shardsByConnection } from './copy.ts';
import { type BackupEntry, type BackupHeader, readBackup } from './format.ts';
import { readPlace } from './place.ts';

/** Keys that are written at once, and so many bytes of them. */
const AT_ONCE = 200;
const MOST_BYTES = 8 * 1024 * 1024;
/**
 * What belongs to processes that are not here: who was there, leases, and locks on jobs. Without its lock, a
 * job that was in flight is taken again at once.
 */
const LEFT_OUT = /^:(?:consumers|members|heartbeat:.*|lease:.*|(?:requests|webhooks):[^:]+:lock)$/s;

export interface RestoreDone {
  header: BackupHeader;
  /** How many keys were written. */
  keys: number;
  tookMs: number;
}

export interface RestoreHow {
  /** Deletes what is there first. */
  force: boolean;
  /** The number of shards that was asked for; null for that of the backup. */
  shards: number | null;
  /** The namespace with so many shards; all of them by the connection of home, if it is not given. */
  withShards: (shards: number) => Promise<Fleet>;
}

/**
 * `home`: of the namespace to restore into. Throws E_BACKUP_BROKEN, E_REDIS_FORMAT, E_NAMESPACE_USED (unless
 * `force`), E_SHARDS, E_BACKUP_NEWER, before anything is written; E_FILE, and errors of the layers redis and
 * store.
 */
export async function restoreBackup(
  home: Fleet,
  place: string,
  { force = false, shards: wanted = null, withShards }: Partial<RestoreHow> = {},
): Promise<RestoreDone> {
  const began = performance.now();
  const header = await checkBackup(home, place);
  const shards = header.shards ?? 1;
  if (wanted !== null && wanted !== shards)
    throw new DroverError('E_SHARDS', `The backup has ${shards}, and ${wanted} were asked for.`);
  // What is there, or what a restore has left that was cut off, may have more.
  const before = Math.max(shards, Number((await home.redis.get(home.keys.shards)) ?? 0));
  const open = withShards ?? (async (count) => homeOf(Array(count).fill(home.redis), home.namespace));
  const fleet = await open(before);
  await refuseUsed(fleet, force);
  await fleet.redis.set(fleet.keys.format, RESTORING);
  await fleet.redis.set(fleet.keys.shards, before);
  await deleteKeys(fleet);
  const writer = new KeyWriter(fleet, shards, await redisTimeMs(fleet));
  await readBackup(
    place,
    readPlace(place),
    () => undefined,
    (entry) => writer.add(entry),
  );
  await writer.finish();
  return { header, keys: writer.keys, tookMs: performance.now() - began };
}

/** Reads all of it once. A value of it must be one that this Redis can read. */
async function checkBackup(fleet: Fleet, place: string): Promise<BackupHeader> {
  let header: BackupHeader | null = null;
  let sample: Buffer | null = null;
  const onHeader = (read: BackupHeader) => {
    header = read;
    const failure = formatFailure(place, read.format);
    if (failure) throw failure;
  };
  await readBackup(place, readPlace(place), onHeader, ({ shard, key, value }) => {
    if (shard === 0 && key.toString() === ':format') sample = value;
  });
  if (header === null || sample === null)
    throw new DroverError('E_BACKUP_BROKEN', `${place}: it lacks the format of its keys.`);
  await probe(fleet, header, sample);
  return header;
}

async function probe(fleet: Fleet, { server }: BackupHeader, sample: Buffer): Promise<void> {
  try {
    await fleet.redis.call('RESTORE', fleet.keys.restoreProbe, '1', sample, 'REPLACE');
  } catch (error) {
    if (!/payload version/i.test((error as Error).message)) throw error;
    const of = server ?? 'another Redis';
    throw new DroverError('E_BACKUP_NEWER', `It is one of ${of}.`, { cause: error as Error });
  }
}

/** What a restore left that was cut off does not count: it begins again. */
async function refuseUsed(fleet: Fleet, force: boolean): Promise<void> {
  const { redis, keys, namespace } = fleet;
  const members = await readMembers(fleet);
  const alive = members.filter(({ state }) => state === 'running' || state === 'stopping').length;
  let leases = 0;
  for (const shard of fleet.shards)
    leases += await shard.redis.zcount(shard.keys.consumers, `(${await redisTimeMs(shard)}`, '+inf');
  if (alive + leases > 0)
    throw new DroverError(
      'E_NAMESPACE_USED',
      `${namespace}: consumers or servers are at work; stop them first (drover fleet shows them).`,
    );
  if (force || Number(await redis.get(keys.format)) === RESTORING) return;
  const own = new Set(bookkeepingOf(fleet));
  let found: string | null = null;
  await eachServer(fleet, async (_, some) => {
    found ??= some.map(String).find((key) => !own.has(key)) ?? null;
  });
  if (found !== null) throw new DroverError('E_NAMESPACE_USED', `${namespace} has keys, such as ${found}.`);
}

/** What says that a restore is at work, and over how many shards. */
const bookkeepingOf = ({ keys }: Fleet) => [keys.format, keys.shards, keys.restoreProbe];

async function eachServer(
  fleet: Fleet,
  onKeys: (redis: Redis, keys: Buffer[]) => Promise<void>,
): Promise<void> {
  for (const shards of shardsByConnection(fleet)) {
    const { redis } = shards[0] as Fleet;
    await scanKeys(redis, shards, (keys) => onKeys(redis, keys));
  }
}

async function deleteKeys(fleet: Fleet): Promise<void> {
  const own = new Set(bookkeepingOf(fleet));
  await eachServer(fleet, async (redis, some) => {
    // One at a time: in a Cluster, shards of one node have different slots.
    const old = some.filter((key) => !own.has(key.toString()));
    await Promise.all(old.map((key) => redis.unlink(key)));
  });
}

class KeyWriter {
  readonly #fleet: Fleet;
  readonly #shards: number;
  readonly #nowMs: number;
  #waiting: BackupEntry[] = [];
  #waitingBytes = 0;
  #format: BackupEntry | null = null;
  keys = 0;

  constructor(fleet: Fleet, shards: number, nowMs: number) {
    this.#fleet = fleet;
    this.#shards = shards;
    this.#nowMs = nowMs;
  }

  async add(entry: BackupEntry): Promise<void> {
    const name = entry.key.toString();
    if (LEFT_OUT.test(name) || (entry.shard === 0 && name === ':shards')) return;
    if (entry.shard === 0 && name === ':format') {
      this.#format = entry;
      return;
    }
    this.#waiting.push(entry);
    this.#waitingBytes += entry.value?.length ?? 0;
    if (this.#waiting.length >= AT_ONCE || this.#waitingBytes >= MOST_BYTES) await this.#write();
  }

  /** Its format comes last: with it, the namespace may be opened. */
  async finish(): Promise<void> {
    await this.#write();
    const { redis, keys } = this.#fleet;
    await redis.set(keys.shards, this.#shards);
    if (this.#format) this.#waiting.push(this.#format);
    await this.#write();
  }

  async #write(): Promise<void> {
    const { shards } = this.#fleet;
    const entries = this.#waiting;
    [this.#waiting, this.#waitingBytes] = [[], 0];
    await Promise.all(
      entries.map(({ shard, key, value, expiresAtMs }) => {
        const { redis, namespace } = shards[shard] as Fleet;
        const name = Buffer.concat([Buffer.from(namespace), key]);
        const isOver = expiresAtMs > 0 && expiresAtMs <= this.#nowMs;
        if (value === null || isOver) return redis.unlink(name);
        this.keys++;
        return redis.call('RESTORE', name, String(expiresAtMs), value, 'REPLACE', 'ABSTTL');
      }),
    );
  }
}
