// Shows a failed call near the place where it was started: the message, the advice and the code.
import { fill, h } from './element.js';
import { visible } from './text.js';

/** A call that failed: the problem document of the answer, or `status` 0 when there was no answer. */
export class Problem extends Error {
  /**
   * @param {{title?: string, status?: number, detail?: string, code?: string, advice?: string,
   *   field?: string}} document
   */
  constructor(document) {
    super(document.detail || document.title || 'The call failed.');
    this.title = document.title ?? '';
    this.status = document.status ?? 0;
    this.code = document.code ?? '';
    this.advice = document.advice ?? '';
    this.field = document.field ?? '';
  }
}

/** Makes the box that shows an error. Screen readers read it out at once. */
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
        h('strong', {}, visible(isKnown ? error.message : `This page has a defect: ${error.message}`)),
      ),
      isKnown && error.advice && h('p', {}, visible(error.advice)),
      isKnown && error.code && h('p', { class: 'muted mono' }, error.code),
    ),
    onClose && h('button', { type: 'button', class: 'ghost', on: { click: onClose } }, 'Dismiss'),
  );
}

/** A place on the page that shows one problem at a time. */
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
      // The same problem is not read out twice.
      if (error?.name === 'AbortError' || error.message === shown) return;
      fill(node, problemBox(error, clear));
      shown = error.message;
    },
    clear,
  };
}
