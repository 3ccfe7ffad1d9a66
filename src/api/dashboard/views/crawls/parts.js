// Parts that every view of a crawl uses: its state and its progress.
import { h, setAttribute, setText } from '../../element.js';
import { count } from '../../text.js';

export function createState() {
  const node = h('span', { class: 'badge state' });
  return {
    node,
    update(state) {
      setText(node, state);
      setAttribute(node, 'data-state', state);
    },
  };
}

/** A bar with the requests that have ended, as shares of those accepted: recorded, refused, dead. */
export function createProgress(label) {
  const parts = ['recorded', 'refused', 'dead'].map((name) => ({
    name,
    bar: h('span', { class: `part ${name}` }),
  }));
  const bar = h(
    'div',
    { class: 'bar', role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100 },
    ...parts.map((part) => part.bar),
  );
  const text = h('span', { class: 'muted small' });
  const node = h('div', { class: 'progress' }, bar, text);
  return {
    node,
    /** @param {{recorded: number, refused: number, dead: number}} counts @param {number} [total] */
    update(counts, total = counts.accepted) {
      const ended = counts.recorded + counts.refused + counts.dead;
      for (const part of parts) part.bar.style.width = total ? `${(counts[part.name] / total) * 100}%` : '0';
      const share = total ? Math.floor((ended / total) * 100) : 0;
      setText(text, `${count(ended)} of ${count(total)} (${share}%)`);
      setAttribute(bar, 'aria-valuenow', share);
      setAttribute(
        bar,
        'aria-valuetext',
        `${count(ended)} of ${count(total)} ended, ${count(counts.dead)} dead`,
      );
    },
  };
}
