// The Redis that drover brings itself: started by the first command that needs it, shared by the others with the same data
// directory, started again when it dies, stopped by the last one out.
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../errors.ts';
import { guardServer, join, leave } from './member.ts';
import { findPlace, type Place } from './place.ts';
import { isDiskFull } from './start.ts';

interface Membership {
  place: Place | null;
  presence: Socket | null;
  joining: Promise<Place> | null;
  keepers: Set<KeeperEvents>;
  /** How many servers in a row have died soon after their start. */
  shortLives: number;
}

export interface KeeperEvents {
  /** The server had died and runs again. */
  onRestart?(): void;
  /** It cannot be started now (E_DISK_FULL, E_REDIS_START, E_REDIS_MISSING, …); it is tried again each second. */
  onFailure?(error: DroverError): void;
}

const retryMs = 1000;
const guardMs = 2000;
const shortLifeMs = 2000;
const memberships = new Map<string, Membership>();

function membershipOf(dataDir: string): Membership {
  const key = resolve(dataDir);
  const membership = memberships.get(key) ?? {
    place: null,
    presence: null,
    joining: null,
    keepers: new Set<KeeperEvents>(),
    shortLives: 0,
  };
  memberships.set(key, membership);
  return membership;
}

/**
 * The address of the data directory's Redis, ready for commands: joins the one that runs there or starts one. From then on
 * this process counts as a user of it until it ends or the keeper is closed. Cheap when called again.
 * Throws E_REDIS_MISSING, E_REDIS_VERSION, E_DATA_DIR, E_DISK_FULL or E_REDIS_START.
 */
export async function ensureEmbeddedRedis(dataDir: string): Promise<{ readonly url: string }> {
  const membership = membershipOf(dataDir);
  if (!membership.presence || !membership.place) {
    membership.joining ??= enter(dataDir, membership).finally(() => {
      membership.joining = null;
    });
    await membership.joining;
  }
  const { socket = '' } = membership.place ?? {};
  return { url: `unix:${encodeURI(socket).replace(/[?#]/g, encodeURIComponent)}` };
}

async function enter(dataDir: string, membership: Membership): Promise<Place> {
  const place = await findPlace(dataDir);
  const presence = await join(place);
  const since = Date.now();
  presence.unref();
  presence.once('close', () => {
    if (membership.presence !== presence) return;
    membership.presence = null;
    membership.shortLives = Date.now() - since < shortLifeMs ? membership.shortLives + 1 : 0;
    if (membership.keepers.size > 0) void revive(dataDir, membership);
  });
  if (presence.destroyed) throw new DroverError('E_REDIS_START', 'It ended at once.');
  membership.place = place;
  membership.presence = presence;
  return place;
}

/**
 * Starts the server again whenever it dies, until it is closed; any number of commands may keep the same one. close()
 * gives up this process's use of it, and resolves when the server has stopped if nobody else uses it. Close the
 * connections to it first.
 */
export function keepEmbeddedRedis(dataDir: string, events: KeeperEvents = {}): { close(): Promise<void> } {
  const membership = membershipOf(dataDir);
  const keeper = { ...events };
  membership.keepers.add(keeper);
  if (!membership.presence && !membership.joining) void revive(dataDir, membership);
  const guard = setInterval(() => {
    if (membership.place && membership.presence) void guardServer(membership.place).catch(() => {});
  }, guardMs).unref();
  return {
    async close() {
      clearInterval(guard);
      if (!membership.keepers.delete(keeper) || membership.keepers.size > 0) return;
      await membership.joining?.catch(() => {});
      memberships.delete(resolve(dataDir));
      const { place, presence } = membership;
      membership.presence = null;
      if (place && presence) await leave(place, presence);
    },
  };
}

/** A server that dies again and again soon after its start (a full disk, say) is not started in a tight loop. */
async function revive(dataDir: string, membership: Membership): Promise<void> {
  const isRestart = membership.place !== null;
  await reportDiskFull(membership);
  if (membership.shortLives > 1) await pause(Math.min(50 * 2 ** membership.shortLives, retryMs));
  while (membership.keepers.size > 0 && !membership.presence) {
    try {
      await ensureEmbeddedRedis(dataDir);
      if (isRestart) for (const keeper of membership.keepers) keeper.onRestart?.();
    } catch (error) {
      if (!(error instanceof DroverError)) throw error;
      for (const keeper of membership.keepers) keeper.onFailure?.(error);
      await pause(retryMs);
    }
  }
}

function pause(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}

async function reportDiskFull({ place, keepers }: Membership): Promise<void> {
  if (!place || !(await isDiskFull(place).catch(() => false))) return;
  const error = new DroverError('E_DISK_FULL', `${place.dir}.`);
  for (const keeper of keepers) keeper.onFailure?.(error);
}
