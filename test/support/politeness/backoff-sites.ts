// Sites and lists for the tests of what hosts' answers do to them.
import { writeFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import type { CommandRunner } from '../crawls.ts';
import { type LogEntry, type Site, type SiteOptions, startSite } from '../site/site.ts';

/** Options of a crawl of a list, under the name c. */
export const listOptions = ['--depth', '0', '--quiet', '--crawl', 'c', '--ignore-robots'];
/** A site that stops when the test ends. */
export async function openSite(context: TestContext, options: Partial<SiteOptions> = {}): Promise<Site> {
  const site = await startSite({ pages: 1000, bytes: 500, linksPerPage: 1, latencyMs: 5, ...options });
  context.after(() => site.stop());
  return site;
}

/** Writes the first `count` pages of each site into a list; answers its path. */
export async function writeList(
  runner: CommandRunner,
  urls: readonly string[],
  count: number,
): Promise<string> {
  const lines = Array.from({ length: count }, (_, page) => urls.map((url) => `${url}/p/${page}\n`));
  await writeFile(runner.path('list.txt'), lines.flat().join(''));
  return runner.path('list.txt');
}

/** What the log holds of the site's host of this number, in the order of the starts. */
export const ofHost = (log: readonly LogEntry[], index: number) =>
  log.filter(({ host }) => host.startsWith(`127.0.0.${index + 1}:`)).toSorted((a, b) => a.start - b.start);
