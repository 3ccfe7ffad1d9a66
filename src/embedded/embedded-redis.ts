// The embedded Redis: the server that drover starts itself. The first command that needs it starts it, and
// all commands with the same data directory share it. It is started again when it dies, and the last command
// that uses it stops it.
import type { Socket } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../errors.ts';
import { guardServer, join, leave } from './member.ts';
import { prepareFiles, type RedisFiles } from './redis-files.ts';
import { isDiskFull } from './start.ts';

interface OwnMembership {
  files: RedisFiles | null;
  presence: Socket | null;
  joining: Promise<RedisFiles> | null;
  keepers: Set<KeeperEvents>;
  /** How many times in a row the server has died soon after its start. */
  shortLives: number;
}

export interface KeeperEvents {
  /** Called when the server has died and runs again. */
  onRestart?(): void;
  /**
   * Called when the server cannot be started (E_DISK_FULL, E_REDIS_START, E_REDIS_MISSING, …). A start is
   * tried each second.
   */
  onFailure?(error: DroverError): void;
}

const retryMs = 1000;
const guardMs = 2000;
const shortLifeMs = 2000;
const memberships = new Map<string, OwnMembership>();

function membershipOf(dataDir: string): OwnMembership {
  const key = resolve(dataDir);
  const membership = memberships.get(key) ?? {
    files: null,
    presence: null,
    joining: null,
    keepers: new Set<KeeperEvents>(),
    shortLives: 0,
  };
  memberships.set(key, membership);
  return membership;
}

/**
 * Makes sure that the data directory's Redis runs, and returns its address. It joins the server that runs
 * there or starts one. This process then counts as a user of the server until the process ends or its keeper
 * is closed. Calling it again is cheap. Throws E_REDIS_MISSING, E_REDIS_VERSION, E_DATA_DIR, E_DISK_FULL or
 * E_REDIS_START.
 */
export async function ensureEmbeddedRedis(dataDir: string): Promise<{ readonly url: string }> {
  const membership = membershipOf(dataDir);
  if (!membership.presence || !membership.files) {
    membership.joining ??= enter(dataDir, membership).finally(() => {
      membership.joining = null;
    });
    await membership.joining;
  }
  const { socket = '' } = membership.files ?? {};
  return { url: `unix:${encodeURI(socket).replace(/[?#]/g, encodeURIComponent)}` };
}

async function enter(dataDir: string, membership: OwnMembership): Promise<RedisFiles> {
  const files = await prepareFiles(dataDir);
  const presence = await join(files);
  const since = Date.now();
  presence.unref();
  presence.once('close', () => {
    if (membership.presence !== presence) return;
    membership.presence = null;
    membership.shortLives = Date.now() - since < shortLifeMs ? membership.shortLives + 1 : 0;
    if (membership.keepers.size > 0) void revive(dataDir, membership);
  });
  if (presence.destroyed) throw new DroverError('E_REDIS_START', 'It ended at once.');
  membership.files = files;
  membership.presence = presence;
  return files;
}

/**
 * Keeps the server running: starts it again whenever it dies, until `close` is called. Any number of keepers
 * may keep the same server. When the last keeper of this process closes, the process stops using the server.
 * If no other process uses it, the server is stopped, and `close` resolves afterwards. Close all connections
 * to the server first.
 */
export function keepEmbeddedRedis(dataDir: string, events: KeeperEvents = {}): { close(): Promise<void> } {
  const membership = membershipOf(dataDir);
  const keeper = { ...events };
  membership.keepers.add(keeper);
  if (!membership.presence && !membership.joining) void revive(dataDir, membership);
  const guard = setInterval(() => {
    if (membership.files && membership.presence) void guardServer(membership.files).catch(() => {});
  }, guardMs).unref();
  return {
    async close() {
      clearInterval(guard);
      if (!membership.keepers.delete(keeper) || membership.keepers.size > 0) return;
      await membership.joining?.catch(() => {});
      memberships.delete(resolve(dataDir));
      const { files, presence } = membership;
      membership.presence = null;
      if (files && presence) await leave(files, presence);
    },
  };
}

/**
 * Starts the server until it runs or no keeper is left. If the server dies again and again soon after its
 * start (for example on a full disk), each start waits longer.
 */
async function revive(dataDir: string, membership: OwnMembership): Promise<void> {
  const isRestart = membership.files !== null;
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

async function reportDiskFull({ files, keepers }: OwnMembership): Promise<void> {
  if (!files || !(await isDiskFull(files).catch(() => false))) return;
  const error = new DroverError('E_DISK_FULL', `${files.dir}.`);
  for (const keeper of keepers) keeper.onFailure?.(error);
}
