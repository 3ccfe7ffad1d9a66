// drover restore: brings a backup into the namespace of a Redis.
import { restoreBackup } from '../../src/backup/restore.ts';
import { isDrained } from '../../src/fleet/drained.ts';
import { closeFleet, connectChecked, openFleet } from '../../src/fleet/format.ts';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { checkRedis } from '../../src/redis/check.ts';
import { EXIT } from '../command/failures.ts';
import { endOnSignals } from '../command/interrupt.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { connectPlace } from '../command/session.ts';
import { count, durationText } from '../terminal/figures.ts';
import { backupPlace } from './backup.ts';
import type { RestoreOptions } from './options.ts';

/** Resolves with the exit code. Throws what restoreBackup throws, and E_SETTING. */
export async function run([given = '']: string[], options: RestoreOptions): Promise<number> {
  endOnSignals();
  const place = await backupPlace(given);
  const { settings, address, redis, close } = await connectPlace(options.settings);
  const opened: Fleet[] = [];
  try {
    const namespace = namespaceOf(settings.namespace);
    // Not opened as a fleet: one whose restore was cut off cannot be.
    await checkRedis(redis, namespace);
    const { header, keys, tookMs } = await restoreBackup(fleetOf(redis, namespace), place, {
      ...{ force: options.force, shards: settings.shards },
      async withShards(shards) {
        const fleet = await connectChecked(redis, { address: { ...address, shards }, role: 'script' });
        opened.push(fleet);
        return fleet;
      },
    });
    const restored = await openFleet(redis, { address, role: 'script', shards: settings.shards }); // a backup of a former version is upgraded
    opened.push(restored);
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ...header, keys, tookMs: Math.round(tookMs) })}\n`);
    else
      process.stderr.write(
        `${count(keys)} keys of ${header.namespace}${header.shards ? ` (${header.shards} shards)` : ''} as of ${header.at} are in ${namespace} (${durationText(tookMs)})\n`,
      );
    if (!options.json && (await isDrained(restored)))
      process.stderr.write(`it was drained, and still is: no jobs are taken until ${OWN_COMMAND} resume\n`);
    return EXIT.recorded;
  } finally {
    for (const fleet of opened) closeFleet(fleet);
    await close();
  }
}
