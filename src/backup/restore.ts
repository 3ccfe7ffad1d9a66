// Restores a backup into a namespace. It is checked whole before anything is written; while it is written,
// the format of the namespace is one that no version of drover opens. So a restore is there as a whole or not
// at all, and one that was cut off can be run again.
import { DroverError } from '../errors.ts';
import { formatFailure, RESTORING } from '../fleet/format.ts';
import { readMembers } from '../fleet/members.ts';
import { type Fleet, redisTimeMs } from '../fleet.ts';
import { scanKeys } from './copy.ts';
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

/**
 * Throws E_BACKUP_BROKEN, E_REDIS_FORMAT, E_NAMESPACE_USED (unless `force`, which deletes what is there),
 * E_BACKUP_NEWER, before anything is written; E_FILE, and errors of the layers redis and store.
 */
export async function restoreBackup(fleet: Fleet, place: string, force: boolean): Promise<RestoreDone> {
  const began = performance.now();
  const header = await checkBackup(fleet, place);
  await refuseUsed(fleet, force);
  await fleet.redis.set(fleet.keys.format, RESTORING);
  await deleteKeys(fleet);
  const writer = new KeyWriter(fleet, await redisTimeMs(fleet));
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
  await readBackup(place, readPlace(place), onHeader, ({ key, value }) => {
    if (key.toString() === ':format') sample = value;
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
  const leases = await redis.zcount(keys.consumers, `(${await redisTimeMs(fleet)}`, '+inf');
  if (alive + leases > 0)
    throw new DroverError(
      'E_NAMESPACE_USED',
      `${namespace}: consumers or servers are at work; stop them first (drover fleet shows them).`,
    );
  if (force || Number(await redis.get(keys.format)) === RESTORING) return;
  let found: string | null = null;
  await scanKeys(redis, namespace, async (some) => {
    const others = some.map(String).filter((key) => key !== keys.format && key !== keys.restoreProbe);
    found ??= others[0] ?? null;
  });
  if (found !== null) throw new DroverError('E_NAMESPACE_USED', `${namespace} has keys, such as ${found}.`);
}

async function deleteKeys({ redis, namespace, keys }: Fleet): Promise<void> {
  await scanKeys(redis, namespace, async (some) => {
    const old = some.filter((key) => key.toString() !== keys.format);
    if (old.length > 0) await redis.unlink(...old);
  });
}

class KeyWriter {
  readonly #fleet: Fleet;
  readonly #nowMs: number;
  #waiting: BackupEntry[] = [];
  #waitingBytes = 0;
  #format: BackupEntry | null = null;
  keys = 0;

  constructor(fleet: Fleet, nowMs: number) {
    this.#fleet = fleet;
    this.#nowMs = nowMs;
  }

  async add(entry: BackupEntry): Promise<void> {
    const name = entry.key.toString();
    if (LEFT_OUT.test(name)) return;
    if (name === ':format') {
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
    if (this.#format) this.#waiting.push(this.#format);
    await this.#write();
  }

  async #write(): Promise<void> {
    const { redis, namespace } = this.#fleet;
    const [entries, start] = [this.#waiting, Buffer.from(namespace)];
    [this.#waiting, this.#waitingBytes] = [[], 0];
    await Promise.all(
      entries.map(({ key, value, expiresAtMs }) => {
        const name = Buffer.concat([start, key]);
        const isOver = expiresAtMs > 0 && expiresAtMs <= this.#nowMs;
        if (value === null || isOver) return redis.unlink(name);
        this.keys++;
        return redis.call('RESTORE', name, String(expiresAtMs), value, 'REPLACE', 'ABSTTL');
      }),
    );
  }
}
