// One run of drover bench again, measured at the server and at drover, and the changes between two runs.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledDrover } from '../../test/support/project/bundle.ts';
import { runProgram, watchServer } from '../measure/measure.ts';
import type { NginxSite } from '../rivals/nginx.ts';
import type { AgainRun, Planted } from './report.ts';

/** Crawls, and compares the run with the one before it unless nothing is expected. */
export async function crawlOnce({
  site,
  place,
  title,
  args,
  expected,
}: {
  site: NginxSite;
  /** Redis and data directory, as options. */
  place: readonly string[];
  title: string;
  args: readonly string[];
  expected: Planted | null;
}): Promise<AgainRun> {
  const drover = bundledDrover();
  const crawl = [drover, 'crawl', ...args, ...place, '--quiet', '--json'];
  const { result, log } = await watchServer(site, () => runProgram(crawl));
  const id: string = JSON.parse(result.stdout).counts.crawl;
  const status = await runProgram([drover, 'status', id, '--json', ...place]);
  const { recorded, unchanged, notDue } = JSON.parse(status.stdout);
  const served = log.filter(({ path }) => path !== '/robots.txt');
  const statuses: Record<number, number> = {};
  for (const { status: each } of served) statuses[each] = (statuses[each] ?? 0) + 1;
  return {
    ...{ title, recorded, unchanged, notDue, statuses, expected },
    seconds: result.wallSeconds,
    cpuSeconds: result.usage.cpuSeconds,
    bytes: served.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    found: expected ? await changesOf([drover, 'changes', id, '--no-diff', '--json', ...place]) : null,
  };
}

async function changesOf(command: readonly string[]): Promise<Planted> {
  const { stdout } = await runProgram(command);
  const answer = JSON.parse(stdout);
  const paths = (kind: string) =>
    answer[kind].map(({ url }: { url: string }) => new URL(url).pathname).toSorted();
  const others = [...paths('back'), ...paths('unknown')];
  return { new: paths('new'), changed: [...paths('changed'), ...others], gone: paths('gone') };
}

/**
 * Changes about half of so many pages, adds a page to every other of these, and deletes as many. Pages
 * without children alone are changed, so that nothing else goes with them.
 */
export async function plant(site: NginxSite, pages: number, count: number): Promise<Planted> {
  const fresh = Math.floor(count / 4);
  const gone = Math.floor(count / 4);
  const changed = count - fresh - gone;
  const file = (path: string) => join(site.pagesIn, path);
  const leaf = (index: number) => `/p/${pages - 1 - index * 7}`;
  const planted: Planted = { new: [], changed: [], gone: [] };
  for (let index = 0; index < changed; index++) {
    const path = leaf(index);
    const link = `/p/new-${index}`;
    const hasLink = index < fresh;
    const text = await readFile(file(path), 'utf8');
    const more = hasLink ? `<a href="${link}">new</a>` : '<p>This has been added.</p>';
    await writeFile(file(path), text.replace('</body>', `${more}</body>`));
    planted.changed.push(path);
    if (!hasLink) continue;
    await writeFile(file(link), '<!doctype html><title>New</title><body><p>A new page.</p></body>');
    planted.new.push(link);
  }
  for (let index = changed; index < changed + gone; index++) {
    await rm(file(leaf(index)));
    planted.gone.push(leaf(index));
  }
  for (const list of Object.values(planted)) list.sort();
  return planted;
}
