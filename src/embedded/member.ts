// This process as one of the users of an embedded Redis: a connection that says so for as long as it is open. The server
// lives while there is one, so that it ends with its users even when they are killed.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DroverError } from '../errors.ts';
import { isLocked, releaseLock, takeLock } from './lock.ts';
import { diskFailure, type Place } from './place.ts';
import { answers, startServer } from './start.ts';
import { hasWarden, mendWarden } from './warden.ts';
import { dial, say } from './wire.ts';

const joinLimitMs = 20_000;
const loadLimitMs = 60_000;
const presenceName = `drover:presence:${process.pid}:${randomBytes(6).toString('hex')}`;

/**
 * The connection by which this process is counted, to a server that answers; started if there is none. A closed one means
 * that the server has died. Throws what startServer throws.
 *
 * Whoever stops the server takes the lock and then counts the users. Here the name is given first and the lock looked at
 * afterwards: so either we are counted, or we see the lock and begin again.
 */
export async function join(place: Place): Promise<Socket> {
  const deadline = Date.now() + joinLimitMs;
  while (Date.now() < deadline) {
    const socket = await dial(place.socket);
    if (socket) {
      const named = await say(socket, `CLIENT SETNAME ${presenceName}`);
      if (named === '+OK' && !isLocked(place.lock) && (await isLoaded(socket))) return socket;
      socket.destroy();
    } else if (tryLock(place)) {
      try {
        if (!(await answers(place))) await startServer(place);
      } finally {
        releaseLock(place.lock);
      }
      continue;
    }
    await sleep(3);
  }
  throw new DroverError('E_REDIS_START', 'A server is there, but it does not answer.');
}

function tryLock(place: Place): boolean {
  try {
    return takeLock(place.lock);
  } catch (error) {
    throw diskFailure(place.dir, error);
  }
}

/** A server whose warden was killed gets another one. Failing that, it ends with its last orderly user. */
export async function guardServer(place: Place): Promise<void> {
  if ((await hasWarden(place)) || !tryLock(place)) return;
  try {
    await mendWarden(place);
  } catch (error) {
    throw diskFailure(place.dir, error);
  } finally {
    releaseLock(place.lock);
  }
}

/** Waits while the server loads its data. False if it went away meanwhile. */
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

/** Gives the connection back; the last user stops the server, and returns when it has ended. */
export async function leave(place: Place, socket: Socket): Promise<void> {
  socket.ref();
  const hasLock = await lockWithin(place, 500);
  try {
    if (hasLock && isLastUser(await say(socket, 'CLIENT LIST'))) {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write('SHUTDOWN NOSAVE\r\n');
      await Promise.race([closed, sleep(5000, undefined, { ref: false })]);
    } else {
      // Nameless before the lock is free, so that another who is leaving does not count us.
      await say(socket, 'CLIENT SETNAME left');
    }
  } finally {
    socket.destroy();
    if (hasLock) releaseLock(place.lock);
  }
}

/** Without it the server is left to its warden. */
async function lockWithin(place: Place, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if (tryLock(place)) return true;
    await sleep(5);
  }
  return false;
}

/** Connections of this process do not count: they are being closed. */
function isLastUser(clients: string | null): boolean {
  if (clients === null) return false;
  const others = [...clients.matchAll(/ name=(drover:(\w+):(\d+)\S*)/g)].filter(([, name, role, pid]) =>
    role === 'presence' ? name !== presenceName : Number(pid) !== process.pid,
  );
  return others.length === 0;
}
