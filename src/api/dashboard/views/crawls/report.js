// The site report of one crawl: made when it is asked for, because it reads all records.
import { fill, h, setText } from '../../element.js';
import { createTable } from '../../rows.js';
import { bytes, count, duration, visible, webLink } from '../../text.js';

/** Findings of a kind, and pages of a finding, that are shown. */
const MOST = 25;
const SHORT = 3;
/** The kinds as the API names them. */
const titles = {
  ...{ brokenLinks: 'Broken links', redirects: 'Redirects', external: 'External links', slow: 'Slow pages' },
  ...{ heavy: 'Heavy pages', duplicateTitles: 'Duplicate titles', missingTitles: 'Missing titles' },
  ...{ duplicates: 'Duplicates', nearDuplicates: 'Near-duplicates', missingCanonical: 'Missing canonical' },
  ...{ brokenCanonical: 'Broken canonical', otherCanonical: 'Canonical elsewhere' },
  ...{ mixedContent: 'Mixed content', orphans: 'Orphans' },
};

export function reportPanel(app, crawl, { problems, signal }) {
  const path = `/v1/crawls/${encodeURIComponent(crawl)}/report`;
  const place = h('div', {}, h('p', { class: 'empty' }, 'The report reads all records of the crawl.'));
  const make = h('button', { type: 'button', class: 'ghost', on: { click: load } }, 'Make the report');

  async function load() {
    problems.clear();
    make.disabled = true;
    fill(place, h('p', { class: 'empty', role: 'status' }, 'Reading the records…'));
    try {
      const report = await app.api.get(`${path}?most=${MOST}`, signal);
      fill(place, ...shown(report));
      setText(make, 'Make it again');
      app.say('The report is there');
    } catch (error) {
      fill(place);
      problems.show(error);
    } finally {
      make.disabled = false;
    }
  }

  return h(
    'section',
    { class: 'card', 'aria-label': 'Site report' },
    h('div', { class: 'card-head' }, h('h2', { tabindex: -1 }, 'Site report'), make),
    place,
  );
}

function shown(report) {
  const { notes, cannotTell, faults, counts } = report;
  const kinds = Object.keys(titles);
  const figure = (kind) => (cannotTell.includes(kind) ? 'not known' : count(faults[kind]));
  return [
    ...notes.map((note) => h('p', { class: 'pad muted small' }, visible(note))),
    h(
      'dl',
      { class: 'figures pad' },
      ...kinds.map((kind) => h('div', {}, h('dt', {}, titles[kind]), h('dd', {}, figure(kind)))),
    ),
    ...kinds.filter((kind) => counts[kind] > 0).map((kind) => kindOf(kind, report)),
  ];
}

function kindOf(kind, report) {
  const list = report[kind];
  const hasFrom = list[0]?.from !== undefined;
  const columns = ['URL', 'Status', 'Detail', ...(hasFrom ? ['Linked from'] : [])];
  const table = createTable({ caption: titles[kind], columns: columns.map((label) => ({ label })) });
  for (const finding of list) table.body.append(table.row(cells(finding, hasFrom)));
  const more = report.counts[kind] - list.length;
  return h(
    'details',
    { class: 'pad' },
    h('summary', {}, `${titles[kind]}: ${count(report.counts[kind])}`),
    table.node,
    more > 0 && h('p', { class: 'muted small' }, `${count(more)} more: drover report`),
  );
}

function cells(finding, hasFrom) {
  const { url, urls, status, code, external, from, fromLeftOut = 0 } = finding;
  const ended = [status, code, external && 'external'].filter(Boolean).join(' ') || '–';
  const where = urls ? pages(urls, 0) : webLink(url);
  return [where, ended, detail(finding), ...(hasFrom ? [pages(from ?? [], fromLeftOut)] : [])];
}

function detail({ type, hops, finalUrl, firstByteMs, bytes: size, title, similarity, canonical, ...rest }) {
  const { resources, sitemap } = rest;
  if (type) return visible([type, ...hops.slice(1).map((hop) => hop.url), finalUrl].join(' → '));
  if (firstByteMs !== undefined) return duration(firstByteMs);
  if (size !== undefined) return bytes(size);
  if (similarity !== undefined) return `${similarity} % alike`;
  return visible(title ?? canonical ?? resources?.join(' ') ?? sitemap ?? '') || '–';
}

function pages(urls, more) {
  if (urls.length === 0) return '–';
  const items = urls.slice(0, SHORT).map((url) => h('div', {}, webLink(url)));
  const rest = urls.length - SHORT + more;
  return h('div', {}, ...items, rest > 0 && h('div', { class: 'muted small' }, `and ${count(rest)} more`));
}
