// The report as JSON and as CSV.
import { csvLine } from '../csv.ts';
import { everyKind, type Finding, faultsOf, kinds, type SiteReport } from './kinds.ts';

/**
 * The JSON of the report in pieces. `most`: at most so many findings of a kind, and pages of a finding;
 * `counts` always counts all.
 */
export function* reportAsJson(report: SiteReport, most = Number.POSITIVE_INFINITY): Generator<string> {
  const { findings, ...head } = report;
  const counts = Object.fromEntries(everyKind.map((kind) => [kind, findings[kind].length]));
  const faults = Object.fromEntries(everyKind.map((kind) => [kind, faultsOf(report, kind)]));
  yield JSON.stringify({ ...head, counts, faults }).slice(0, -1);
  for (const kind of everyKind) {
    yield `,\n${JSON.stringify(kind)}:[`;
    let first = true;
    for (const finding of findings[kind].slice(0, most)) {
      yield `${first ? '' : ',\n'}${JSON.stringify(cut(finding, most))}`;
      first = false;
    }
    yield ']';
  }
  yield '}\n';
}

function cut(finding: Finding, most: number): Finding {
  const { from, urls, fromLeftOut = 0 } = finding;
  if (Math.max(from?.length ?? 0, urls?.length ?? 0) <= most) return finding;
  const more = (from?.length ?? 0) - most + fromLeftOut;
  return {
    ...finding,
    ...(from ? { from: from.slice(0, most), fromLeftOut: Math.max(0, more) } : {}),
    ...(urls ? { urls: urls.slice(0, most) } : {}),
  };
}

const columns = ['kind', 'number', 'url', 'status', 'code', 'detail', 'from'];

/** CSV: a line for each page that links to a finding, and for each page of a group, which share a number. */
export function* reportAsCsv({ findings }: SiteReport): Generator<string> {
  yield csvLine(columns);
  for (const kind of everyKind)
    for (const [index, finding] of findings[kind].entries()) {
      const head = [kinds[kind].failOn, index + 1];
      const { status = null, code = null } = finding;
      const detail = findingDetail(finding);
      for (const url of finding.urls ?? [finding.url ?? ''])
        for (const from of finding.from?.length ? finding.from : [null])
          yield csvLine([...head, url, status, code, detail, from]);
    }
}

/** What else there is to say of a finding, in one text; null for nothing. */
export function findingDetail(finding: Finding): string | null {
  const {
    type,
    hops = [],
    finalUrl,
    firstByteMs,
    bytes,
    title,
    similarity,
    canonical,
    resources,
    sitemap,
  } = finding;
  if (type !== undefined) return [type, ...hops.slice(1).map(({ url }) => url), finalUrl].join(' → ');
  if (firstByteMs !== undefined) return `${Math.round(firstByteMs)} ms`;
  if (bytes !== undefined) return `${bytes} bytes`;
  if (title !== undefined) return title;
  if (similarity !== undefined) return `${similarity} % alike`;
  if (canonical !== undefined) return canonical;
  if (resources !== undefined) return resources.join(' ');
  if (sitemap !== undefined) return sitemap;
  return finalUrl && finalUrl !== finding.url ? `→ ${finalUrl}` : null;
}
