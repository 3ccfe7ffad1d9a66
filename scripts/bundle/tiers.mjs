// Which modules of the bundle share a file. Left to itself, the bundler makes one for each set of commands
// that share a module: a crawl would read 157 files before its first page, and Node takes 0.4 ms for each. So
// what the most used commands need stands in a few files, one on top of the other.
import { join } from 'node:path';

/**
 * The sources that a tier begins with. It holds all that they import, but for what the tiers before it hold.
 * Who uses any of it reads all of it, so a tier is what nearly all its users need.
 */
const tiers = {
  start: ['cli/main'],
  look: ['cli/status', 'src/config/parse', 'src/embedded/embedded-redis'],
  read: ['cli/results'],
  offer: ['cli/enqueue'],
  fetch: ['cli/crawl', 'cli/consume'],
};

/** `alone`: the id of a module that has a file of its own. */
export function tiersOfModules(root, alone) {
  const tierOf = new Map();
  return {
    name: 'tiers-of-modules',
    buildEnd(error) {
      if (error) return;
      for (const [tier, entries] of Object.entries(tiers))
        for (const entry of entries) place(this, join(root, `${entry}.ts`), tier);
    },
    outputOptions(options) {
      const groups = [
        { name: 'place', test: (id) => id === alone, priority: 1 },
        { name: (id) => tierOf.get(id) ?? null },
      ];
      return { ...options, codeSplitting: { groups, includeDependenciesRecursively: false } };
    },
  };

  function place(context, first, tier) {
    const waiting = [first];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (tierOf.has(id) || id === alone) continue;
      const info = context.getModuleInfo(id);
      if (info === null || info.isExternal) continue;
      tierOf.set(id, tier);
      waiting.push(...info.importedIds);
    }
  }
}
