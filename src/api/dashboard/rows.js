// Tables that change live. Rows keep their elements when their content changes, so focus, selection and open
// menus stay.
import { h } from './element.js';
import { visible } from './text.js';
import { meaningOf } from './views/terms.js';

/**
 * Makes a table that turns into cards on a narrow screen. The roles are set explicitly, because the layout of
 * cards would remove those of a table.
 * @param {{caption: string, columns: {label: string, isNumber?: boolean, isAction?: boolean, isData?:
 * boolean}[]}} options `isData`: the label comes from the web.
 */
export function createTable({ caption, columns }) {
  const body = h('tbody', { role: 'rowgroup' });
  const heads = columns.map(({ label, isNumber, isAction, isData }) =>
    h(
      'th',
      {
        role: 'columnheader',
        scope: 'col',
        class: isNumber ? 'number' : null,
        title: isData ? null : meaningOf(label),
      },
      isAction ? h('span', { class: 'hidden-text' }, label) : visible(label),
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
    return h('td', { role: 'cell', class: kind || null, 'data-label': visible(label) }, cell);
  });
  return h('tr', { role: 'row' }, ...children);
}

/**
 * Returns a function that makes the children of `parent` match a list of items: it makes new rows, updates
 * known ones, removes the rest.
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
    // An element that is moved loses the focus.
    if (parent.contains(focused) && document.activeElement !== focused)
      focused.focus({ preventScroll: true });
  };
}
