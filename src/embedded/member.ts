// Makes this process a user of an embedded Redis, by a connection with a special name (the "presence"). The
// server runs as long as there is such a connection, so that it ends with its users even when they are
// killed.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../errors.ts';
import { isLocked, releaseLock, takeLock } from './lock.ts';
import { diskFailure, type RedisFiles } from './redis-files.ts';
import { isAnswering, startServer } from './start.ts';
import { hasWarden, replaceWarden } from './warden.ts';
import { dial, say } from './wire.ts';

const joinLimitMs = 20_000;
const loadLimitMs = 60_000;
const presenceName = `drover:presence:${process.pid}:${randomBytes(6).toString('hex')}`;

/**
 * Opens the presence connection of this process, to a server that answers. Starts the server if none runs.
 * The connection closes when the server dies. Throws the errors of startServer, and E_REDIS_START if the
 * server does not answer.
 *
 * A process that stops the server first takes the lock and then counts the users. This function first names
 * its connection and then checks the lock. So either the process is counted, or it sees the lock and tries
 * again.
 */
export async function join(files: RedisFiles): Promise<Socket> {
  const deadline = Date.now() + joinLimitMs;
  while (Date.now() < deadline) {
    const socket = await dial(files.socket);
    if (socket) {
      const named = await say(socket, `CLIENT SETNAME ${presenceName}`);
      if (named === '+OK' && !isLocked(files.lock) && (await isLoaded(socket))) return socket;
      socket.destroy();
    } else if (tryLock(files)) {
      try {
        if (!(await isAnswering(files))) await startServer(files);
      } finally {
        releaseLock(files.lock);
      }
      continue;
    }
    await sleep(3);
  }
  throw new DroverError('E_REDIS_START', 'A server is there, but it does not answer.');
}

function tryLock(files: RedisFiles): boolean {
  try {
    return takeLock(files.lock);
  } catch (error) {
    throw diskFailure(files.dir, error);
  }
}

/**
 * Gives the server a new warden if its warden was killed. Without a warden, the server would still be stopped
 * by its last user, unless that one is killed. Throws E_DATA_DIR or E_DISK_FULL.
 */
export async function guardServer(files: RedisFiles): Promise<void> {
  if ((await hasWarden(files)) || !tryLock(files)) return;
  try {
    await replaceWarden(files);
  } catch (error) {
    throw diskFailure(files.dir, error);
  } finally {
    releaseLock(files.lock);
  }
}

/** Waits while the server loads its data. Returns false if the server ends meanwhile. */
async function isLoaded(socket: Socket): Promise<boolean> {
  const deadline = Date.now() + loadLimitMs;
  for (;;) {
    const reply = await say(socket, 'PING');
    if (reply === '+PONG') return true;
    if (!reply?.startsWith('-LOADING')) return false;
    if (Date.now() > deadline) throw new DroverError('E_REDIS_START', 'It has been loading for a minute.');
    await sleep(20);
  }
}

/**
 * Closes the presence connection. If this process is the last user, stops the server and waits until it has
 * ended.
 */
export async function leave(files: RedisFiles, socket: Socket): Promise<void> {
  socket.ref();
  const hasLock = await lockWithin(files, 500);
  try {
    if (hasLock && isLastUser(await say(socket, 'CLIENT LIST'))) {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write('SHUTDOWN NOSAVE\r\n');
      await Promise.race([closed, sleep(5000, undefined, { ref: false })]);
    } else {
      // Change the name before the lock is released, so that another process that leaves does not count this
      // one.
      await say(socket, 'CLIENT SETNAME left');
    }
  } finally {
    socket.destroy();
    if (hasLock) releaseLock(files.lock);
  }
}

/**
 * Tries to take the lock for `ms` milliseconds. Returns false if that fails; the warden then stops the
 * server.
 */
async function lockWithin(files: RedisFiles, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if (tryLock(files)) return true;
    await sleep(5);
  }
  return false;
}

/**
 * Whether no other process uses the server. Connections of this process do not count: they are being closed.
 */
function isLastUser(clients: string | null): boolean {
  if (clients === null) return false;
  const others = [...clients.matchAll(/ name=(drover:(\w+):(\d+)\S*)/g)].filter(([, name, role, pid]) =>
    role === 'presence' ? name !== presenceName : Number(pid) !== process.pid,
  );
  return others.length === 0;
}
