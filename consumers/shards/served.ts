// Which shards a consumer serves (--shard).
import { DroverError } from '../../src/errors.ts';

/** All of `shards`, unless some were asked for. Throws E_SETTING for one that is not there. */
export function servedShards(asked: readonly number[] | null, shards: number): number[] {
  if (asked === null) return Array.from({ length: shards }, (_, shard) => shard);
  const missing = asked.find((shard) => shard >= shards);
  if (missing === undefined) return [...asked];
  const there = shards === 1 ? 'there is shard 0 alone' : `there are shards 0 to ${shards - 1}`;
  throw new DroverError('E_SETTING', `--shard: there is no shard ${missing}; ${there}.`);
}
