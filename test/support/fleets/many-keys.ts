// Keys of a namespace with a sum, for tests of backups.
import type { Fleet } from '../../../src/fleet.ts';

/** A fleet whose keys have a sum that each step keeps, as a stand-in for what scripts keep of a frontier. */
export async function fillKeys(fleet: Fleet, count: number): Promise<void> {
  const fill = `for i = 0, ARGV[1] - 1 do redis.call('HSET', KEYS[1] .. i, 'n', 100, 'rest', string.rep('x', 200)) end`;
  await fleet.redis.call('EVAL', fill, '1', `${fleet.namespace}:c:x:s:`, String(count));
  await fleet.redis.set(fleet.keys.format, '2');
}

/** The sum, which is 100 times their number. */
export const sumOf = async ({ redis, namespace }: Fleet, count: number) => {
  const add = `local sum = 0; for i = 0, ARGV[1] - 1 do sum = sum + redis.call('HGET', KEYS[1] .. i, 'n') end; return sum`;
  return redis.call('EVAL', add, '1', `${namespace}:c:x:s:`, String(count));
};
