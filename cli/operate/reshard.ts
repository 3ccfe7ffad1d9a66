// drover reshard: spreads a namespace at rest over another number of shards.
import { parseSetting } from '../../src/config/parse.ts';
import { DroverError } from '../../src/errors.ts';
import { closeFleet, connectChecked, openFleet } from '../../src/fleet/format.ts';
import { type Fleet, fleetOf } from '../../src/fleet.ts';
import { namespaceOf } from '../../src/keys.ts';
import { checkRedis } from '../../src/redis/check.ts';
import { readReshard, reshard } from '../../src/reshard/reshard.ts';
import { EXIT } from '../command/failures.ts';
import { endOnSignals } from '../command/interrupt.ts';
import { connectPlace } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { reshardProgress, reshardSummary } from '../terminal/reshard-lines.ts';

/** Resolves with the exit code. Throws what reshard throws, E_SETTING, E_RESHARDING for another number. */
export async function run([given = '']: string[], options: LookOptions): Promise<number> {
  endOnSignals();
  const to = parseSetting('shards', given, 'reshard') as number;
  const { settings, address, redis, close } = await connectPlace(options.settings);
  const opened: Fleet[] = [];
  try {
    const namespace = namespaceOf(settings.namespace);
    // Not opened as a fleet: one whose resharding was cut off cannot be.
    await checkRedis(redis, namespace);
    const cutOff = await readReshard(fleetOf(redis, namespace));
    if (cutOff !== null && cutOff.to !== to)
      throw new DroverError('E_RESHARDING', `It was to have ${cutOff.to} shards: give ${cutOff.to} first.`);
    let from = cutOff?.from ?? 0;
    if (cutOff === null) {
      const fleet = await openFleet(redis, { address, role: 'script', shards: null });
      opened.push(fleet);
      from = fleet.shards.length;
    }
    const wide = { address: { ...address, shards: Math.max(from, to) }, role: 'script' } as const;
    const fleet = await connectChecked(redis, wide);
    opened.push(fleet);
    const isSame = from === to && cutOff === null;
    const done = isSame
      ? { from, to, crawls: 0, moved: 0, tookMs: 0 }
      : await reshard({ fleet, from, to, onProgress: reshardProgress(options.json) });
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ...done, tookMs: Math.round(done.tookMs) })}\n`);
    else process.stderr.write(isSame ? `${namespace} has ${to} already\n` : `${reshardSummary(done)}\n`);
    return EXIT.recorded;
  } finally {
    for (const fleet of opened) closeFleet(fleet);
    await close();
  }
}
