// The floors of the house and the rooms on each, for the tests that hold imports, includes and keys to them.

/**
 * Imports point from a floor to a lower one, or stay within a room; never to another room of the same floor.
 * Imports of types count too. src/errors.ts is the ground that every room, src/url included, stands on; it
 * and its table are one room, and so are src/redis, src/redis.ts, src/scripts.ts (what runs the Lua) and
 * src/fleet.ts.
 * Lua stands on the same floors: src/politeness/lua is of the room src/politeness.
 */
const floors: Record<number, string[]> = {
  13: ['cli', 'src/index.ts'],
  12: ['producers', 'consumers'],
  11: ['src/client'],
  10: ['src/api'],
  9: [
    'src/reshard',
    'src/explain',
    'src/report',
    'src/changes',
    'src/forget',
    'src/compare',
    'src/schedules',
  ],
  8: ['src/backup', 'src/seeds', 'src/dead', 'src/webhooks', 'src/handlers'],
  7: ['src/crawl'],
  6: ['src/fleet', 'src/cookies', 'src/sessions'],
  5: ['src/frontier', 'src/warc'],
  4: ['src/politeness', 'src/robots', 'src/queue', 'src/page', 'src/sitemap', 'src/records', 'src/render'],
  3: ['src/fetch', 'src/redis', 'src/log.ts', 'src/record.ts', 'src/embedded'],
  2: ['src/request.ts', 'src/config', 'src/outcome.ts'],
  1: [
    'src/url',
    'src/identity',
    'src/usage',
    'src/markup',
    'src/metrics.ts',
    'src/csv.ts',
    'src/keys.ts',
    'src/lua',
  ],
  0: [
    ...[
      'src/errors.ts',
      'src/redact.ts',
      'src/any-case.ts',
      'src/own-stack.ts',
      'src/printable.ts',
      'src/nearest.ts',
    ],
  ],
};
const sameRoom: Record<string, string> = {
  'src/redis.ts': 'src/redis',
  'src/scripts.ts': 'src/redis',
  'src/fleet.ts': 'src/redis',
  'src/errors-table.ts': 'src/errors.ts',
  'src/program.ts': 'src/index.ts',
};

interface Place {
  floor: number;
  room: string;
}

/** Null for a file without a floor. */
export function placeOf(path: string): Place | null {
  for (const [floor, rooms] of Object.entries(floors)) {
    const at = sameRoom[path] ?? path;
    const room = rooms.find((candidate) => at === candidate || at.startsWith(`${candidate}/`));
    if (room) return { floor: Number(floor), room };
  }
  return null;
}

/** Whether the first file may know of the second: of its own room, or of one on a lower floor. */
export function mayKnow(from: string, to: string): boolean {
  const [here, there] = [placeOf(from), placeOf(to)];
  return !here || !there || here.room === there.room || there.floor < here.floor;
}
