// drover doctor --acl: the lines that an administrator of Redis gives.
import type { Settings } from '../../src/config/settings.ts';
import { namespaceOf } from '../../src/keys.ts';
import { parseRedisAddress } from '../../src/redis/address.ts';
import { aclLine, sentinelAclLine } from '../../src/redis/rights.ts';

/** For the user of the address, or one of the name drover. PASSWORD stands for a password of your own. */
export function aclLines({ redisUrl, namespace }: Settings): string[] {
  const place = redisUrl === null ? null : parseRedisAddress(redisUrl);
  const lines = [aclLine(place?.username ?? 'drover', namespaceOf(namespace))];
  if (place?.through?.kind !== 'sentinel') return lines;
  return [...lines, '# at each Sentinel', sentinelAclLine(place.through.username ?? 'drover')];
}
