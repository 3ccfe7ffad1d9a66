// The site report for the terminal: a table of counts, then the first findings of each kind.
import { printable } from '../../src/printable.ts';
import {
  everyKind,
  type Finding,
  faultsOf,
  type Kind,
  kinds,
  type SiteReport,
} from '../../src/report/kinds.ts';
import { findingDetail } from '../../src/report/text-forms.ts';
import { columns } from '../terminal/columns.ts';
import { count, counted } from '../terminal/figures.ts';

/** FindingsByKind of a kind, and pages of a finding, that are shown. */
const MOST_SHOWN = 10;
const MOST_PAGES = 3;

/** `width`: of the terminal, in columns. */
export function* reportText(report: SiteReport, width: number): Generator<string> {
  const { crawl, state, records, pages, notes, findings } = report;
  const cut = (line: string) => `${short(printable(line), width)}\n`;
  yield cut(
    `Site report of crawl ${crawl} (${state}): ${counted(records, 'record')}, ${counted(pages, 'page')}`,
  );
  for (const note of notes) yield `  ${printable(note)}\n`;
  yield '\n';
  const rows = everyKind.map((kind) => [kinds[kind].title, figure(report, kind), kinds[kind].failOn]);
  yield columns(['finding', 'number', '--fail-on'], rows, 1);
  for (const kind of everyKind) {
    const list = findings[kind];
    if (list.length === 0) continue;
    yield `\n${kinds[kind].title}\n`;
    for (const finding of list.slice(0, MOST_SHOWN)) for (const line of linesOf(finding)) yield cut(line);
    if (list.length > MOST_SHOWN)
      yield `  … and ${count(list.length - MOST_SHOWN)} more: -o report.html shows all\n`;
  }
}

function figure(report: SiteReport, kind: Kind): string {
  if (report.cannotTell.includes(kind)) return 'not known';
  const faults = count(faultsOf(report, kind));
  return kind === 'external' ? `${faults} of ${count(report.findings.external.length)}` : faults;
}

function* linesOf(finding: Finding): Generator<string> {
  const { url, urls, status, code, from, fromLeftOut = 0 } = finding;
  const what = [status, code].filter(Boolean).join(' ');
  const detail = findingDetail(finding);
  if (url !== undefined) yield `  ${[what, url].filter(Boolean).join('  ')}`;
  if (detail !== null) yield `  ${url === undefined ? '' : '    '}${detail}`;
  const pages = urls ?? from ?? [];
  for (const page of pages.slice(0, MOST_PAGES)) yield `      ${urls ? '' : 'from '}${page}`;
  const more = pages.length + fromLeftOut - MOST_PAGES;
  if (more > 0) yield `      … and ${counted(more, 'more page')}`;
}

function short(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(1, width - 1))}…`;
}
