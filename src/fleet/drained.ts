// Whether consumers take no jobs, because an operator has drained the fleet (drover drain).
import type { Fleet } from '../fleet.ts';

export async function isDrained({ redis, keys }: Fleet): Promise<boolean> {
  return (await redis.hexists(keys.queueState, 'paused')) === 1;
}
