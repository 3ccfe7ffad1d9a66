// What the backoff benchmark prints: a table for each kind of measurement, with what was wanted and whether
// it was met.
import { inColumns } from '../measure/columns.ts';
import type { Crawled } from './crawl.ts';
import type { SlowedFigures } from './figures.ts';
import type { NamedFigures } from './fleet.ts';
import { mostOwnRetryMs, type Scene } from './sites.ts';

/** One site, crawled without its faults and with them. */
export interface Pair {
  scene: Scene;
  plain: Crawled;
  faulty: Crawled;
}

export interface Report {
  text: string;
  good: boolean;
}

const NOTHING: Report = { text: '', good: true };
/** In the second after the change was felt, a host may still be asked so often. */
const MOST_STARTS_SLOWED = 20;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

export function pairsReport(pairs: readonly Pair[]): Report {
  if (pairs.length === 0) return NOTHING;
  const head = [
    ...['site', 'without faults', 'with', 'named pauses', 'own retries', 'requests', 'in pauses', 'missing'],
    ...['wanted', ''],
  ];
  const lines = [...Map.groupBy(pairs, ({ scene }) => scene.name).values()].map(lineOf);
  const text = inColumns([head, ...lines.map(({ cells }) => cells)]);
  const notes = [
    'named pauses: of the host with most. own retries: from the first failure of a URL to its last start, of the URL with the longest.',
    'wanted: so many times the crawl without faults; and the named pauses; and what --backoff and --attempts make of a URL that fails last.',
  ];
  return { text: [text, ...notes].join('\n'), good: lines.every(({ good }) => good) };
}

function lineOf(pairs: readonly Pair[]): { cells: string[]; good: boolean } {
  const scene = pairs[0]?.scene as Scene;
  const of = (figure: (pair: Pair) => number) => median(pairs.map(figure));
  const [plain, faulty] = [of((pair) => pair.plain.seconds), of((pair) => pair.faulty.seconds)];
  const [paused, retried] = [
    of((pair) => pair.faulty.namedPauseSeconds),
    of((pair) => pair.faulty.ownRetrySeconds),
  ];
  const ownRetries = mostOwnRetryMs(scene) / 1000;
  const most = scene.mostSeconds ?? plain * (scene.mostTimes ?? 1) + paused + ownRetries;
  const inPauses = Math.max(...pairs.map((pair) => pair.faulty.startsInPauses));
  const missing = Math.max(...pairs.map((pair) => pair.faulty.missing));
  const isCut = pairs.some((pair) => pair.faulty.isCut);
  const good = faulty <= most && inPauses === 0 && missing === 0 && !isCut;
  const wanted = scene.mostSeconds === undefined ? ` (${scene.mostTimes} ×)` : '';
  return {
    good,
    cells: [
      ...[scene.name, seconds(plain), `${isCut ? 'over ' : ''}${seconds(faulty)}`, seconds(paused)],
      ...[seconds(retried), String(of((pair) => pair.faulty.requests)), String(inPauses), String(missing)],
      ...[`${seconds(most)}${wanted}`, good ? 'met' : 'MISSED'],
    ],
  };
}

const seconds = (value: number) => `${value.toFixed(1)} s`;

export function slowedReport(slowed: readonly { name: string; figures: SlowedFigures }[]): Report {
  if (slowed.length === 0) return NOTHING;
  const head = ['two consumers at a host', 'starts/s before', 'in the seconds after', 'wanted', ''];
  let good = true;
  const rows = slowed.map(({ name, figures: { before, after } }) => {
    const isSlowed = after.slice(1).every((starts) => starts <= MOST_STARTS_SLOWED);
    good &&= isSlowed;
    const wanted = `at most ${MOST_STARTS_SLOWED} from the second second on`;
    return [name, String(before), after.join(', '), wanted, isSlowed ? 'met' : 'MISSED'];
  });
  return { text: inColumns([head, ...rows]), good };
}

export function namedReport(named: readonly NamedFigures[]): Report {
  if (named.length === 0) return NOTHING;
  const head = [
    'a host that answers now and then',
    'pauses',
    'starts in them',
    'last after',
    'not fetched',
    '',
  ];
  let good = true;
  const rows = named.map(({ name, pauses, startsInPauses, knownAfterMs, failed }) => {
    const isKept = startsInPauses === 0 && failed === 0;
    good &&= isKept;
    const cells = [
      name,
      String(pauses),
      String(startsInPauses),
      `${knownAfterMs.toFixed(1)} ms`,
      String(failed),
    ];
    return [...cells, isKept ? 'met' : 'MISSED'];
  });
  return { text: inColumns([head, ...rows]), good };
}
