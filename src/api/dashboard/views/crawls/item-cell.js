// One value of an item in a cell: short, on demand in full, and always as text.
import { h } from '../../element.js';
import { count, visible, webLink } from '../../text.js';

/** Characters that are shown at once, and when the cell is opened. The export has all. */
const AT_ONCE = 160;
const IN_FULL = 20_000;

export function itemCell(value) {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'string' && /^https?:\/\/\S{1,500}$/i.test(value)) return webLink(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= AT_ONCE) return h('span', { class: 'wrap' }, visible(text));
  const over = text.length - IN_FULL;
  return h(
    'details',
    { class: 'long-cell' },
    h('summary', { class: 'wrap' }, `${visible(text.slice(0, AT_ONCE))}…`),
    h(
      'div',
      { class: 'wrap' },
      visible(text.slice(0, IN_FULL)),
      over > 0 && ` … and ${count(over)} characters more: export the items to see them.`,
    ),
  );
}
