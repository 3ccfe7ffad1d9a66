// The phases of a request as a waterfall: each with its time, a bar at its place on the time axis, and its
// limit. One is drawn of the record, and one of a request that the reader sends now.
import { actionButton } from '../button.js';
import { fill, h } from '../element.js';
import { bytes, duration, visible } from '../text.js';

const labels = {
  dns: 'lookup',
  connect: 'connect',
  tls: 'TLS',
  send: 'send',
  firstByte: 'first byte',
  download: 'reading',
  total: 'total',
};

/** The record's waterfall if there is one, and the button that sends a request now. */
export function timingSection({ app, explanation, problems }) {
  const { waterfall, normalized, crawl } = explanation;
  const live = h('div', { class: 'stack', 'aria-live': 'polite' });
  const button = actionButton('Time it now', {
    problems,
    async run() {
      fill(live, h('p', { class: 'muted' }, 'Sending a request…'));
      try {
        const asked = { url: normalized, ...(crawl ? { crawl } : {}) };
        fill(live, ...timingParts(await app.api.post('/v1/explain/timing', asked)));
      } catch (error) {
        fill(live);
        throw error;
      }
    },
  });
  return h(
    'section',
    { class: 'card pad stack', 'aria-label': 'Timing' },
    h('h2', {}, 'Where the time goes'),
    waterfall && h('p', { class: 'muted' }, recordText(waterfall)),
    waterfall && waterfallParts(waterfall),
    // Whoever may only read may not send requests.
    app.canWrite() && [
      h(
        'p',
        { class: 'muted' },
        'A request sent now obeys robots.txt and the limits of the host. Nothing is stored.',
      ),
      h('div', { class: 'buttons' }, button),
    ],
    live,
  );
}

function recordText({ waited }) {
  const waits = [
    waited?.queueMs !== null && `${duration(waited?.queueMs)} in the queue`,
    waited?.slotMs !== null && `${duration(waited?.slotMs)} for its slot`,
  ].filter(Boolean);
  const before = waits.length > 0 ? ` Before that it waited ${waits.join(' and ')}.` : '';
  return `Its record: the last hop of the last attempt. How long sending took is not recorded.${before}`;
}

function timingParts({ refused, requests }) {
  const shown = requests.map((request) => [
    h('h3', {}, request.of === 'page' ? 'A request sent now' : 'Its robots.txt, which is asked for first'),
    waterfallParts(request, request.bytes),
  ]);
  // An error of robots.txt is in its own waterfall.
  const isTold = requests.at(-1)?.of === 'robots.txt';
  return [...shown, refused && !isTold && h('p', { class: 'wrap' }, 'Not sent: ', errorText(refused))];
}

/** One block for each hop, the error, and the limit that would fire first. */
function waterfallParts(waterfall, size = null) {
  const { hops, total, error } = waterfall;
  return [
    ...hops.map((hop, at) => {
      const isLast = at === hops.length - 1;
      const phases = isLast ? [...hop.phases, total] : hop.phases;
      return h(
        'figure',
        { class: 'waterfall' },
        h('figcaption', { class: 'wrap' }, hopText(hop, isLast ? size : null)),
        h(
          'table',
          {},
          h('thead', {}, headRow()),
          h('tbody', {}, ...phases.map((phase) => phaseRow(phase, waterfall, at))),
        ),
      );
    }),
    error && h('p', { class: 'wrap' }, errorText(error)),
    nearestText(waterfall),
  ];
}

function hopText({ url, status, address, connection, location }, size) {
  const facts = [
    status === null ? 'no answer' : `status ${status}`,
    location !== null && `to ${visible(location)}`,
    size !== null && bytes(size),
    connection && `${connection} connection${address === null ? '' : ` to ${visible(address)}`}`,
  ].filter(Boolean);
  return [h('span', { class: 'mono' }, visible(url)), h('span', { class: 'muted' }, ` ${facts.join(', ')}`)];
}

const headRow = () =>
  h(
    'tr',
    {},
    h('th', { scope: 'col' }, 'Phase'),
    h('th', { scope: 'col', class: 'number' }, 'Time'),
    h('th', { scope: 'col' }, 'When'),
    h('th', { scope: 'col' }, 'Used of limit'),
  );

function phaseRow(phase, { total, nearest }, hop) {
  const { ms, atMs, limitMs, option, percent, failed } = phase;
  const isNearest = nearest?.phase === phase.phase && (phase.phase === 'total' || nearest.hop === hop);
  const used = percent === null ? '' : `${percentText(percent)} of `;
  return h(
    'tr',
    { class: failed ? 'failed' : isNearest ? 'nearest' : '' },
    h('th', { scope: 'row' }, labels[phase.phase], failed && ' ✕', failed && hidden(' failed')),
    h('td', { class: 'number' }, ms === null ? '–' : timeText(ms)),
    h('td', { class: 'axis' }, ms !== null && atMs !== null && barOf(phase, total.ms)),
    h(
      'td',
      { class: 'limit' },
      limitMs === null ? 'no limit' : `${used}${timeText(limitMs)}`,
      option && h('span', { class: 'option mono' }, ` ${option}`),
    ),
  );
}

const hidden = (text) => h('span', { class: 'hidden-text' }, text);

function barOf({ phase, atMs, ms }, totalMs) {
  const bar = h('span', { class: `span phase-${phase.toLowerCase()}`, 'aria-hidden': 'true' });
  const scale = totalMs > 0 ? 100 / totalMs : 0;
  // The policy of this page forbids style attributes, but not this.
  bar.style.left = `${Math.min(99, atMs * scale)}%`;
  bar.style.width = `${Math.min(100 - Math.min(99, atMs * scale), ms * scale)}%`;
  return bar;
}

function errorText({ code, message, advice }) {
  return [h('span', { class: 'mono' }, code), ' ', visible(message), ' ', advice];
}

function nearestText({ nearest, hops }) {
  if (!nearest) return null;
  const { phase, percent, option, limitMs, longestPauseMs, hop } = nearest;
  const where = hops.length > 1 && phase !== 'total' ? ` of hop ${hop + 1}` : '';
  const limit = `${option} ${timeText(limitMs)}`;
  if (percent >= 100) return h('p', {}, `The limit that fired: ${limit} (${labels[phase]}${where}).`);
  const what =
    phase === 'download' && longestPauseMs !== null
      ? `the longest pause in reading${where}, ${timeText(longestPauseMs)},`
      : `${labels[phase]}${where}`;
  return h('p', {}, `First to fire would be ${limit}: ${what} used ${percentText(percent)} of it.`);
}

const percentText = (percent) =>
  percent < 0.1 ? '<0.1 %' : `${percent < 9.95 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;

/** Limits are given in seconds, however long they are. */
function timeText(ms) {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  return ms < 10_000 ? duration(ms) : `${Math.round(ms / 1000)} s`;
}
