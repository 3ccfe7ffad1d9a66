// drover dead purge: deletes dead letters for good after exporting them.
import { purgeMatching } from '../../src/dead/purge.ts';
import { purgedDirectory } from '../../src/dead/retention.ts';
import { EXIT } from '../command/failures.ts';
import { counted } from '../terminal/figures.ts';
import { deadFilter, requireChoice } from './filter.ts';
import type { PurgeOptions } from './options.ts';
import { withDead } from './session.ts';

/** Resolves with the exit code. Throws E_CRAWL_UNKNOWN, E_USAGE, E_SETTING, E_FILE, E_DISK_FULL. */
export async function run(args: string[], options: PurgeOptions): Promise<number> {
  requireChoice(args, options, 'purge');
  return withDead(options.settings, async (session, shards) => {
    const { settings } = session;
    const filter = await deadFilter(session, shards, args[0], options);
    const unexported = !options.export || settings.purgeUnexported;
    const directory = unexported ? null : purgedDirectory(settings.dataDir);
    const purge = await purgeMatching(shards, filter, directory);
    const where = purge.exportedTo ? `; exported to ${purge.exportedTo}` : '';
    if (options.json) process.stdout.write(`${JSON.stringify(purge)}\n`);
    else process.stderr.write(`${counted(purge.purged, 'dead letter')} purged${where}\n`);
    return EXIT.recorded;
  });
}
