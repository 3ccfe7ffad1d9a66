// A program, not a test: crawls through Sentinels and in a Cluster, whose primary is killed with SIGKILL, or
// switched by hand, three times each. It prints the figures.
// node test/chaos/failovers.ts [sentinels|cluster] [pages a host] [hosts]
import { crawlThrough } from '../support/redis-servers/crawl-through.ts';
import { startCluster, startSentinels } from '../support/redis-servers/servers.ts';

const [which = 'both', pages = '199', hosts = '40'] = process.argv.slice(2);
const courses = [
  { by: 'kill', flags: [] },
  { by: 'kill', flags: ['--durability', 'replica'] },
  { by: 'switch', flags: [] },
] as const;
const kinds = { sentinels: startSentinels, cluster: startCluster };
for (const [kind, start] of Object.entries(kinds)) {
  if (which !== 'both' && which !== kind) continue;
  for (const { by, flags } of courses) {
    const servers = await start();
    try {
      const course = await crawlThrough(servers, {
        ...{ pages: Number(pages), hosts: Number(hosts), latencyMs: 150, kills: 3, by },
        flags: ['--per-host', '2', ...flags],
      });
      const { seconds, heldUpMs, twice } = course;
      const held = heldUpMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ');
      process.stdout.write(
        `${kind}, ${by} ${flags.join(' ')}: ${(Number(pages) + 1) * Number(hosts)} pages in ${seconds.toFixed(1)} s, held up ${held}; fetched twice: ${twice}\n`,
      );
    } finally {
      await servers.stop();
    }
  }
}
process.exit();
