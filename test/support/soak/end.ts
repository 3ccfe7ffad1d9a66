// What must be true of a crawl that has ended, as its user sees it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrawlCounts } from '../../../src/crawl/progress.ts';
import type { CrawlRecord } from '../../../src/record.ts';
import { assertAddsUp, type CommandRunner } from '../crawls.ts';
import type { WovenSite } from './woven-site.ts';

/** The codes of the dead that the site makes. */
const DEADLY: readonly string[] = ['E_HTTP_DEAD_STATUS', 'E_HTTP_5XX'];

interface Letter {
  code: string;
  url: string;
}

export async function deadOf(runner: CommandRunner, name: string): Promise<Letter[]> {
  const out = await mustRun(runner, ['dead', 'list', name, '--json', '--limit', '10000']);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Runs a command as a user does, who tries again while Redis is away. */
export async function mustRun(runner: CommandRunner, args: readonly string[]): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { code, stdout, stderr } = await runner.run(args);
    if (code === 0) return stdout;
    if (code !== 3 || attempt === 10) throw new Error(`${args.join(' ')}: ${code}\n${stderr}`);
    await sleep(1000);
  }
}

/** What is wrong with a crawl that has ended; null if nothing. `lists`: whether to list its dead letters. */
export async function lookAtEnd(
  runner: CommandRunner,
  name: string,
  site: WovenSite,
  lists: boolean,
): Promise<({ what: string } & Record<string, unknown>) | null> {
  const counts = JSON.parse(await mustRun(runner, ['status', name, '--json'])) as CrawlCounts;
  const records = (await mustRun(runner, ['results', name]))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Pick<CrawlRecord, 'url' | 'error'>);
  const urls = records.map(({ url }) => url);
  const found = new Set(urls);
  const dead = records.filter(({ error }) => error && DEADLY.includes(error.code)).map(({ url }) => url);
  const letters = lists ? (await deadOf(runner, name)).map(({ url }) => url) : dead;
  const story = (list: string[]) =>
    list.slice(0, 10).map((url) => ({ url, answers: site.answers.get(url) ?? [] }));
  const expected = new Set([...site.recorded, ...site.dead, ...site.refused]); // these have records too
  const lost = [...expected].filter((url) => !found.has(url));
  if (lost.length > 0) return { what: `${lost.length} pages are lost`, lost: story(lost), counts };
  const doubled = urls.filter((url, index) => urls.indexOf(url) !== index);
  if (doubled.length > 0) return { what: `${doubled.length} pages twice`, doubled: story(doubled), counts };
  const odd = urls.filter((url) => !expected.has(url));
  if (odd.length > 0) return { what: `${odd.length} records that nobody expects`, odd: story(odd), counts };
  const right = [...site.dead].toSorted().join();
  if (dead.toSorted().join() !== right || letters.toSorted().join() !== right)
    return { what: 'other dead letters than expected', dead, letters, expected: right, counts };
  try {
    assertAddsUp(counts);
  } catch (error) {
    return { what: `the counters do not add up: ${(error as Error).message}`, counts };
  }
  const { state, recorded, dead: deadCount, refused, waiting } = counts;
  const figures = [state, recorded, deadCount, refused, waiting].join();
  const expectedFigures = ['finished', site.recorded.size, site.dead.size, site.refused.size, 0].join();
  if (figures !== expectedFigures)
    return { what: `the counters are ${figures} instead of ${expectedFigures}`, counts };
  return null;
}
