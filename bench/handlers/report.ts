// The figures of the benchmark of handlers: medians over the rounds. Parts are compared within a round, so
// that other work of the machine affects both alike.
import { inColumns } from '../measure/columns.ts';
import type { Sample } from '../measure/measure.ts';
import { figuresOf, median } from '../speed/figures.ts';
import type { Budget } from '../speed/report.ts';

export type PartName = 'crawl' | 'nothing' | 'query' | 'own' | 'cheerio' | 'crawlee';
export type Round = Partial<Record<PartName, Sample>>;

const titles: Record<PartName, string> = {
  crawl: 'drover crawl',
  nothing: 'with a handler that does nothing',
  query: 'with a handler that uses $',
  own: 'with a handler that calls cheerio itself',
  cheerio: 'cheerio alone',
  crawlee: 'Crawlee, CheerioCrawler',
};

/** CPU seconds for 1,000 pages, of the program and its Redis. */
function cpuOf({ process, redis, pages }: Sample): number {
  return (process.cpuSeconds + (redis?.cpuSeconds ?? 0)) / (pages / 1000);
}

/** The median of a figure over the rounds that have all these parts; null if none has. */
function overRounds<Name extends PartName>(
  rounds: readonly Round[],
  names: readonly Name[],
  figure: (samples: Record<Name, Sample>) => number,
): number | null {
  const full = rounds.filter((round) => names.every((name) => round[name]));
  const values = full.map((round) => figure(round as Record<Name, Sample>));
  return values.length > 0 ? median(values) : null;
}

/** The budgets for which there are figures. */
export function budgetsOf(rounds: readonly Round[]): Budget[] {
  const budgets: Budget[] = [];
  const nothing = overRounds(
    rounds,
    ['crawl', 'nothing'],
    (round) => 100 * (cpuOf(round.nothing) / cpuOf(round.crawl) - 1),
  );
  if (nothing !== null)
    budgets.push({
      ...{ what: 'CPU of a handler that does nothing, of that of the crawl', budget: '≤ 3 %' },
      ...{ measured: `${nothing.toFixed(1)} %`, met: nothing <= 3 },
    });
  const query = overRounds(rounds, ['query', 'own'], (round) => cpuOf(round.query) / cpuOf(round.own));
  if (query !== null)
    budgets.push({
      ...{ what: 'CPU of the crawl that uses $, of one that calls cheerio itself', budget: '≤ 1.03 ×' },
      ...{ measured: `${query.toFixed(2)} ×`, met: query <= 1.03 },
    });
  const faster = overRounds(rounds, ['query', 'crawlee'], ({ query: ours, crawlee }) => {
    return ours.pages / ours.seconds / (crawlee.pages / crawlee.seconds);
  });
  if (faster !== null)
    budgets.push({
      ...{ what: 'pages/s of the crawl that uses $, of those of Crawlee', budget: '≥ 5 ×' },
      ...{ measured: `${faster.toFixed(1)} ×`, met: faster >= 5 },
    });
  return budgets;
}

/** The report as text: a table of parts and the budgets. */
export function report(rounds: readonly Round[]): string {
  const head = ['', 'pages/s', 'wall', 'CPU s per 1,000: program', 'Redis', 'peak MB', 'CPUs of others'];
  const names = (Object.keys(titles) as PartName[]).filter((name) => rounds[0]?.[name]);
  const rows = names.map((name) => {
    const part = figuresOf(rounds.flatMap((round) => round[name] ?? []));
    const { cpu, peakBytes } = part;
    return [
      titles[name],
      part.pagesPerSecond.toFixed(0),
      `${part.wallSeconds.toFixed(2)} s`,
      ...[cpu.process.toFixed(3), cpu.redis?.toFixed(3) ?? '–'],
      ...[(peakBytes.process / 1e6).toFixed(0), part.otherCpus.toFixed(2)],
    ];
  });
  const budgets = budgetsOf(rounds).map(({ what, measured, budget, met }) => [
    what,
    measured,
    budget,
    met ? 'met' : 'MISSED',
  ]);
  const texts = [inColumns([head, ...rows])];
  if (budgets.length > 0) texts.push(inColumns([['budget', 'measured', 'allowed', ''], ...budgets]));
  return `${texts.join('\n\n')}\n`;
}
