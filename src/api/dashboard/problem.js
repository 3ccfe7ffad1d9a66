// What went wrong, shown where it did: the answer's own words and what to do about it.
import { fill, h } from './element.js';
import { visible } from './text.js';

/** An answer that is an error, or none at all (`status` 0). */
export class Problem extends Error {
  /** @param {{title?: string, status?: number, detail?: string, code?: string, advice?: string, field?: string}} document */
  constructor(document) {
    super(document.detail || document.title || 'It did not work.');
    this.title = document.title ?? '';
    this.status = document.status ?? 0;
    this.code = document.code ?? '';
    this.advice = document.advice ?? '';
    this.field = document.field ?? '';
  }
}

/** The box for it. Read out at once. */
export function problemBox(error, onClose) {
  const isKnown = error instanceof Problem;
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h(
      'div',
      { class: 'problem-text' },
      h(
        'p',
        {},
        h('strong', {}, visible(isKnown ? error.message : `A defect of this page: ${error.message}`)),
      ),
      isKnown && error.advice && h('p', {}, visible(error.advice)),
      isKnown && error.code && h('p', { class: 'muted mono' }, error.code),
    ),
    onClose && h('button', { type: 'button', class: 'ghost', on: { click: onClose } }, 'Dismiss'),
  );
}

/** A place for one problem at a time. */
export function createProblemPlace() {
  const node = h('div', { class: 'problem-place' });
  let shown = '';
  const clear = () => {
    shown = '';
    fill(node);
  };
  return {
    node,
    show(error) {
      // The same again is not read out again.
      if (error?.name === 'AbortError' || error.message === shown) return;
      fill(node, problemBox(error, clear));
      shown = error.message;
    },
    clear,
  };
}
