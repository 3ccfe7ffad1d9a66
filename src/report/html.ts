// The report as one HTML page without scripts: it loads nothing, and all that comes from the site is text.
import { printable } from '../printable.ts';
import { everyKind, type Finding, faultsOf, type Kind, kinds, type SiteReport } from './kinds.ts';
import { findingDetail } from './text-forms.ts';

const style = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--muted:light-dark(#555,#aaa);--bad:light-dark(#a3211b,#ff9b94);--good:light-dark(#14682f,#7fd498)}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:24px 16px;background:light-dark(#fff,#16181c);color:light-dark(#1b1d21,#e6e7ea)}
h1{font-size:24px;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:18px;margin:0;display:inline}
p{margin:4px 0 12px}a{color:light-dark(#0b57b0,#8ab8ff)}
.muted,dt{color:var(--muted)}.url,td{overflow-wrap:anywhere}
nav{display:grid;grid-template-columns:repeat(auto-fill,minmax(165px,1fr));gap:8px;margin:16px 0;padding:0}
nav a{display:block;padding:8px 12px;border:1px solid var(--line);border-radius:8px;text-decoration:none;color:inherit}
nav b{display:block;font-size:22px;font-variant-numeric:tabular-nums}nav .bad b{color:var(--bad)}nav .none b{color:var(--good)}
section{margin:28px 0;scroll-margin-top:12px}
table{width:100%;border-collapse:collapse;table-layout:fixed}
th{text-align:left;font-weight:600;color:var(--muted)}th,td{padding:7px 8px;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:nth-child(even){background:var(--soft)}th.what{width:172px}th.from{width:36%}
ul{margin:0;padding-left:18px}details ul{margin-top:4px}summary{cursor:pointer}
@media(max-width:640px){thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}table,tbody,tr,td{display:block;width:100%}td{border:0;padding:3px 8px}tr{border-bottom:1px solid var(--line);padding:6px 0}td:empty{display:none}td.from::before{content:'linked from';color:var(--muted)}}
`;

/** Lists up to this length are open. */
const SHORT = 3;

/** Yields the page in pieces. */
export function* reportAsHtml(report: SiteReport): Generator<string> {
  const { crawl, state, generatedAt, records, pages, thresholds, notes } = report;
  const { slowMs, heavyBytes, similar } = thresholds;
  yield `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`;
  yield `<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">`;
  yield `<meta name="referrer" content="no-referrer"><title>Site report of ${text(crawl)}</title><style>${style}</style></head>\n<body>`;
  yield `<header><h1>Site report of ${text(crawl)}</h1><p class="muted">The crawl is ${text(state)} · ${records} records, ${pages} pages · made ${text(generatedAt)}<br>slow: from ${slowMs} ms to the first byte · heavy: from ${heavyBytes} bytes · alike: from ${similar} %</p>`;
  if (notes.length > 0) yield `<ul>${notes.map((note) => `<li>${text(note)}</li>`).join('')}</ul>`;
  yield `</header>\n<nav aria-label="Findings">${everyKind.map((kind) => tile(report, kind)).join('')}</nav>\n<main>`;
  for (const kind of everyKind) yield* sectionOf(report, kind);
  yield '</main></body></html>\n';
}

function tile(report: SiteReport, kind: Kind): string {
  const unknown = report.cannotTell.includes(kind);
  const faults = faultsOf(report, kind);
  const tone = unknown ? '' : faults === 0 ? 'none' : kind === 'otherCanonical' ? '' : 'bad';
  return `<a class="${tone}" href="#${kinds[kind].failOn}"><b>${unknown ? 'not known' : faults}</b>${text(kinds[kind].title)}</a>`;
}

function* sectionOf({ findings, cannotTell }: SiteReport, kind: Kind): Generator<string> {
  const { failOn, title, tells } = kinds[kind];
  const list = findings[kind];
  yield `\n<section id="${failOn}"><h2>${text(title)}</h2> <span class="muted">${list.length}</span><p class="muted">${text(tells)}</p>`;
  if (list.length === 0) yield `<p>${cannotTell.includes(kind) ? 'Not known.' : 'None.'}</p>`;
  else {
    const hasFrom = list[0]?.from !== undefined;
    yield `<table><thead><tr><th>URL</th><th class="what">Status</th><th>Detail</th>${hasFrom ? '<th class="from">Linked from</th>' : ''}</tr></thead><tbody>\n`;
    for (const finding of list) yield rowOf(finding, hasFrom);
    yield '</tbody></table>';
  }
  yield '</section>';
}

function rowOf(finding: Finding, hasFrom: boolean): string {
  const { url, urls, status, code, from = [], fromLeftOut = 0 } = finding;
  const what = [status, code, finding.external ? 'external' : null].filter(Boolean).map(String).map(text);
  const where = urls ? listOf(urls, 'pages', 0) : link(url ?? '');
  const pages = hasFrom ? `<td class="from">${listOf(from, 'pages', fromLeftOut)}</td>` : '';
  return `<tr><td>${where}</td><td>${what.join(' ')}</td><td>${text(findingDetail(finding) ?? '')}</td>${pages}</tr>\n`;
}

function listOf(urls: readonly string[], word: string, more: number): string {
  const items = urls.map((url) => `<li>${link(url)}</li>`).join('');
  const rest = more > 0 ? `<li>and ${more} more</li>` : '';
  if (urls.length === 0) return '';
  if (urls.length <= SHORT) return `<ul>${items}${rest}</ul>`;
  return `<details><summary>${urls.length + more} ${word}, ${text(urls[0] ?? '')} …</summary><ul>${items}${rest}</ul></details>`;
}

/** Only http and https become links. */
function link(url: string): string {
  return /^https?:\/\//i.test(url)
    ? `<a rel="noreferrer noopener" href="${text(url)}">${text(url)}</a>`
    : text(url);
}

const references: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

/** As text of the page or of an attribute; characters that would be hidden or obeyed are shown as escapes. */
function text(value: string): string {
  return printable(value).replace(/[&<>"']/g, (character) => references[character] ?? '');
}
