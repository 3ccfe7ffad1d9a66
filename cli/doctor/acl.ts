// drover doctor --acl: the lines that an administrator of Redis gives.
import type { Settings } from '../../src/config/settings.ts';
import { namespaceOf } from '../../src/keys.ts';
import { parseRedisAddress } from '../../src/redis/address.ts';
import { aclLine, sentinelAclLine } from '../../src/redis/rights.ts';

/**
 * For the user of the address, or one of the name drover. PASSWORD stands for a password of your own.
 * `shards`: how many the fleet has.
 */
export function aclLines({ redisUrl, namespace }: Settings, shards: number): string[] {
  const place = redisUrl === null ? null : parseRedisAddress(redisUrl);
  const user = place?.username ?? 'drover';
  const lines = [
    aclLine(user, namespaceOf(namespace), shards),
    '# with drover backup, restore and reshard besides',
    aclLine(user, namespaceOf(namespace), shards, true),
  ];
  if (place?.through?.kind !== 'sentinel') return lines;
  return [...lines, '# at each Sentinel', sentinelAclLine(place.through.username ?? 'drover')];
}
