// The warning of fleet and status that a shard has requests and no consumer.
import type { FleetMember } from '../../src/fleet/members.ts';
import { readUnserved, unservedText } from '../../src/fleet/unserved.ts';
import type { Fleet } from '../../src/fleet.ts';

/** Prints nothing when all is well. `members`: as they are now. */
export async function warnOfUnserved(fleet: Fleet, members?: readonly FleetMember[]): Promise<void> {
  const text = unservedText(await readUnserved(fleet, members));
  if (text !== '') process.stderr.write(`warning: ${text}: see --shard\n`);
}
