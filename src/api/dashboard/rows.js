// Tables that live: rows keep their elements from one picture to the next, and with them focus, selection and open menus.
import { h } from './element.js';

/**
 * A table that turns into cards on a narrow screen. Roles are spelled out because the cards' layout would take a table's away.
 * @param {{caption: string, columns: {label: string, isNumber?: boolean, isAction?: boolean}[]}} options
 */
export function createTable({ caption, columns }) {
  const body = h('tbody', { role: 'rowgroup' });
  const heads = columns.map(({ label, isNumber, isAction }) =>
    h(
      'th',
      { role: 'columnheader', scope: 'col', class: isNumber ? 'number' : null },
      isAction ? h('span', { class: 'hidden-text' }, label) : label,
    ),
  );
  const node = h(
    'table',
    { role: 'table', class: 'cards' },
    h('caption', { class: 'hidden-text' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
    body,
  );
  return { node, body, row: (cells) => rowOf(columns, cells) };
}

function rowOf(columns, cells) {
  const children = cells.map((cell, index) => {
    const { label, isNumber, isAction } = columns[index];
    const kind = [isNumber && 'number', isAction && 'actions'].filter(Boolean).join(' ');
    return h('td', { role: 'cell', class: kind || null, 'data-label': label }, cell);
  });
  return h('tr', { role: 'row' }, ...children);
}

/**
 * Keeps the children of `parent` in step with items: makes what is new, updates what stays, removes what is gone.
 * @param {any} parent
 * @param {(item: any) => string} keyOf
 * @param {(item: any) => {node: any, update: (item: any) => void}} make
 */
export function keepRows(parent, keyOf, make) {
  const rows = new Map();
  return (items) => {
    const wanted = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (wanted.has(key)) continue;
      row.node.remove();
      rows.delete(key);
    }
    const focused = document.activeElement;
    let place = parent.firstChild;
    for (const item of items) {
      const key = keyOf(item);
      const row = rows.get(key) ?? make(item);
      rows.set(key, row);
      row.update(item);
      if (row.node === place) place = place.nextSibling;
      else parent.insertBefore(row.node, place);
    }
    // To be moved takes the focus from an element.
    if (parent.contains(focused) && document.activeElement !== focused)
      focused.focus({ preventScroll: true });
  };
}
