// Changes as JSON and as CSV.
import { csvLine } from '../csv.ts';
import { type Change, everyChangeKind, type PageState } from './kinds.ts';
import type { RunChanges } from './of-runs.ts';

/**
 * The JSON in pieces: the runs and counts, then a list for each kind. `most`: at most so many changes of a
 * kind; `counts` always counts all.
 */
export function* changesAsJson(changes: RunChanges, most = Number.POSITIVE_INFINITY): Generator<string> {
  const { from, to, generatedAt, notes, counts, kinds } = changes;
  yield JSON.stringify({ from, to, generatedAt, notes, counts }).slice(0, -1);
  for (const kind of everyChangeKind) {
    if (!kinds.includes(kind)) continue;
    yield `,\n${JSON.stringify(kind)}:[`;
    let given = 0;
    for (const change of changes.list(kind)) {
      if (given === most) break;
      yield `${given++ === 0 ? '\n' : ',\n'}${JSON.stringify(change)}`;
    }
    yield ']';
  }
  yield '}\n';
}

const columns = [
  ...['kind', 'url', 'fields', 'fromStatus', 'toStatus', 'fromCode', 'toCode', 'fromTitle', 'toTitle'],
  ...['fromFinalUrl', 'toFinalUrl', 'fromBytes', 'toBytes', 'text', 'added', 'removed', 'diff', 'lastIn'],
];

/** CSV: a line for each change. */
export function* changesAsCsv(changes: RunChanges): Generator<string> {
  yield csvLine(columns);
  for (const kind of changes.kinds)
    for (const change of changes.list(kind)) yield csvLine([kind, ...cells(change)]);
}

function cells({
  url,
  fields = [],
  from,
  to,
  text,
  diff,
  lines,
  lastIn,
}: Change): (string | number | null)[] {
  const both = (field: keyof PageState) => [from?.[field] ?? null, to?.[field] ?? null];
  return [
    ...[url, fields.join(' '), ...both('status'), ...both('code'), ...both('title'), ...both('finalUrl')],
    ...[...both('bytes'), text ?? null, lines?.added ?? null, lines?.removed ?? null],
    ...[diff ?? null, lastIn ?? null],
  ];
}
