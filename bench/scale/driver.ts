// A process that crawls some of the shards. It tells what it has done five times a second.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectionsOf, type Fleet } from '../../src/fleet.ts';
import { watchScripts } from '../../src/scripts.ts';
import { crawlShard, noWork, type WorkDone } from './shard-crawl.ts';
import { openShards } from './shards.ts';
import { KnownPages, type Web } from './web.ts';

export interface DriverOrders {
  /** The addresses of the Redis processes. */
  urls: readonly string[];
  /** The number of all shards, and which of them this process crawls. */
  shards: number;
  own: readonly number[];
  web: Web;
  window: number;
  withQueue: boolean;
  /** The number of its first new page, and how far apart its numbers are. */
  firstNumber: number;
  step: number;
}

export interface Driver {
  readonly pid: number;
  /** As it was told last. */
  work(): WorkDone;
  /** Resolves when it has told what it has done until now. */
  tell(): Promise<void>;
  /** Whether it ended without being told to. */
  failed(): boolean;
  /** Resolves when all that it had in hand has ended. */
  stop(): Promise<void>;
  kill(): void;
}

const TELL_MS = 200;

export function startDriver(orders: DriverOrders): Driver {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(orders)], { execArgv: [] });
  let work = noWork();
  let stopping = false;
  const exit = once(child, 'exit');
  child.on('message', (told) => {
    work = told as WorkDone;
  });
  return {
    pid: child.pid ?? 0,
    work: () => work,
    async tell() {
      child.send('tell');
      await Promise.race([once(child, 'message'), exit]);
    },
    failed: () => child.exitCode !== null && !stopping,
    async stop() {
      stopping = true;
      if (child.connected) child.send('stop');
      const [code] = await exit;
      if (code !== 0) throw new Error(`a driver process ended with ${code}; see its error above`);
    },
    kill: () => child.kill('SIGKILL'),
  };
}

async function drive(orders: DriverOrders): Promise<void> {
  const { urls, shards, own, web, window, withQueue, firstNumber, step } = orders;
  const home = openShards(urls, shards);
  const work = noWork();
  for (const redis of connectionsOf(home))
    watchScripts(redis, (path) => {
      if (path.endsWith('/deliver-links.lua')) work.deliveries++;
    });
  let isStopped = false;
  process.on('message', (order) => {
    if (order === 'stop') isStopped = true;
    else process.send?.(work);
  });
  process.on('disconnect', () => process.exit(1)); // nobody waits for it any more
  const telling = setInterval(() => process.send?.(work), TELL_MS);
  let number = firstNumber - step;
  const nextNumber = () => {
    number += step;
    return number;
  };
  const shared = { web, known: new KnownPages(), nextNumber, window, withQueue, work };
  const onError = (error: unknown) => {
    throw error; // it ends this process
  };
  await Promise.all(
    own.map((shard) => {
      const fleet = home.shards[shard] as Fleet;
      return crawlShard({ ...shared, fleet, stopped: () => isStopped, onError });
    }),
  );
  clearInterval(telling);
  for (const redis of connectionsOf(home)) redis.disconnect();
  await new Promise((resolve) => process.send?.(work, resolve));
  process.exit();
}

if (import.meta.main) await drive(JSON.parse(process.argv[2] ?? '') as DriverOrders);
