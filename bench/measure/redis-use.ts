// A Redis for one measurement, and its usage: CPU, memory, calls.
import { Redis } from 'ioredis';
import { startTestRedis, type TestRedis } from '../../test/support/redis.ts';
import { type Usage, usageOf } from './process-use.ts';

export interface RedisUse extends Usage {
  /** Reads from the sockets of clients. Several commands that are sent together need one read. */
  reads: number;
  /** The number of calls by command, including the calls that scripts make. */
  calls: Record<string, number>;
}

/**
 * Runs `work` with a Redis of its own, configured like the embedded one. `prepare` runs before, and is not
 * measured.
 */
export async function watchRedis<T>(
  work: (redis: TestRedis) => Promise<T>,
  prepare: (redis: TestRedis) => Promise<unknown> = async () => {},
): Promise<{ result: T; redis: RedisUse }> {
  const redis = await startTestRedis();
  const client = new Redis({ path: redis.url.replace('unix:', '') });
  try {
    await prepare(redis);
    const before = { ...usageOf(redis.pid), ...(await callsOf(client)) };
    const result = await work(redis);
    const after = { ...usageOf(redis.pid), ...(await callsOf(client)) };
    const calls = Object.entries(after.calls).map(
      ([name, n]) => [name, n - (before.calls[name] ?? 0)] as const,
    );
    const use = {
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakBytes: after.peakBytes,
      reads: after.reads - before.reads,
      calls: Object.fromEntries(calls.filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1])),
    };
    return { result, redis: use };
  } finally {
    client.disconnect();
    await redis.stop();
  }
}

/** Asks a Redis at a socket for the bytes that its data take (`used_memory`). */
export async function withUsedMemory<T>(
  path: string,
  work: (used: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const client = new Redis({ path });
  try {
    return await work(async () => Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1] ?? 0));
  } finally {
    client.disconnect();
  }
}

async function callsOf(client: Redis): Promise<Pick<RedisUse, 'reads' | 'calls'>> {
  const [stats, commands] = [await client.info('stats'), await client.info('commandstats')];
  const calls = [...commands.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, n]) => [
    name,
    Number(n),
  ]);
  return {
    reads: Number(/^total_reads_processed:(\d+)/m.exec(stats)?.[1] ?? 0),
    calls: Object.fromEntries(calls),
  };
}
